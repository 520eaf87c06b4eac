import fc from "fast-check";
import { expect, test } from "vitest";
import { predict } from "./predict";

const runs = (durations: number[]) => durations.map((durationS) => ({ queueS: 1, durationS }));

test("p50 from five runs, p90 from ten; below that nothing is said", () => {
  expect(predict(runs([10, 10, 10, 10]))).toMatchObject({ duration: { p50: null, p90: null }, queue: { p50: null }, n: 4, error: { median: null, n: 0 } });
  expect(predict(runs([10, 20, 30, 40, 50]))).toMatchObject({ duration: { p50: 30, p90: null }, queue: { p50: 1 } });
  expect(predict(runs([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]))).toMatchObject({ duration: { p50: 5.5, p90: expect.closeTo(9.1, 9) } });
});

test("the error is that of predictions made from what was known before each run", () => {
  const { error } = predict(runs([10, 10, 10, 10, 10, 20, 10, 10, 10, 10, 40]));
  // 5 to 10 are predicted as 10: |10−20|/20, four times 0, |10−40|/40
  expect(error).toEqual({ median: 0, n: 6, within: 0, of: 1 });
});

test("runs that are all alike are predicted without error", () => {
  fc.assert(
    fc.property(fc.integer({ min: 10, max: 60 }), fc.double({ min: 0.1, max: 1e4, noNaN: true }), (n, seconds) => {
      const { duration, error } = predict(runs(new Array(n).fill(seconds)));
      expect(duration.p50).toBeCloseTo(seconds, 6);
      expect(error.median === null || error.median < 1e-9).toBe(true);
    }),
  );
});
