import { NEEDED } from "./constants";

/** Numbers for the metrics, each a pure function of its samples. Source: value-streams.md, Statistics, and what each names. */

/** A quantile by linear interpolation between the two nearest ranks, as PostgreSQL's `percentile_cont`; null without a value. */
export function percentileCont(values: readonly number[], q: number): number | null {
  return percentileOfSorted(
    [...values].sort((a, b) => a - b),
    q,
  );
}

export function percentileOfSorted(sorted: ArrayLike<number>, q: number): number | null {
  if (sorted.length === 0) return null;
  const at = (sorted.length - 1) * q;
  const low = sorted[Math.floor(at)] as number;
  const high = sorted[Math.ceil(at)] as number;
  return low + (high - low) * (at - Math.floor(at));
}

/** The smallest value whose rank reaches the share, as PostgreSQL's `percentile_disc`; null without a value. */
export function percentileDisc(values: readonly number[], q: number): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? null;
}

/** p50 and p90 in the values' unit; null below the n that each needs, never 0. */
export function quantiles(values: readonly number[]): { p50: number | null; p90: number | null } {
  return {
    p50: values.length >= NEEDED.p50 ? percentileCont(values, 0.5) : null,
    p90: values.length >= NEEDED.p90 ? percentileCont(values, 0.9) : null,
  };
}

const Z95 = 1.959963984540054;

/** The 95 % interval of a share, after Wilson (1927); null without a trial. */
export function wilson(hits: number, trials: number): [number, number] | null {
  if (trials === 0) return null;
  const p = hits / trials;
  const z2 = Z95 * Z95;
  const middle = p + z2 / (2 * trials);
  const spread = Z95 * Math.sqrt((p * (1 - p)) / trials + z2 / (4 * trials * trials));
  const whole = 1 + z2 / trials;
  return [hits === 0 ? 0 : (middle - spread) / whole, hits === trials ? 1 : (middle + spread) / whole];
}

function logFactorials(n: number): number[] {
  const list = [0];
  for (let k = 1; k <= n; k++) list.push((list[k - 1] as number) + Math.log(k));
  return list;
}

/** Fisher's exact test, two-sided: the chance of a 2×2 table as unlikely as this one or more so. Rows are [hits, misses]. */
export function fisherExact([[a, b], [c, d]]: [[number, number], [number, number]]): number {
  const logs = logFactorials(a + b + c + d);
  const log = (n: number) => logs[n] as number;
  const fixed = log(a + b) + log(c + d) + log(a + c) + log(b + d) - log(a + b + c + d);
  const chance = (x: number) => Math.exp(fixed - log(x) - log(a + b - x) - log(a + c - x) - log(d - a + x));
  const own = chance(a);
  let sum = 0;
  for (let x = Math.max(0, a - d); x <= Math.min(a + b, a + c); x++) {
    const one = chance(x);
    if (one <= own * (1 + 1e-9)) sum += one;
  }
  return Math.min(1, sum);
}

/** Mann–Whitney U, two-sided, by the normal approximation with ties and continuity corrected. Meant for 20 values a side and more. */
export function mannWhitney(left: readonly number[], right: readonly number[]): number {
  const all = [...left.map((value) => ({ value, side: 0 })), ...right.map((value) => ({ value, side: 1 }))].sort((a, b) => a.value - b.value);
  const n = all.length;
  let rankSum = 0;
  let ties = 0;
  for (let from = 0; from < n; ) {
    let to = from;
    while (to < n && all[to]?.value === all[from]?.value) to++;
    const rank = (from + 1 + to) / 2;
    for (let k = from; k < to; k++) if (all[k]?.side === 0) rankSum += rank;
    ties += (to - from) ** 3 - (to - from);
    from = to;
  }
  const [n1, n2] = [left.length, right.length];
  const u = rankSum - (n1 * (n1 + 1)) / 2;
  const mean = (n1 * n2) / 2;
  const deviation = Math.sqrt(((n1 * n2) / 12) * (n + 1 - ties / (n * (n - 1))));
  if (!(deviation > 0)) return 1;
  const z = Math.max(0, Math.abs(u - mean) - 0.5) / deviation;
  return Math.min(1, 2 * (1 - normalCdf(z)));
}

/** Abramowitz & Stegun 7.1.26, error below 1.5e-7. */
function normalCdf(z: number): number {
  const t = 1 / (1 + 0.3275911 * (z / Math.SQRT2));
  const series = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
  return 1 - 0.5 * series * Math.exp((-z * z) / 2);
}

export type XmrLimits = { mean: number; meanRange: number; upper: number; lower: number; rangeUpper: number };

/** Limits of an individuals chart: mean ± 2.66·mR̄, upper range limit 3.268·mR̄ (Wheeler). Null below six points. */
export function xmrLimits(baseline: readonly number[]): XmrLimits | null {
  if (baseline.length < 6) return null;
  const mean = baseline.reduce((sum, value) => sum + value, 0) / baseline.length;
  const ranges = baseline.slice(1).map((value, at) => Math.abs(value - (baseline[at] as number)));
  const meanRange = ranges.reduce((sum, value) => sum + value, 0) / ranges.length;
  return { mean, meanRange, upper: mean + 2.66 * meanRange, lower: mean - 2.66 * meanRange, rangeUpper: 3.268 * meanRange };
}

/** Which points are signals: outside the limits, or the eighth and later of a run on one side of the mean. */
export function xmrSignals(points: readonly number[], { mean, upper, lower }: XmrLimits): boolean[] {
  let side = 0;
  let run = 0;
  return points.map((value) => {
    const now = Math.sign(value - mean);
    run = now !== 0 && now === side ? run + 1 : now === 0 ? 0 : 1;
    side = now;
    return value > upper || value < lower || run >= 8;
  });
}

export type Ratio = { total: number; errors: number };
/** How many times faster than allowed the error budget is spent; null without a request. */
export const burnRate = ({ total, errors }: Ratio, slo: number): number | null => (total === 0 ? null : errors / total / (1 - slo));
/** Google SRE workbook, "Alerting on SLOs": both windows must exceed. */
export const BURN_ALERTS = [
  { kind: "page", factor: 14.4, long: "1h", short: "5m" },
  { kind: "page", factor: 6, long: "6h", short: "30m" },
  { kind: "ticket", factor: 1, long: "3d", short: "6h" },
] as const;
export const burns = (long: number | null, short: number | null, factor: number): boolean => long !== null && short !== null && long > factor && short > factor;

export type QuickCheckInput = { leadTime: number; frequency: number; recovery: number; changeFailPercent: number; reworkPercent: number };
/** DORA's quick check: levels 1–6 become (level − 1) × 2, percentages 10 − pct/10. Throughput: lead time, frequency, recovery; stability: the rest. */
export function quickCheck({ leadTime, frequency, recovery, changeFailPercent, reworkPercent }: QuickCheckInput) {
  const level = (value: number) => (value - 1) * 2;
  const share = (value: number) => 10 - value / 10;
  const scores = [level(leadTime), level(frequency), level(recovery), share(changeFailPercent), share(reworkPercent)] as const;
  const mean = (list: readonly number[]) => list.reduce((sum, value) => sum + value, 0) / list.length;
  return { scores, overall: mean(scores), throughput: mean(scores.slice(0, 3)), stability: mean(scores.slice(3)) };
}

/** Kaplan–Meier median of times that may be censored (`happened` false): the first time at which at most half are left; null when never. */
export function kaplanMeierMedian(times: readonly { time: number; happened: boolean }[]): number | null {
  const sorted = [...times].sort((a, b) => a.time - b.time);
  let left = 1;
  for (let from = 0; from < sorted.length; ) {
    const time = sorted[from]?.time as number;
    let to = from;
    let events = 0;
    while (to < sorted.length && sorted[to]?.time === time) {
      if (sorted[to]?.happened) events++;
      to++;
    }
    left *= 1 - events / (sorted.length - from);
    if (events > 0 && left <= 0.5 + 1e-12) return time;
    from = to;
  }
  return null;
}
