import { expect, test } from "vitest";
import { isAtLeast, numbersOf } from "./version.mjs";

test("versions are compared by number, not by letter", () => {
  expect(isAtLeast("v20.19.1", "20.0")).toBe(true);
  expect(isAtLeast("v9.11.2", "20.0")).toBe(false);
  expect(isAtLeast("go1.25", "1.25")).toBe(true);
  expect(isAtLeast("go1.19.8", "1.25")).toBe(false);
  expect(isAtLeast("1.41", "1.41")).toBe(true);
  expect(isAtLeast("1.100", "1.41")).toBe(true);
});

test("what holds no version is never new enough", () => {
  expect(isAtLeast("devel", "1.25")).toBe(false);
  expect(numbersOf("")).toEqual([]);
});
