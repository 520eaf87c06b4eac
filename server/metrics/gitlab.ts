import { DateTime } from "luxon";
import type { TeamContext } from "../context";
import { AppError } from "../errors";
import { readInstant, type Window } from "./calendar";
import { type Dora, doraOf } from "./dora";
import { findScope } from "./load";
import { loadKnown } from "./load-known";
import { percentileCont } from "./statistics";

export const GITLAB_METRICS = ["deployment_frequency", "lead_time_for_changes", "time_to_restore_service", "change_failure_rate"] as const;
type Metric = (typeof GITLAB_METRICS)[number];
const INTERVALS = ["all", "daily", "monthly"] as const;
type Interval = (typeof INTERVALS)[number];
const DAYS_BEFORE = 90;

/** One number of a period; null where it is not known, but a count of none is 0. */
const VALUE: Record<Metric, (result: Dora) => number | null> = {
  deployment_frequency: (result) => result.deploymentFrequency.n,
  lead_time_for_changes: (result) =>
    percentileCont(
      result.leadTime.samples.map((sample) => sample.value),
      0.5,
    ),
  time_to_restore_service: (result) =>
    percentileCont(
      result.recoveryTime.samples.map((sample) => sample.value),
      0.5,
    ),
  change_failure_rate: (result) => result.changeFailRate.value,
};

const oneOf = <T extends string>(list: readonly T[], value: string | undefined, name: string): T => {
  const found = list.find((one) => one === value);
  if (found) return found;
  throw new AppError("bad_request", { what: `${name} is not ${value === undefined ? "given" : value.slice(0, 60)}.`, fix: `Use one of ${list.join(", ")}.` });
};

/**
 * DORA's metrics in the form of GitLab's API: `[{ date, value }]`, both dates inclusive, in UTC; times in seconds.
 * Source: GitLab documentation, "DevOps Research and Assessment (DORA) key metrics API".
 * @param place project, or `project/app` @throws AppError `bad_request` `not_found`
 */
export async function gitlabMetrics(
  ctx: TeamContext,
  place: string,
  query: { metric?: string | undefined; start_date?: string | undefined; end_date?: string | undefined; interval?: string | undefined },
): Promise<{ date: string | null; value: number | null }[]> {
  const metric = oneOf(GITLAB_METRICS, query.metric, "metric");
  const interval = oneOf(INTERVALS, query.interval ?? "daily", "interval");
  const asOf = ctx.now();
  const end = dateOf(query.end_date, "end_date") ?? DateTime.fromMillis(asOf / 1000, { zone: "UTC" }).startOf("day");
  const start = dateOf(query.start_date, "start_date") ?? end.minus({ days: DAYS_BEFORE });
  if (start > end) throw new AppError("bad_request", { what: "start_date is after end_date." });
  const [project, app] = place.split("/");
  const whole = windowOf(start, end.plus({ days: 1 }));
  const { live, facts } = await loadKnown(ctx, await findScope(ctx, { project, app }), whole, asOf);
  return periods(start, end, interval).map(({ date, from, to }) => ({ date, value: VALUE[metric](doraOf(live, facts, windowOf(from, to), asOf)) }));
}

function dateOf(text: string | undefined, name: string): DateTime | null {
  return text === undefined ? null : DateTime.fromMillis(readInstant(text, "UTC", name) / 1000, { zone: "UTC" }).startOf("day");
}

const windowOf = (from: DateTime, to: DateTime): Window => ({ from: from.toMillis() * 1000, to: to.toMillis() * 1000, tz: "UTC" });

/** @param end the last day, which belongs to it */
function periods(start: DateTime, end: DateTime, interval: Interval): { date: string | null; from: DateTime; to: DateTime }[] {
  const last = end.plus({ days: 1 });
  if (interval === "all") return [{ date: null, from: start, to: last }];
  const list: { date: string | null; from: DateTime; to: DateTime }[] = [];
  for (let from = start; from < last; ) {
    const next = interval === "daily" ? from.plus({ days: 1 }) : from.startOf("month").plus({ months: 1 });
    const to = DateTime.min(next, last);
    list.push({ date: (interval === "daily" ? from : from.startOf("month")).toISODate(), from, to });
    from = to;
  }
  return list;
}
