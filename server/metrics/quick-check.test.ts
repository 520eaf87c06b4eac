import { expect, test } from "vitest";
import golden from "../../e2e/support/golden-cases.json";
import { frequencyLevel, timeLevel } from "./quick-check";
import { quickCheck } from "./statistics";

test("times and rates fall into DORA's levels", () => {
  const day = 86_400;
  expect([1800, 3600, day, 6 * day, 7 * day, 29 * day, 30 * day, 179 * day, 180 * day].map(timeLevel)).toEqual([6, 5, 4, 4, 3, 3, 2, 2, 1]);
  expect([30, 24, 2, 1, 0.5, 1 / 7, 0.1, 1 / 30, 0.01, 1 / 180].map(frequencyLevel)).toEqual([6, 5, 5, 4, 4, 3, 3, 2, 2, 1]);
});

test("the golden answers have the golden score", () => {
  const { in: given, expect: wanted } = golden.quick_check;
  const { scores, overall, throughput, stability } = quickCheck({
    leadTime: given.leadtime,
    frequency: given.deployfreq,
    recovery: given.failurerecovery,
    changeFailPercent: given.changefailure_pct,
    reworkPercent: given.rework_pct,
  });
  expect(scores).toEqual(wanted.scores);
  expect(overall).toBeCloseTo(wanted.overall, 9);
  expect(throughput).toBeCloseTo(wanted.throughput, 9);
  expect(stability).toBeCloseTo(wanted.stability, 9);
});
