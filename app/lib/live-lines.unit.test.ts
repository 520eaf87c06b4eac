import { expect, test } from "vitest";
import { continueLines } from "./live-lines";

const lines = (...numbers: number[]) => numbers.map((n) => ({ n, t: 0, s: "build", x: `line ${n}` }));

test("lines that were had already are dropped", () => {
  const { fresh, next, hole } = continueLines(3, lines(1, 2, 3, 4));
  expect(fresh.map((line) => line.n)).toEqual([3, 4]);
  expect(next).toBe(5);
  expect(hole).toBe(false);
});

test("a hole stops where it begins, so that the channel can be opened there again", () => {
  const { fresh, next, hole } = continueLines(3, lines(3, 5, 6));
  expect(fresh.map((line) => line.n)).toEqual([3]);
  expect(next).toBe(4);
  expect(hole).toBe(true);
});

test("without a position the first line that comes begins the count", () => {
  const { fresh, next } = continueLines(null, lines(41, 42));
  expect(fresh).toHaveLength(2);
  expect(next).toBe(43);
});
