import { expect, test } from "vitest";
import { difference, size, within } from "./size";

test.each([
  [0, "0 B"],
  [512, "512 B"],
  [1023, "1023 B"],
  [1024, "1.0 KiB"],
  [50_541_363, "48.2 MiB"],
  [1024 ** 2 - 1, "1.0 MiB"],
  [3 * 1024 ** 3, "3.0 GiB"],
])("%i bytes are %s", (bytes, words) => {
  expect(size(bytes).replace("\u202f", " ")).toBe(words);
});

test("a difference has its sign; none is said in words", () => {
  expect([difference(5 * 1024 ** 2, 4 * 1024 ** 2), difference(1024, 2048), difference(7, 7)]).toEqual([
    "+1.0\u202fMiB",
    "\u22121.0\u202fKiB",
    "the same size",
  ]);
});

test("a part is told in the unit of its whole", () => {
  expect(within(212 * 2 ** 20, 512 * 2 ** 20)).toEqual({ used: "212", whole: "512\u202fMiB" });
  expect(within(9.84 * 2 ** 30, 16 * 2 ** 30)).toEqual({ used: "9.8", whole: "16\u202fGiB" });
  expect(within(40 * 2 ** 20, 15.6 * 2 ** 30)).toEqual({ used: "0.04", whole: "15.6\u202fGiB" });
});
