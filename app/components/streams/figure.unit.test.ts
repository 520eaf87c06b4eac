import { describe, expect, test } from "vitest";
import type { Change } from "../../../server/metrics/report";
import { changeText, frequencyText, sampleLines, shareText, timesText } from "./figure";

const frequency = (value: number | null) => ({ value, unit: "per_day" as const, n: 3, excluded: {}, medianDaysPerWeek: null });
const times = (n: number, p50: number | null, p90: number | null) => ({ p50, p90, unit: "s" as const, n, excluded: {} });
const change = (more: Partial<Change>): Change => ({ by: -0.2, unit: "share", verdict: "significant", test: "Mann–Whitney", p: 0.003, ...more });

describe("figures", () => {
  test("a frequency below one a day is said by week, and none is a true 0", () => {
    expect(frequencyText(frequency(4.21), 28)).toMatchObject({ main: "4.2", unit: "per day" });
    expect(frequencyText(frequency(0.5), 28)).toMatchObject({ main: "3.5", unit: "per week" });
    expect(frequencyText(frequency(0), 28).main).toBe("0");
    expect(frequencyText(frequency(null), 0).main).toBeNull();
  });

  test("a quantile of too few is words", () => {
    expect(timesText(times(3, null, null))).toEqual({ main: null, unit: "p50", second: "n too small: 3 of 5" });
    expect(timesText(times(7, 90, null)).second).toBe("p90: n too small: 7 of 10");
    expect(timesText(times(12, 90, 120)).main).toContain("1m");
  });

  test("a rate of nothing is not 0 %", () => {
    const nothing = { value: null, numerator: 0, denominator: 0, interval: null, n: 0, excluded: {} };
    expect(shareText(nothing)).toMatchObject({ main: null, second: "nothing to count: 0 of 0" });
    const some = { ...nothing, value: 6 / 110, numerator: 6, denominator: 110, interval: [0.0252, 0.1139] as [number, number], n: 110 };
    expect(shareText(some).main).toBe("5.5");
    expect(shareText(some).second).toContain("6 of 110, 2.5–11.4");
  });
});

describe("changes", () => {
  test("only a significant one is better or worse", () => {
    const n = { now: 40, before: 30 };
    expect(changeText(change({}), n, "less")).toMatchObject({
      text: expect.stringContaining("↓ 20"),
      look: "better",
      why: "p = 0.003, significant (Mann–Whitney)",
    });
    expect(changeText(change({ by: 0.2 }), n, "less").look).toBe("worse");
    expect(changeText(change({ by: 0.2 }), n, "more").look).toBe("better");
    expect(changeText(change({ verdict: "noise", p: 0.4 }), n, "less")).toMatchObject({ look: "same", why: "within noise, p = 0.40 (Mann–Whitney)" });
    expect(changeText(change({ verdict: "too_small", p: null, test: null }), { now: 6, before: 8 }, "less").why).toContain("6 and 8, 20 a side");
  });

  test("points are no per cent, none is unchanged, unknown is nothing", () => {
    expect(changeText(change({ unit: "points", by: 0.038 }), { now: 1, before: 1 }, "less").text).toMatch(/↑ 3\.8.pt/);
    expect(changeText(change({ by: 0 }), { now: 1, before: 1 }, "less")).toMatchObject({ text: "unchanged", look: "same" });
    expect(changeText(change({ by: null }), { now: 1, before: 1 }, "less")).toMatchObject({ text: null, look: "same" });
  });
});

test("what was left out adds up to all that there was", () => {
  const lines = sampleLines("commits listed", { n: 10, excluded: { merge: 2, already_live: 3 }, open: 1 }, 7);
  expect(lines.map((line) => line.value)).toEqual(["16", "−3", "−2", "−1", "10", "7"]);
  expect(lines[4]).toMatchObject({ label: "counted (n)", isStrong: true });
});
