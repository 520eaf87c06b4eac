import { type MetricKey, SIGNIFICANT_BELOW } from "../../../server/metrics/constants";
import type { Report } from "../../../server/metrics/report";
import { count, duration } from "../time/format";
import {
  type BareShare,
  beforeFrequency,
  beforeShare,
  beforeTimes,
  type ChangeText,
  changeText,
  type FigureText,
  frequencyText,
  interval,
  pText,
  rate,
  type SampleLine,
  sampleLines,
  shareText,
  timesText,
} from "./figure";

export type MetricRow = {
  key: MetricKey;
  name: string;
  about: string;
  definition: string;
  source: string;
  figure: FigureText;
  before: string;
  change: ChangeText;
  sample: SampleLine[];
  arithmetic: string[];
};
export type TrendPoint = { isBefore: boolean; value: number | null };
/** One metric's weeks, or null where fewer than two are known: a single point is no trend. */
export function trendOf(trend: Report["trend"], key: MetricKey): TrendPoint[] | null {
  const points = trend.map(({ isBefore, values }) => ({ isBefore, value: values[key] }));
  return points.filter((point) => point.value !== null).length < 2 ? null : points;
}

type Figured = Pick<Report, "now" | "before" | "changes" | "places">;

const DORA_GUIDE = "dora.dev, guide to the metrics";

/** The six rows of the page, each with its words and its arithmetic. */
export const metricRows = (report: Figured): MetricRow[] => [
  frequencyRow(report),
  timesRow(report, "leadTime", {
    name: "Change lead time",
    about: "commit written → first live, one sample a commit",
    definition:
      "For every commit that went live for the first time in the period: from when it was written to when it was live. A deployment of five commits gives five samples. Merges, rollbacks and what was live before give none.",
    source: DORA_GUIDE,
    of: "commits listed",
  }),
  shareRow(report, "changeFailRate", {
    name: "Change fail rate",
    about: "live changes that later needed intervention",
    definition:
      "Of the changes that went live in the period, those that failed afterwards: its checks or its watch said so, it was rolled back, a later deployment or an incident names it, or a person marked it. Rollbacks and redeploys bring no change and are left out.",
    source: DORA_GUIDE,
    of: "live deployments",
    wanted: "less",
  }),
  timesRow(report, "recoveryTime", {
    name: "Recovery time",
    about: "failed change live → its remedy live",
    definition:
      "For every deployment of the period that failed after it was live: from when it was live to when its remedy was. What has no remedy yet is open and is not counted as any time.",
    source: `${DORA_GUIDE}: failed deployment recovery time`,
    of: "failed deployments",
  }),
  shareRow(report, "reworkRate", {
    name: "Rework rate",
    about: "live deployments made to remedy one that failed",
    definition: "Of all live deployments of the period, those that were not planned: rollbacks, and deployments that make good an earlier one.",
    source: DORA_GUIDE,
    of: "live deployments",
    wanted: "less",
  }),
  shareRow(report, "successRate", {
    name: "Deployment success rate",
    about: "attempts that reached live and were verified",
    definition: "Of the attempts that ended in the period, those that succeeded. What was cancelled or superseded was given up before it could fail.",
    source: "not one of DORA's five; kept apart so that failed attempts do not hide in the change fail rate",
    of: "attempts",
    wanted: "more",
  }),
];

function frequencyRow({ now, before, changes }: Figured): MetricRow {
  const [own, old] = [now.deploymentFrequency, before.deploymentFrequency];
  const perDay = own.value === null ? "not known" : `${own.value.toFixed(3)} per day`;
  return {
    key: "deploymentFrequency",
    name: "Deployment frequency",
    about: "live deployments, redeploys left out, per calendar day",
    definition: "Deployments that went live in the period, by the calendar days that it touches, days without one included. A redeploy brings nothing new.",
    source: DORA_GUIDE,
    figure: frequencyText(own, now.days),
    before: beforeFrequency(old, before.days),
    change: changeText(changes.deploymentFrequency, { now: own.n, before: old.n }, "more"),
    sample: sampleLines("live deployments", own, old.n),
    arithmetic: [`${count(own.n)} live deployments ÷ ${count(now.days)} days = ${perDay}`],
  };
}

type Words = Pick<MetricRow, "name" | "about" | "definition" | "source"> & { of: string };

function timesRow({ now, before, changes, places }: Figured, key: "leadTime" | "recoveryTime", { of, ...words }: Words): MetricRow {
  const [own, old, change] = [now[key], before[key], changes[key]];
  const quantile = ({ q, at, low, high }: (typeof places)[typeof key][number]) =>
    `p${q * 100}: place ${q} × (${count(own.n)} − 1) = ${Number(at.toFixed(1))} of the sorted samples, counted from 0; between ${duration(low)} and ${duration(high)} lies ${duration(low + (high - low) * (at % 1))}`;
  return {
    key,
    ...words,
    figure: timesText(own),
    before: beforeTimes(old),
    change: changeText(change, { now: own.n, before: old.n }, "less"),
    sample: sampleLines(of, own, old.n),
    arithmetic: [
      ...places[key].map(quantile),
      ...(own.p50 === null
        ? [`${count(own.n)} ${own.n === 1 ? "sample" : "samples"}: p50 is said from 5, p90 from 10, since fewer would say what chance did.`]
        : []),
      ...(change.p === null
        ? []
        : [`Mann–Whitney U, two-sided: ${count(own.n)} samples against ${count(old.n)}, ${pText(change.p)}; significant below ${SIGNIFICANT_BELOW}`]),
    ],
  };
}

function shareRow(
  { now, before, changes }: Figured,
  key: "changeFailRate" | "reworkRate" | "successRate",
  given: Words & { wanted: "more" | "less" },
): MetricRow {
  const { of, wanted, ...words } = given;
  const [own, old, change] = [now[key], before[key], changes[key]];
  const sides = ({ numerator, denominator }: BareShare) => `${count(numerator)} and ${count(denominator - numerator)}`;
  return {
    key,
    ...words,
    figure: shareText(own),
    before: beforeShare(old),
    change: changeText(change, { now: own.n, before: old.n }, wanted),
    sample: sampleLines(of, own, old.n),
    arithmetic: [
      own.value === null || own.interval === null
        ? "0 of 0: nothing happened that could be counted, which is not the same as 0 %."
        : `${count(own.numerator)} ÷ ${count(own.denominator)} = ${rate(own.value)}`,
      ...(own.value === null || own.interval === null
        ? []
        : [
            `Wilson’s 95 % interval: (p + z²/2n ± z√(p(1 − p)/n + z²/4n²)) ÷ (1 + z²/n) with p = ${own.value.toFixed(4)}, n = ${count(own.denominator)}, z = 1.96 gives ${interval(own.interval)}`,
          ]),
      ...(change.p === null
        ? []
        : [`Fisher’s exact test, two-sided: ${sides(own)} against ${sides(old)}, ${pText(change.p)}; significant below ${SIGNIFICANT_BELOW}`]),
    ],
  };
}

/** One sentence for who reads no further. */
export function fasterText(rows: readonly MetricRow[]): { said: string; rest: string } {
  const lead = rows.find((row) => row.key === "leadTime");
  const others = rows.filter((row) => row !== lead && row.change.look !== "same");
  const listed = others.map((row) => `${row.name} is ${row.change.look}`).join(", ");
  const also = others.length === 0 ? "No other change is significant." : `${listed}.`;
  if (lead?.change.look === "better") return { said: "Yes.", rest: `Commits go live sooner: ${lead.change.text}. ${also}` };
  if (lead?.change.look === "worse") return { said: "No.", rest: `Commits go live later: ${lead.change.text}. ${also}` };
  if (lead?.change.why.startsWith("n too small"))
    return { said: "Too early to say.", rest: `A comparison needs 20 commits in each period.${others.length > 0 ? ` ${listed}.` : ""}` };
  return { said: "Not that one could tell.", rest: `The change of lead time is within noise. ${also}` };
}
