import type { Micros } from "../../db/schema/columns";
import type { MetricKey } from "./constants";
import type { Dora, Left } from "./dora";
import type { Facts } from "./facts";

/** One line behind a figure. `value` is seconds, or 1 and 0 of a rate; null where it was not counted, and then `reason` says why. */
export type DrillRow = { deployment: string; commit: string | null; value: number | null; reason: Left["reason"] | null };

type Placed = { deployment: string; commit?: string };

/**
 * Every deployment, or commit of one, that was looked at for a metric: those counted first, times from short to long, failures
 * before the rest. Its counted rows are the metric's n; their values' sum is a rate's numerator; the others are its exclusions.
 */
export function drillRows(result: Dora, metric: MetricKey, facts: Pick<Facts, "deployments">): DrillRow[] {
  const { samples, left } = result[metric];
  const at = new Map(facts.deployments.map((one) => [one.id, cohortOf(one) ?? 0]));
  const isTimes = metric === "leadTime" || metric === "recoveryTime";
  const wanted = metric === "successRate" ? 0 : 1;
  const later = (a: Placed, b: Placed) =>
    (at.get(b.deployment) ?? 0) - (at.get(a.deployment) ?? 0) || (`${a.deployment} ${a.commit}` < `${b.deployment} ${b.commit}` ? -1 : 1);
  const counted = [...samples].sort((a, b) => {
    if (isTimes) return a.value - b.value || later(a, b);
    if (a.value !== b.value) return a.value === wanted ? -1 : 1;
    return later(a, b);
  });
  return [
    ...counted.map(({ deployment, commit, value }) => ({ deployment, commit: commit ?? null, value, reason: null })),
    ...[...left]
      .sort((a, b) => (a.reason < b.reason ? -1 : a.reason > b.reason ? 1 : later(a, b)))
      .map(({ deployment, commit, reason }) => ({
        deployment,
        commit: commit ?? null,
        value: null,
        reason,
      })),
  ];
}

/** When a deployment counts: when it went live; for attempts, when they ended. */
export const cohortOf = (one: { liveAt: Micros | null; finishedAt: Micros | null }, metric?: MetricKey): Micros | null =>
  metric === "successRate" ? (one.finishedAt ?? one.liveAt) : (one.liveAt ?? one.finishedAt);
