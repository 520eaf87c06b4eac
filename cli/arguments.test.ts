import { expect, test } from "vitest";
import { expectWords, readArguments, readPairs, wholeNumber } from "./arguments";
import { readSettings } from "./settings";

test("flags may stand anywhere", () => {
  const { positionals, flags } = readArguments(["--json", "shop", "--url", "http://x", "-y"], {});
  expect(positionals).toEqual(["shop"]);
  expect(flags).toMatchObject({ json: true, url: "http://x", yes: true });
});

test("what is wrong ends with status 2 and says so", () => {
  expect(() => readArguments(["--nonsense"], {})).toThrow(expect.objectContaining({ exit: 2 }));
  expect(() => expectWords([], ["APP"], "deploy APP")).toThrow(/APP is missing/);
  expect(() => expectWords(["a", "b"], ["APP"], "deploy APP")).toThrow(/one word too many/);
  expect(() => wholeNumber("3.5", "--port")).toThrow(expect.objectContaining({ exit: 2 }));
  expect(() => readPairs(["novalue"], "x")).toThrow(/KEY=VALUE/);
});

test("a value may hold equals signs, and may be empty", () => {
  expect(readPairs(["A=b=c", "B="], "x")).toEqual([
    ["A", "b=c"],
    ["B", ""],
  ]);
});

test("settings by the names that people write", () => {
  expect(
    readSettings([
      ["port", "8080"],
      ["health-path", "/up"],
      ["memory", "256M"],
      ["reserved-memory", "64M"],
      ["health_timeout", "5"],
      ["autoDeploy", "off"],
      ["release-command", ""],
    ]),
  ).toEqual({
    port: 8080,
    healthPath: "/up",
    resources: { memoryBytes: 268_435_456, reservedMemoryBytes: 67_108_864 },
    health: { timeoutS: 5 },
    autoDeploy: false,
    releaseCommand: null,
  });
  expect(() => readSettings([["colour", "red"]])).toThrow(expect.objectContaining({ exit: 2 }));
});
