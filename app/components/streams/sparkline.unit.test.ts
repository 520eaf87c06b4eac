import { expect, test } from "vitest";
import { linesOf } from "./sparkline";

test("a line breaks where a week is not known, and between the periods", () => {
  const lines = linesOf(
    [
      { isBefore: true, value: 1 },
      { isBefore: true, value: null },
      { isBefore: false, value: 2 },
      { isBefore: false, value: 0 },
    ],
    2,
  );
  expect(lines).toEqual([
    { isBefore: true, points: "6.3,21.0 12.5,21.0" },
    { isBefore: false, points: "56.3,2.0 62.5,2.0 87.5,40.0" },
  ]);
});
