import { expect, test } from "vitest";
import { tick } from "./format";
import { niceScale, ticks } from "./scale";

test.each([
  [86, 90, 10],
  [100, 100, 10],
  [9.2, 10, 1],
  [0.3, 0.5, 0.1],
  [250, 270, 30],
])("%d seconds are drawn on %d in parts of %d", (seconds, max, step) => {
  expect(niceScale(seconds)).toEqual({ max, step });
});

test("a scale always holds what is drawn on it", () => {
  for (let seconds = 0.01; seconds < 1e7; seconds *= 1.37) {
    const { max, step } = niceScale(seconds);
    expect(max).toBeGreaterThanOrEqual(seconds);
    expect(max / step).toBeLessThanOrEqual(10.001);
  }
});

test("every second mark is labelled, the last never", () => {
  expect(ticks(niceScale(95), tick).map((one) => one.label)).toEqual(["0", "", "20\u202fs", "", "40\u202fs", "", "1m", "", "1m\u00a020s", "", ""]);
});
