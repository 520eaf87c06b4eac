import { expect, it } from "vitest";
import type { SplitSeen } from "../../server/traffic/schema";
import { addCounts } from "./split-counts";

const counts = (answers: number, errors: number) => ({ answers, errors });
const seen: SplitSeen = { at: 1, last: { a: counts(100, 5), b: counts(10, 0) }, total: { a: counts(20, 1), b: counts(3, 0) } };

it("adds what has come since", () => {
  expect(addCounts(seen, { a: counts(150, 6), b: counts(12, 2) }, 2)).toEqual({
    at: 2,
    last: { a: counts(150, 6), b: counts(12, 2) },
    total: { a: counts(70, 2), b: counts(5, 2) },
  });
});

it("counts on when the edge was restarted and its counters began anew", () => {
  expect(addCounts(seen, { a: counts(7, 1), b: counts(0, 0) }, 2).total).toEqual({ a: counts(27, 2), b: counts(3, 0) });
});
