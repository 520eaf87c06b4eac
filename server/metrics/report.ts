import type { Micros } from "../../db/schema/columns";
import { type Window, weeksOf, windowBefore } from "./calendar";
import { isChange } from "./classify";
import { type MetricKey, SIGNIFICANT_BELOW, TESTED_FROM } from "./constants";
import { type Dora, type DoraOptions, doraOf, inWindow, type Left, type Sample, type Share, type Times } from "./dora";
import type { Facts, Failure, LiveDeployment } from "./facts";
import { fisherExact, mannWhitney } from "./statistics";

/** `by` is a share of the figure before, or points of a rate (0.01 is one point); null while one of the two is not known. */
export type Change = {
  by: number | null;
  unit: "share" | "points";
  verdict: "significant" | "noise" | "too_small" | "untested";
  test: "Mann–Whitney" | "Fisher" | null;
  p: number | null;
};
/** Where in the sorted samples a quantile lies: `at` counts from 0 and may lie between two. */
export type Place = { q: number; at: number; low: number; high: number };
export type FailedDeployment = { id: string; liveAt: Micros; reason: string; method: Failure["method"]; remediedAt: Micros | null; remediedBy: string | null };
type Bare<T> = { [K in keyof T]: T[K] extends { samples: unknown } ? Omit<T[K], "samples" | "left"> : T[K] };
export type Figures = Bare<Dora>;
export type Report = {
  now: Figures;
  before: Figures;
  changes: Record<MetricKey, Change>;
  places: Record<"leadTime" | "recoveryTime", Place[]>;
  /** The deployments behind the change fail rate's numerator, newest first. */
  failed: FailedDeployment[];
  /** Each figure by weeks, those of the period before first; null where a week has too few. */
  trend: { isBefore: boolean; values: Record<MetricKey, number | null> }[];
};

/** What is known by now of a window, and the window of the same length before it. */
export function periodsOf(window: Window, asOf: Micros): { now: Window; before: Window } {
  const now = { ...window, to: Math.max(window.from, Math.min(window.to, asOf)) };
  return { now, before: windowBefore(now) };
}

type Known = { live: readonly LiveDeployment[]; facts: Pick<Facts, "deployments" | "commits"> };
/** DORA of two periods out of one load, each change tested where enough is known. Pure. */
export function report({ live, facts }: Known, periods: { now: Window; before: Window }, asOf: Micros): Report {
  return {
    ...compare(live, facts, periods, asOf).figures,
    failed: failedOf(live, periods.now),
    trend: [periods.before, periods.now].flatMap((window) =>
      weeksOf(window).map((week) => ({ isBefore: window === periods.before, values: valuesByKey(doraOf(live, facts, week, asOf)) })),
    ),
  };
}

/** The same figures of two periods, and what they were computed from. */
export function compare(
  live: readonly LiveDeployment[],
  facts: Known["facts"],
  periods: { now: Window; before: Window },
  asOf: Micros,
  options: DoraOptions = {},
) {
  const [now, before] = [periods.now, periods.before].map((window) => doraOf(live, facts, window, asOf, options)) as [Dora, Dora];
  const figures: Pick<Report, "now" | "before" | "changes" | "places"> = {
    now: bare(now),
    before: bare(before),
    changes: changesOf(now, before),
    places: { leadTime: placesOf(now.leadTime), recoveryTime: placesOf(now.recoveryTime) },
  };
  return { now, before, figures };
}

const valuesByKey = (week: Dora): Record<MetricKey, number | null> => ({
  deploymentFrequency: week.deploymentFrequency.value,
  leadTime: week.leadTime.p50,
  changeFailRate: week.changeFailRate.value,
  recoveryTime: week.recoveryTime.p50,
  reworkRate: week.reworkRate.value,
  successRate: week.successRate.value,
});

function changesOf(now: Dora, before: Dora): Record<MetricKey, Change> {
  const frequency = shareOf(now.deploymentFrequency.value, before.deploymentFrequency.value);
  return {
    deploymentFrequency: { by: frequency, unit: "share", verdict: "untested", test: null, p: null },
    leadTime: timesChange(now.leadTime, before.leadTime),
    changeFailRate: rateChange(now.changeFailRate, before.changeFailRate),
    recoveryTime: timesChange(now.recoveryTime, before.recoveryTime),
    reworkRate: rateChange(now.reworkRate, before.reworkRate),
    successRate: rateChange(now.successRate, before.successRate),
  };
}

const shareOf = (now: number | null, before: number | null): number | null => (now === null || before === null || before === 0 ? null : now / before - 1);
const valuesOf = (samples: readonly Sample[]): number[] => samples.map((sample) => sample.value);

function timesChange(now: Times, before: Times): Change {
  const by = shareOf(now.p50, before.p50);
  if (now.n < TESTED_FROM || before.n < TESTED_FROM) return tooSmall(by, "share");
  return tested(by, "share", "Mann–Whitney", mannWhitney(valuesOf(now.samples), valuesOf(before.samples)));
}

function rateChange(now: Share, before: Share): Change {
  const by = now.value === null || before.value === null ? null : now.value - before.value;
  if (now.n < TESTED_FROM || before.n < TESTED_FROM) return tooSmall(by, "points");
  const side = ({ numerator, denominator }: Share): [number, number] => [numerator, denominator - numerator];
  return tested(by, "points", "Fisher", fisherExact([side(now), side(before)]));
}

const tooSmall = (by: number | null, unit: Change["unit"]): Change => ({ by, unit, verdict: "too_small", test: null, p: null });
const tested = (by: number | null, unit: Change["unit"], test: Change["test"], p: number): Change => ({
  by,
  unit,
  verdict: p < SIGNIFICANT_BELOW ? "significant" : "noise",
  test,
  p,
});

function placesOf({ p50, p90, samples }: Times): Place[] {
  const sorted = valuesOf(samples).sort((a, b) => a - b);
  const known = [
    [0.5, p50],
    [0.9, p90],
  ] as const;
  return known.flatMap(([q, figure]) => {
    if (figure === null) return [];
    const at = (sorted.length - 1) * q;
    return [{ q, at, low: sorted[Math.floor(at)] as number, high: sorted[Math.ceil(at)] as number }];
  });
}

function failedOf(live: readonly LiveDeployment[], window: Window): FailedDeployment[] {
  return live
    .flatMap(({ id, liveAt, failure, remediedAt, remediedBy, actualKind }) =>
      failure !== null && inWindow(liveAt, window) && isChange({ actualKind }) ? [{ id, liveAt, ...failure, remediedAt, remediedBy }] : [],
    )
    .sort((a, b) => b.liveAt - a.liveAt || (a.id < b.id ? -1 : 1));
}

/** The samples are for the tests; a page that showed a year of them would be megabytes. */
export function bare({ deploymentFrequency, leadTime, changeFailRate, recoveryTime, reworkRate, successRate, ...rest }: Dora): Figures {
  const without = <T extends { samples: Sample[]; left: Left[] }>({ samples, left, ...figures }: T) => figures;
  return {
    ...rest,
    deploymentFrequency: without(deploymentFrequency),
    leadTime: without(leadTime),
    changeFailRate: without(changeFailRate),
    recoveryTime: without(recoveryTime),
    reworkRate: without(reworkRate),
    successRate: without(successRate),
  };
}
