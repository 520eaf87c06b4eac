import type { Canary } from "../../server/apps/schema";
import type { SlotTraffic } from "../ports";

/** What came between two counts. A count that fell (the edge was restarted) begins anew. */
export function between(before: SlotTraffic, after: SlotTraffic): SlotTraffic {
  if (after.answers < before.answers) return after;
  const earlier = new Map(before.buckets);
  return {
    answers: after.answers - before.answers,
    errors: Math.max(0, after.errors - before.errors),
    buckets: after.buckets.map(([upTo, count]) => [upTo, count - (earlier.get(upTo) ?? 0)]),
  };
}

/**
 * A quantile of answer times in seconds, by linear interpolation inside the bucket it falls into; the last finite bound for what lies
 * beyond it; null without an answer. Source: Prometheus, `histogram_quantile`.
 */
export function quantileS({ buckets }: SlotTraffic, q: number): number | null {
  const total = buckets.at(-1)?.[1] ?? 0;
  if (total === 0) return null;
  const rank = q * total;
  let [lower, below] = [0, 0];
  for (const [upTo, count] of buckets) {
    if (count >= rank) {
      if (!Number.isFinite(upTo)) return lower;
      return count === below ? upTo : lower + ((upTo - lower) * (rank - below)) / (count - below);
    }
    [lower, below] = [Number.isFinite(upTo) ? upTo : lower, count];
  }
  return lower;
}

const percent = (part: number, whole: number) => (whole === 0 ? 0 : (100 * part) / whole);
const SLOW_S = 0.05;

/**
 * What is wrong with a new release, compared with the old one over the same time; null while nothing is, or too little is known. The
 * old release's own errors are not held against the new one; differences below 50 ms are no slowness.
 */
export function complaint(settings: Pick<Canary, "maxErrorPercent" | "maxSlowdown" | "minRequests">, fresh: SlotTraffic, old: SlotTraffic): string | null {
  if (fresh.answers < settings.minRequests) return null;
  const [mine, theirs] = [percent(fresh.errors, fresh.answers), percent(old.errors, old.answers)];
  if (mine > settings.maxErrorPercent && mine > theirs + settings.maxErrorPercent / 2)
    return `${fresh.errors} of ${fresh.answers} answers were errors (${mine.toFixed(1)} %; the old release: ${theirs.toFixed(1)} %; allowed: ${settings.maxErrorPercent} %)`;
  const [slow, usual] = [quantileS(fresh, 0.95), quantileS(old, 0.95)];
  if (slow !== null && usual !== null && old.answers >= settings.minRequests && slow > usual * settings.maxSlowdown && slow - usual > SLOW_S)
    return `95 % of its answers took up to ${(slow * 1000).toFixed(0)} ms, of the old release's ${(usual * 1000).toFixed(0)} ms (allowed: ${settings.maxSlowdown} times as long)`;
  return null;
}
