import fc from "fast-check";
import { expect, test } from "vitest";
import { parseDotenv } from "./variables";

test("comments, export, quotes and values over several lines", () => {
  const text = ["# a comment", "A=1", "export B = two words # not this", 'C="line one\\nline two"', "D='as $it is'", 'E="over', 'two lines"', "F="].join("\n");
  expect(Object.fromEntries(parseDotenv(text).map(({ key, value }) => [key, value]))).toEqual({
    A: "1",
    B: "two words",
    C: "line one\nline two",
    D: "as $it is",
    E: "over\ntwo lines",
    F: "",
  });
});

test("a wrong line is named", () => {
  expect(() => parseDotenv("A=1\nnonsense")).toThrow(/Line 2/);
  expect(() => parseDotenv('A="never closed\nB=2')).toThrow(/line 1/);
});

test("any value in double quotes comes back as it was", () => {
  fc.assert(
    fc.property(fc.string(), (value) => {
      const clean = value.replace(/\r/g, "");
      const quoted = clean.replace(/[\\"]/g, "\\$&");
      expect(parseDotenv(`KEY="${quoted}"`)).toEqual([{ key: "KEY", value: clean }]);
    }),
  );
});
