import fc from "fast-check";
import { expect, test } from "vitest";
import { readValue, typedText } from "../../../server/improvement/notation";
import { valueText } from "./target-text";

test("times and shares are read as people type them", () => {
  expect(["300", "5m", "5 min", "2h 30m", "14 d", "1.5h", "1,5h"].map((text) => readValue("s", text))).toEqual([300, 300, 300, 9000, 1_209_600, 5400, 5400]);
  expect(["95", "95 %", "99.9%"].map((text) => readValue("share", text))).toEqual([0.95, 0.95, expect.closeTo(0.999, 9)]);
  expect(readValue("per_day", "2.5 per day")).toBe(2.5);
});

test("what says nothing is null, never 0", () => {
  for (const text of ["", "soon", "5x", "5m soon", "-3", "1e3", "NaN"])
    for (const unit of ["s", "share", "number"] as const) expect(readValue(unit, text)).toBeNull();
});

test("what is shown to be typed reads back as the same value", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 10_000_000 }), (value) => {
      expect(readValue("s", typedText("s", value))).toBe(value);
      expect(readValue("share", typedText("share", value / 10_000_000))).toBeCloseTo(value / 10_000_000, 5);
    }),
  );
  expect(valueText("s", 1_209_600)).toBe("14 d");
});
