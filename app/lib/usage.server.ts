import { readUsageFilters, windowOf } from "~/components/usage/periods";
import { apiQuery } from "./streams.server";
import type { Api } from "./trpc.server";

/** What a page of utilisation shows: the answer for the period of its address, and where its tables are as CSV. */
export async function readUsage(api: Api, request: Request, of: { app?: string; project?: string; node?: string }) {
  const filters = readUsageFilters(new URL(request.url).searchParams);
  const window = windowOf(filters, Date.now());
  const report = await api.usage.read({ ...of, ...window });
  const csv = (table: "points" | "apps") => `/api/v1/usage?${apiQuery({ ...of, ...window, step: String(report.step), table, format: "csv" })}`;
  const query = filters.period === "dates" ? apiQuery({ period: "dates", from: filters.from, to: filters.to }) : apiQuery({ period: filters.period });
  return { filters, report, csv: { points: csv("points"), apps: csv("apps") }, query: `?${query}` };
}
