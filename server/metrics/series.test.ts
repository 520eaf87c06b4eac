import { describe, expect, test } from "vitest";
import { fromIso } from "../../db/schema/columns";
import golden from "../../e2e/support/golden-cases.json";
import { piecesOf } from "./calendar";
import { controlOf, dayBins, seriesOf, type TimedSample, timeBins } from "./series";

const window = { from: fromIso("2026-03-02T00:00:00Z"), to: fromIso("2026-03-16T00:00:00Z"), tz: "UTC" };
const WEEK = 7 * 86_400_000_000;
/** Five commits on the day after each week's beginning, all alike: their median is the value. */
const weekly = (values: number[], first: number): TimedSample[] =>
  values.flatMap((value, week) => Array.from({ length: 5 }, (_, n) => ({ value, deployment: `${week}-${n}`, at: first + week * WEEK + 86_400_000_000 })));

describe("the control chart", () => {
  const { baseline, expect: wanted } = golden.xmr;
  const chart = (next: number) => controlOf(weekly([...baseline, next], window.from - baseline.length * WEEK), window, "leadTime");

  test("has the golden limits from the weeks before the period, and the golden signals", () => {
    const { limits, baseline: used } = chart(16);
    expect(used).toEqual({ of: "before", n: 6 });
    expect(limits?.mean).toBeCloseTo(wanted.mean, 9);
    expect(limits?.meanRange).toBeCloseTo(wanted.mr_bar, 9);
    expect(limits?.upper).toBeCloseTo(wanted.unpl, 9);
    expect(limits?.lower).toBeCloseTo(wanted.lnpl, 9);
    expect(limits?.rangeUpper).toBeCloseTo(wanted.url, 3);
    const signalOf = (next: number) => chart(next).points.find((point) => point.value === next && !point.isBefore)?.signal;
    expect([signalOf(16), signalOf(15)]).toEqual([wanted.signal_16, wanted.signal_15]);
  });

  test("a week with too few has no point and is none of the baseline; below six there are no limits", () => {
    const gappy = weekly([...baseline, 12], window.from - baseline.length * WEEK).filter(({ deployment }) => deployment !== "2-0");
    const { points, limits, baseline: used } = controlOf(gappy, window, "leadTime");
    expect(points[2]).toMatchObject({ value: null, n: 4, signal: false, range: null });
    expect(used).toEqual({ of: "all", n: 6 });
    expect(limits).not.toBeNull();
    expect(controlOf(weekly([10, 12], window.from - 2 * WEEK), window, "leadTime").limits).toBeNull();
    expect(controlOf([], window, "leadTime")).toMatchObject({ points: [], limits: null });
  });

  test("eight weeks in a row on one side are a signal from the eighth on", () => {
    const values = [10, 20, 10, 20, 16, 16, 16, 16, 16, 16, 16, 16];
    const { points } = controlOf(weekly(values, window.from - 10 * WEEK), window, "leadTime");
    expect(points.map((point) => point.signal).lastIndexOf(true)).toBe(11);
  });
});

test("days of a change of clocks are days, and a piece that the window cuts says so", () => {
  const spring = { from: fromIso("2026-03-27T23:00:00Z"), to: fromIso("2026-03-30T10:00:00Z"), tz: "Europe/Berlin" };
  const days = piecesOf(spring, "day");
  expect(days.map((day) => (day.to - day.from) / 3_600_000_000)).toEqual([24, 23, 12]);
  expect(days.map((day) => day.isWhole)).toEqual([true, true, false]);
  expect(piecesOf(spring, "month").map((month) => month.isWhole)).toEqual([false]);
  expect(seriesOf([], spring, "deploymentFrequency", "day").map((point) => [point.date, point.value])).toEqual([
    ["2026-03-28", 0],
    ["2026-03-29", 0],
    ["2026-03-30", 0],
  ]);
});

test("bins hold each value once, from the first that is filled to the last", () => {
  expect(timeBins([59, 60, 299], [4000])).toEqual([
    { label: "< 1 min", low: 0, high: 60, now: 1, before: 0 },
    { label: "< 5 min", low: 60, high: 300, now: 2, before: 0 },
    { label: "< 15 min", low: 300, high: 900, now: 0, before: 0 },
    { label: "< 30 min", low: 900, high: 1800, now: 0, before: 0 },
    { label: "< 1 h", low: 1800, high: 3600, now: 0, before: 0 },
    { label: "< 2 h", low: 3600, high: 7200, now: 0, before: 1 },
  ]);
  expect(timeBins([1e9], [])).toEqual([{ label: "longer", low: 2_592_000, high: null, now: 1, before: 0 }]);
  const bins = dayBins(window, { ...window, from: window.from - WEEK, to: window.from }, weekly([1, 1], window.from));
  expect(bins.map(({ label, now }) => [label, now])).toEqual([
    ["0", 12],
    ["1", 0],
    ["2", 0],
    ["3", 0],
    ["4", 0],
    ["5", 2],
  ]);
});
