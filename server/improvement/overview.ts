import type { TeamContext } from "../context";
import { localDate, readWindow } from "../metrics/calendar";
import { METRIC_KEYS } from "../metrics/constants";
import { findScope, loadFacts } from "../metrics/load";
import { periodsOf, report } from "../metrics/report";
import { type TargetUnit, targetMetric } from "./constants";
import { targetsFor } from "./targets";

const DAYS = 28;
const DAY_MICROS = 86_400_000_000;

/** DORA of the whole team over the last 28 days, as the first page shows it. */
export async function readOverview(ctx: TeamContext) {
  const asOf = ctx.now();
  const periods = periodsOf(readWindow({ from: localDate(asOf - (DAYS - 1) * DAY_MICROS, "UTC") }, asOf), asOf);
  const facts = await loadFacts(ctx, await findScope(ctx, {}), { ...periods.now, from: periods.before.from }, asOf);
  const { now, before, changes, places, trend } = report(facts, periods, asOf);
  const own = await targetsFor(ctx, {});
  const targets: Partial<Record<string, { value: number; unit: TargetUnit }>> = {};
  for (const key of METRIC_KEYS) {
    const value = own(key);
    if (value !== null) targets[key] = { value, unit: targetMetric(key).unit };
  }
  return { deployments: facts.deployments.length, now, before, changes, places, trend, targets };
}
