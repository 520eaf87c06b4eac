import { expect, test } from "vitest";
import { axisOf } from "./units";

test("an axis begins at 0, ends at or above the most, and has at most six marks", () => {
  for (const unit of ["seconds", "share", "number", "cores", "bytes", "rate"] as const)
    for (const most of [0, 0.001, 0.083, 0.5, 1, 3, 17, 240, 16_000, 900_000, 7e9]) {
      if (unit === "share" && most > 1) continue;
      const { domain, ticks } = axisOf(unit, most);
      expect(domain[0]).toBe(0);
      expect(domain[1]).toBeGreaterThanOrEqual(most);
      expect(ticks.length).toBeLessThanOrEqual(6);
      expect(ticks.length).toBeGreaterThan(1);
      expect(ticks.at(-1)).toBeCloseTo(domain[1], 6);
    }
});

test("sizes have marks at powers of two", () => {
  const MIB = 1024 ** 2;
  expect(axisOf("bytes", 150 * MIB).ticks.map((tick) => tick / MIB)).toEqual([0, 32, 64, 96, 128, 160]);
  expect(axisOf("rate", 0).domain).toEqual([0, 1024]);
});

test("times have marks that people read: hours, not thousands of seconds", () => {
  expect(axisOf("seconds", 15_000).ticks).toEqual([0, 3600, 7200, 10_800, 14_400, 18_000]);
});
