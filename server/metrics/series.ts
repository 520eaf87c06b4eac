import type { Micros } from "../../db/schema/columns";
import { type Grain, localDate, localDates, piecesOf, type Window, weeksBefore, weeksOf } from "./calendar";
import type { MetricKey } from "./constants";
import type { Dora, Sample } from "./dora";
import { cohortOf } from "./drill";
import type { DeploymentFact } from "./facts";
import { quantiles, wilson, xmrLimits, xmrSignals } from "./statistics";

/** One metric of one stretch of time. `value` is a median in seconds, a share, or deployments a day; null where n does not allow it. */
export type Point = {
  from: Micros;
  to: Micros;
  date: string;
  n: number;
  value: number | null;
  p90: number | null;
  numerator: number | null;
  interval: [number, number] | null;
  /** False where the window, or now, cuts the stretch short. */
  isWhole: boolean;
};
export type TimedSample = Sample & { at: Micros };

/** Samples with the instant by which they belong to a stretch, in order. */
export function timedSamples(result: Dora, metric: MetricKey, deployments: readonly DeploymentFact[]): TimedSample[] {
  const at = new Map(deployments.map((one) => [one.id, cohortOf(one, metric)]));
  return result[metric].samples
    .flatMap((sample) => {
      const when = at.get(sample.deployment);
      return when === null || when === undefined ? [] : [{ ...sample, at: when }];
    })
    .sort((a, b) => a.at - b.at);
}

const isTimes = (metric: MetricKey): boolean => metric === "leadTime" || metric === "recoveryTime";

/** A metric of one stretch, out of the samples of a longer one: the same as computing it for that stretch alone. */
export function pointOf(samples: readonly TimedSample[], window: Window, metric: MetricKey, isWhole: boolean): Point {
  const values = samples.filter(({ at }) => at >= window.from && at < window.to).map(({ value }) => value);
  const n = values.length;
  const base = { from: window.from, to: window.to, date: localDate(window.from, window.tz), n, isWhole, p90: null, numerator: null, interval: null };
  if (isTimes(metric)) {
    const { p50, p90 } = quantiles(values);
    return { ...base, value: p50, p90 };
  }
  if (metric === "deploymentFrequency") {
    const days = localDates(window.from, window.to, window.tz).length;
    return { ...base, value: days === 0 ? null : n / days };
  }
  const numerator = values.reduce((sum, value) => sum + value, 0);
  return { ...base, numerator, value: n === 0 ? null : numerator / n, interval: wilson(numerator, n) };
}

export const seriesOf = (samples: readonly TimedSample[], window: Window, metric: MetricKey, grain: Grain): Point[] =>
  piecesOf(window, grain).map(({ isWhole, ...piece }) => pointOf(samples, piece, metric, isWhole));

export type ControlPoint = Point & { isBefore: boolean; range: number | null; signal: boolean };
export type Control = {
  points: ControlPoint[];
  limits: { mean: number; meanRange: number; upper: number; lower: number; rangeUpper: number } | null;
  /** What the limits are computed from: the weeks before the period where six of them are known, else all. */
  baseline: { of: "before" | "all"; n: number };
};
const WEEKS_BEFORE = 12;

/** Where the control chart's earliest week begins. */
export const controlFrom = (window: Window): Micros => weeksBefore(window, WEEKS_BEFORE)[0]?.from ?? window.from;

/**
 * Weekly figures on an individuals chart: limits mean ± 2.66·mR̄ of the baseline, a signal outside them, a range beyond its own
 * limit, or eight in a row on one side.
 * A week with too few to say has no point and the next range spans it. Source: Wheeler, *Understanding Variation*.
 */
export function controlOf(samples: readonly TimedSample[], window: Window, metric: MetricKey): Control {
  const week = 7 * 86_400_000_000 - 3_600_000_000;
  const stretches = [
    ...weeksBefore(window, WEEKS_BEFORE).map((one) => ({ one, isBefore: true })),
    ...weeksOf(window).flatMap((one) => (one.to - one.from >= week ? [{ one, isBefore: false }] : [])),
  ];
  const points = stretches.map(({ one, isBefore }) => ({ ...pointOf(samples, one, metric, true), isBefore }));
  // before the first sample ever there was nothing to measure: 0 a day then is no baseline
  const first = points.findIndex((point) => point.n > 0);
  const kept = first < 0 ? [] : points.slice(first);
  const known = kept.flatMap((point) => (point.value === null ? [] : [{ ...point, value: point.value }]));
  const before = known.filter((point) => point.isBefore);
  const baseline = before.length >= 6 ? before : known;
  const limits = xmrLimits(baseline.map((point) => point.value));
  const signals = limits
    ? xmrSignals(
        known.map((point) => point.value),
        limits,
      )
    : [];
  const signalAt = (at: number) => {
    const range = at === 0 ? null : Math.abs((known[at]?.value ?? 0) - (known[at - 1]?.value ?? 0));
    return { signal: (signals[at] ?? false) || (range !== null && limits !== null && range > limits.rangeUpper), range };
  };
  const byFrom = new Map(known.map((point, at) => [point.from, signalAt(at)]));
  return {
    points: kept.map((point) => ({ ...point, ...(byFrom.get(point.from) ?? { signal: false, range: null }) })),
    limits,
    baseline: { of: baseline === before ? "before" : "all", n: baseline.length },
  };
}

export type Bin = { label: string; low: number; high: number | null; now: number; before: number };
const HOUR = 3600;
const DAY = 24 * HOUR;
const BOUNDS: [number, string][] = [
  [60, "1 min"],
  [300, "5 min"],
  [900, "15 min"],
  [1800, "30 min"],
  [HOUR, "1 h"],
  [2 * HOUR, "2 h"],
  [4 * HOUR, "4 h"],
  [8 * HOUR, "8 h"],
  [12 * HOUR, "12 h"],
  [DAY, "1 d"],
  [2 * DAY, "2 d"],
  [4 * DAY, "4 d"],
  [7 * DAY, "1 wk"],
  [14 * DAY, "2 wk"],
  [30 * DAY, "30 d"],
];

/** How many samples lie below each bound and not below the one before it; empty ends are left out. */
export function timeBins(now: readonly number[], before: readonly number[]): Bin[] {
  const edges = [0, ...BOUNDS.map(([bound]) => bound), Number.POSITIVE_INFINITY];
  const within = (values: readonly number[], low: number, high: number) => values.filter((value) => value >= low && value < high).length;
  const bins = edges.slice(0, -1).map((low, at) => {
    const high = edges[at + 1] as number;
    const label = Number.isFinite(high) ? `< ${BOUNDS[at]?.[1]}` : "longer";
    return { label, low, high: Number.isFinite(high) ? high : null, now: within(now, low, high), before: within(before, low, high) };
  });
  return trimmed(bins);
}

/** How many days, zero days included, had how many deployments. */
export function dayBins(now: Window, before: Window, samples: readonly TimedSample[]): Bin[] {
  const perDay = (window: Window) => {
    const counts = new Map(localDates(window.from, window.to, window.tz).map((date) => [date, 0]));
    for (const { at } of samples) {
      const date = localDate(at, window.tz);
      if (at >= window.from && at < window.to) counts.set(date, (counts.get(date) ?? 0) + 1);
    }
    return [...counts.values()];
  };
  const [own, old] = [perDay(now), perDay(before)];
  const most = Math.max(0, ...own, ...old);
  const width = Math.max(1, Math.ceil(most / 12));
  const bins = [{ label: "0", low: 0, high: 1 }];
  for (let low = 1; low <= most; low += width) bins.push({ label: width === 1 ? String(low) : `${low}–${low + width - 1}`, low, high: low + width });
  const within = (values: number[], low: number, high: number) => values.filter((value) => value >= low && value < high).length;
  return bins.map((bin) => ({ ...bin, now: within(own, bin.low, bin.high), before: within(old, bin.low, bin.high) }));
}

function trimmed(bins: Bin[]): Bin[] {
  const isFull = (bin: Bin) => bin.now + bin.before > 0;
  const first = bins.findIndex(isFull);
  return first < 0 ? [] : bins.slice(first, bins.findLastIndex(isFull) + 1);
}
