import { NEEDED, TESTED_FROM } from "../../../server/metrics/constants";
import type { Excluded, Share, Times } from "../../../server/metrics/dora";
import type { Change, Figures } from "../../../server/metrics/report";
import { count, duration } from "../time/format";

const NNBSP = "\u202f";
export type BareTimes = Omit<Times, "samples" | "left">;
export type BareShare = Omit<Share, "samples" | "left">;
/** What is read first, its unit, what stands under it, and the same of the period before. An unknown figure is words, never 0. */
export type FigureText = { main: string | null; unit: string; second: string; third?: string };

const tenth = (value: number): string => value.toFixed(1);
export const rate = (value: number): string => `${tenth(value * 100)}${NNBSP}%`;
export const interval = ([low, high]: readonly [number, number]): string => `${tenth(low * 100)}–${rate(high)}`;
export const tooFew = (n: number, needed: number): string => `n too small: ${n} of ${needed}`;

export function frequencyText({ value, n, medianDaysPerWeek }: Figures["deploymentFrequency"], days: number): FigureText {
  const perWeek = value !== null && value > 0 && value < 1;
  return {
    main: value === null ? null : value === 0 ? "0" : perWeek ? tenth(value * 7) : tenth(value),
    unit: perWeek ? "per week" : "per day",
    second: `${count(n)} in ${count(days)} ${days === 1 ? "day" : "days"}`,
    ...(medianDaysPerWeek === null ? {} : { third: `median week: ${Number(medianDaysPerWeek.toFixed(1))} days with one` }),
  };
}

export function timesText({ p50, p90, n }: BareTimes): FigureText {
  return {
    main: p50 === null ? null : duration(p50),
    unit: "p50",
    second: p50 === null ? tooFew(n, NEEDED.p50) : p90 === null ? `p90: ${tooFew(n, NEEDED.p90)}` : `${duration(p90)} p90`,
  };
}

export function shareText({ value, numerator, denominator, interval: range }: BareShare): FigureText {
  if (value === null || range === null) return { main: null, unit: "", second: "nothing to count: 0 of 0" };
  return { main: tenth(value * 100), unit: "%", second: `${count(numerator)} of ${count(denominator)}, ${interval(range)}` };
}

export const beforeTimes = ({ p50, p90, n }: BareTimes): string =>
  p50 === null ? tooFew(n, NEEDED.p50) : p90 === null ? `${duration(p50)}, p90 ${tooFew(n, NEEDED.p90)}` : `${duration(p50)}, ${duration(p90)}`;
export const beforeShare = (share: BareShare): string => (share.value === null ? "nothing to count" : shareText(share).second);
export function beforeFrequency(figure: Figures["deploymentFrequency"], days: number): string {
  const { main, unit, second } = frequencyText(figure, days);
  return main === null ? "not known" : `${main} ${unit}, ${second}`;
}

export const pText = (p: number): string => (p < 0.001 ? "p < 0.001" : `p = ${p.toFixed(p < 0.1 ? 3 : 2)}`);

/** Without a text there is nothing to compare. `better` and `worse` are said of a significant change only: what may be noise is neither. */
export type ChangeText = { text: string | null; look: "better" | "worse" | "same"; why: string };

export function changeText({ by, unit, verdict, test, p }: Change, n: { now: number; before: number }, wanted: "more" | "less"): ChangeText {
  const size = by === null ? "" : unit === "points" ? `${tenth(Math.abs(by) * 100)}${NNBSP}pt` : `${(Math.abs(by) * 100).toFixed(0)}${NNBSP}%`;
  const isSame = by !== null && Number.parseFloat(size) === 0;
  const text = by === null ? null : isSame ? "unchanged" : `${by > 0 ? "↑" : "↓"} ${size}`;
  const isBetter = by !== null && by > 0 === (wanted === "more");
  const why = {
    significant: `${pText(p ?? 0)}, significant (${test})`,
    noise: `within noise, ${pText(p ?? 1)} (${test})`,
    too_small: `n too small to test: ${count(n.now)} and ${count(n.before)}, ${TESTED_FROM} a side needed`,
    untested: `${count(n.now)} against ${count(n.before)}; a count, not tested`,
  }[verdict];
  return { text, look: verdict !== "significant" || by === null || isSame ? "same" : isBetter ? "better" : "worse", why };
}

const REASONS: Record<keyof Excluded, string> = {
  first_deployment: "first deployment",
  already_live: "already live",
  merge: "merge",
  rollback: "rollback",
  redeploy: "redeploy",
  negative_span: "clock skew",
  unknown_commit: "commit not known",
  cancelled: "cancelled",
  superseded: "superseded",
  not_live: "not live",
  imported_without_time: "imported without a time",
};
export type SampleLine = { label: string; value: string; isStrong?: boolean };

/** From all that there was to what was counted, one line a reason. */
export function sampleLines(of: string, { n, excluded, open = 0 }: { n: number; excluded: Excluded; open?: number }, before: number): SampleLine[] {
  const reasons = Object.entries(excluded) as [keyof Excluded, number][];
  const all = reasons.reduce((sum, [, one]) => sum + one, n + open);
  const out = reasons.sort(([, a], [, b]) => b - a).map(([reason, one]) => ({ label: `excluded: ${REASONS[reason]}`, value: `−${count(one)}` }));
  return [
    { label: of, value: count(all) },
    ...out,
    ...(open > 0 ? [{ label: "still open", value: `−${count(open)}` }] : []),
    { label: "counted (n)", value: count(n), isStrong: true },
    { label: "period before", value: count(before) },
  ];
}
