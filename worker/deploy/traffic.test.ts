import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canarySchema } from "../../server/apps/schema";
import type { SlotTraffic } from "../ports";
import { between, complaint, quantileS } from "./traffic";

const settings = canarySchema.parse({});
const traffic = (answers: number, errors = 0, slow = 0): SlotTraffic => ({
  answers,
  errors,
  buckets: [
    [0.01, answers - slow],
    [1, answers],
    [Number.POSITIVE_INFINITY, answers],
  ],
});

describe("a complaint", () => {
  test("needs enough answers", () => {
    expect(complaint(settings, traffic(19, 19), traffic(1000))).toBeNull();
    expect(complaint(settings, traffic(20, 20), traffic(1000))).toMatch(/20 of 20 answers were errors \(100.0 %/);
  });

  test("counts only what the old release does better", () => {
    expect(complaint(settings, traffic(100, 10), traffic(1000, 100))).toBeNull();
    expect(complaint(settings, traffic(100, 10), traffic(1000, 10))).toMatch(/10 of 100/);
    expect(complaint(settings, traffic(100, 2), traffic(1000))).toBeNull();
  });

  test("names slowness against the old release's own time", () => {
    expect(complaint(settings, traffic(100, 0, 50), traffic(1000))).toMatch(/95 % of its answers took up to 90[01] ms/);
    expect(complaint(settings, traffic(100, 0, 50), traffic(1000, 0, 500))).toBeNull();
  });
});

test("what came between two counts, also when the edge began anew", () => {
  expect(between(traffic(10, 1), traffic(25, 4))).toEqual(traffic(15, 3));
  expect(between(traffic(100), traffic(7, 1))).toEqual(traffic(7, 1));
});

test("a quantile lies inside the bounds and grows with its rank", () => {
  expect(quantileS(traffic(0), 0.95)).toBeNull();
  fc.assert(
    fc.property(fc.array(fc.nat(50), { minLength: 3, maxLength: 3 }), fc.double({ min: 0, max: 1, noNaN: true }), (counts, q) => {
      let sum = 0;
      const buckets = counts.map((count, at): [number, number] => {
        sum += count;
        return [[0.1, 1, Number.POSITIVE_INFINITY][at] ?? 0, sum];
      });
      const value = quantileS({ answers: sum, errors: 0, buckets }, q);
      const higher = quantileS({ answers: sum, errors: 0, buckets }, Math.min(1, q + 0.1));
      expect(value === null).toBe(sum === 0);
      if (value !== null && higher !== null) {
        expect(value).toBeGreaterThanOrEqual(0);
        expect(value).toBeLessThanOrEqual(1);
        expect(higher).toBeGreaterThanOrEqual(value);
      }
    }),
  );
});
