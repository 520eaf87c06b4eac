import { expect, test } from "vitest";
import { difference, size } from "./size";

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
