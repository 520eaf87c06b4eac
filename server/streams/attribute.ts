import type { Micros } from "../../db/schema/columns";
import { type StepClass, UNATTRIBUTED } from "./definitions";

export type TimedSpan = { step: string; class: StepClass; startedAt: Micros; finishedAt: Micros };
export type Slice = { step: string; class: StepClass; startedAt: Micros; finishedAt: Micros };

const RANK: Record<StepClass, number> = { va: 0, nnva: 1, wait: 2 };

/**
 * Cuts [from, to) into slices of which each belongs to exactly one span: where spans overlap, value-adding
 * before necessary before wait, among equals the one that began first; what no span covers is wait under
 * `unattributed`. The slices' lengths therefore add up to `to - from` exactly (spec: value-streams.md, The ledger).
 */
export function attribute(spans: readonly TimedSpan[], from: Micros, to: Micros): Slice[] {
  const inside = spans
    .map((span) => ({ ...span, startedAt: Math.max(span.startedAt, from), finishedAt: Math.min(span.finishedAt, to) }))
    .filter((span) => span.startedAt < span.finishedAt);
  const cuts = [...new Set([from, to, ...inside.flatMap((span) => [span.startedAt, span.finishedAt])])].sort((a, b) => a - b);

  const slices: Slice[] = [];
  for (let i = 0; i + 1 < cuts.length; i++) {
    const startedAt = cuts[i] as Micros;
    const finishedAt = cuts[i + 1] as Micros;
    const owner = inside
      .filter((span) => span.startedAt <= startedAt && span.finishedAt >= finishedAt)
      .sort((a, b) => RANK[a.class] - RANK[b.class] || a.startedAt - b.startedAt)[0];
    const step = owner?.step ?? UNATTRIBUTED;
    const cls = owner?.class ?? "wait";
    const last = slices.at(-1);
    if (last && last.step === step && last.class === cls) last.finishedAt = finishedAt;
    else slices.push({ step, class: cls, startedAt, finishedAt });
  }
  return slices;
}

/** Sums of the slices by class, in integer microseconds. */
export function totalsOf(slices: readonly Slice[]): { va: Micros; nnva: Micros; wait: Micros; lead: Micros } {
  const totals = { va: 0, nnva: 0, wait: 0, lead: 0 };
  for (const slice of slices) {
    const length = slice.finishedAt - slice.startedAt;
    totals[slice.class] += length;
    totals.lead += length;
  }
  return totals;
}

/** Length of the union of intervals: overlapping children count once. */
export function unionLength(intervals: readonly { startedAt: Micros; finishedAt: Micros }[]): Micros {
  let end = Number.NEGATIVE_INFINITY;
  let length = 0;
  for (const interval of [...intervals].sort((a, b) => a.startedAt - b.startedAt)) {
    length += Math.max(0, interval.finishedAt - Math.max(end, interval.startedAt));
    end = Math.max(end, interval.finishedAt);
  }
  return length;
}
