/** How far back a page of utilisation looks: the query of its address. */
export const PERIODS = [
  { value: "1h", label: "1 hour", seconds: 3600 },
  { value: "6h", label: "6 hours", seconds: 6 * 3600 },
  { value: "24h", label: "24 hours", seconds: 86_400 },
  { value: "7d", label: "7 days", seconds: 7 * 86_400 },
  { value: "30d", label: "30 days", seconds: 30 * 86_400 },
  { value: "400d", label: "400 days", seconds: 400 * 86_400 },
] as const;
export type Period = (typeof PERIODS)[number]["value"];
export const DEFAULT_PERIOD: Period = "6h";

const DAY = /^\d{4}-\d\d-\d\d$/;

/** Days from and to, both meant with their whole day in UTC, go before a period. */
export type UsageFilters = { period: Period | "dates"; from: string; to: string };

export function readUsageFilters(params: URLSearchParams): UsageFilters {
  const day = (name: string) => (DAY.test(params.get(name) ?? "") ? (params.get(name) ?? "") : "");
  const asked = params.get("period");
  const known = PERIODS.find((one) => one.value === asked)?.value;
  const isDates = known === undefined && day("from") !== "";
  return { period: isDates ? "dates" : (known ?? DEFAULT_PERIOD), from: isDates ? day("from") : "", to: isDates ? day("to") : "" };
}

/** The window of the filters. @param now milliseconds since the epoch */
export function windowOf({ period, from, to }: UsageFilters, now: number): { from: string; to?: string } {
  if (period !== "dates") {
    const seconds = PERIODS.find((one) => one.value === period)?.seconds ?? 0;
    return { from: new Date(now - seconds * 1000).toISOString() };
  }
  if (to === "") return { from };
  const end = Date.parse(`${to}T00:00:00Z`) + 86_400_000;
  return { from, ...(end < now ? { to: new Date(end).toISOString() } : {}) };
}
