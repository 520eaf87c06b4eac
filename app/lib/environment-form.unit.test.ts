import { expect, test } from "vitest";
import { parseDotenv } from "../../server/apps/variables";
import { changesOf, dotenvLine } from "./environment-form";

const form = (...pairs: [string, string][]) => {
  const data = new FormData();
  for (const [name, value] of pairs) data.append(name, value);
  return data;
};

test("a masked secret that was left alone is not touched", () => {
  expect(changesOf(form(["row", "0"], ["was.0", "TOKEN"], ["key.0", "TOKEN"], ["masked.0", "on"], ["value.0", ""], ["secret.0", "on"]))).toEqual({
    set: [],
    unset: [],
  });
});

test("a changed, a removed and a new key make one change", () => {
  const data = form(
    ["row", "0"],
    ["was.0", "A"],
    ["key.0", "A"],
    ["value.0", "2"],
    ["row", "1"],
    ["was.1", "B"],
    ["key.1", "B"],
    ["remove.1", "on"],
    ["row", "2"],
    ["was.2", ""],
    ["key.2", "C"],
    ["value.2", "x"],
    ["secret.2", "on"],
    ["row", "3"],
    ["was.3", ""],
    ["key.3", " "],
  );
  expect(changesOf(data)).toEqual({
    set: [
      { key: "A", value: "2", secret: false, build: false },
      { key: "C", value: "x", secret: true, build: false },
    ],
    unset: ["B"],
  });
});

test("a renamed key goes and comes", () => {
  expect(changesOf(form(["row", "0"], ["was.0", "OLD"], ["key.0", "NEW"], ["value.0", "1"]))).toMatchObject({ set: [{ key: "NEW" }], unset: ["OLD"] });
});

test.each(["plain", "", "two words", 'with "quotes"', "a # b", "line\nbreak", "back\\slash", "tab\there", "$HOME", "it's"])(
  "%j comes back from its text",
  (value) => {
    expect(parseDotenv(dotenvLine("KEY", value))).toEqual([{ key: "KEY", value }]);
  },
);
