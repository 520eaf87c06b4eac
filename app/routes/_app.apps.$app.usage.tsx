import type { LinksFunction, LoaderFunctionArgs } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import { Unwell } from "~/components/ui/unwell";
import { AppSize } from "~/components/usage/app-size";
import { NothingSeen, NotRun, Seen } from "~/components/usage/seen";
import { UsageCharts } from "~/components/usage/usage-charts";
import { UsageForm } from "~/components/usage/usage-form";
import { useUsageEvents } from "~/lib/live";
import { load } from "~/lib/trpc.server";
import { readUsage } from "~/lib/usage.server";
import { cores, memory } from "../../server/usage/notation";
import type { AppUse } from "../../server/usage/schema";
import metricStyles from "../styles/metric.css";
import streamStyles from "../styles/streams.css";
import styles from "../styles/usage.css";

export const links: LinksFunction = () => [streamStyles, metricStyles, styles].map((href) => ({ rel: "stylesheet", href }));
export { Unwell as ErrorBoundary };

export const loader = (args: LoaderFunctionArgs) => load(args, (api) => readUsage(api, args.request, { app: args.params.app ?? "" }));

export default function AppUsage() {
  const { filters, report, csv } = useLoaderData<typeof loader>();
  useUsageEvents(report.step);
  const [one] = report.apps;
  const isSeen = report.points.some((point) => point.cpu !== null);
  return (
    <div className="usage">
      <UsageForm action={`/apps/${report.of.id}/usage`} filters={filters} />
      <p className="meta usage-seen">
        <Seen report={report} />
      </p>
      {report.sampledAt === null && !isSeen ? <NothingSeen of="app" /> : null}
      {isSeen && one ? <UsageCharts report={report} given={givenOf(one)} csv={csv.points} /> : null}
      {!isSeen && report.sampledAt !== null ? <p className="note">Nobody looked in this time. Choose a later one.</p> : null}
      {one ? <AppSize one={one} /> : isSeen ? <NotRun app={report.of.id} /> : null}
    </div>
  );
}

/** Lines across the charts: what it may have. */
function givenOf(one: AppUse) {
  const line = (at: number | null, word: string, say: (value: number) => string) => (at === null ? [] : [{ at, label: `${word} ${say(at)}` }]);
  return {
    cpu: [...line(one.cpu.limit, "allowed", cores), ...line(one.cpu.reserved, "reserved", cores)],
    memory: [...line(one.memory.limit, "allowed", memory), ...line(one.memory.reserved, "reserved", memory)],
  };
}
