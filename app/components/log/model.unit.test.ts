import { expect, test } from "vitest";
import { extended, groupLines, hashOf, linkedLines, nextFind, rowsOf, search, toneOf } from "./model";

const line = (n: number, s: string, x = `line ${n}`) => ({ n, t: n, s, x });

test("a step that comes again is a group of its own", () => {
  const groups = groupLines([line(1, "fetch"), line(2, "build"), line(3, "build"), line(4, "fetch")]);
  expect(groups.map((group) => [group.step, group.lines.length])).toEqual([
    ["fetch", 1],
    ["build", 2],
    ["fetch", 1],
  ]);
});

test("closed groups show their head only", () => {
  const rows = rowsOf(groupLines([line(1, "fetch"), line(2, "build"), line(3, "build")]), (group) => (group.step === "build" ? "whole" : "closed"));
  expect(rows.map((row) => row.kind)).toEqual(["head", "head", "line", "line"]);
});

test("a long group shown short says which lines are folded, and none is lost or shown twice", () => {
  const lines = Array.from({ length: 245 }, (_, index) => line(index + 5, "build"));
  const rows = rowsOf(groupLines(lines), () => "short");
  const gap = rows.find((row) => row.kind === "gap");
  expect(gap).toMatchObject({ from: 15, to: 229, count: 215 });
  const shown = rows.flatMap((row) => (row.kind === "line" ? [row.line.n] : []));
  expect(shown).toEqual(lines.map(({ n }) => n).filter((n) => n < 15 || n > 229));
  expect(rows.map((row) => row.kind).indexOf("gap")).toBe(11);
});

test("a group that is not long is shown whole", () => {
  const rows = rowsOf(groupLines(Array.from({ length: 60 }, (_, index) => line(index + 1, "build"))), () => "short");
  expect(rows.map((row) => row.kind)).toEqual(["head", ...Array.from({ length: 60 }, () => "line")]);
});

test("search reads what is seen, not the colours", () => {
  expect(search([line(1, "build", "\u001b[31mFai\u001b[1mled\u001b[0m"), line(2, "build")], "failed")).toEqual([1]);
});

test.each([
  ["#L120", { from: 120, to: 120 }],
  ["#L120-L140", { from: 120, to: 140 }],
  ["#L120-140", { from: 120, to: 140 }],
  ["#L140-L120", { from: 120, to: 140 }],
  ["#l120", null],
  ["#L", null],
  ["#L1-", null],
  ["#L1-L2-L3", null],
  ["#L12345678901", null],
  ["", null],
])("%s links %o", (hash, lines) => {
  expect(linkedLines(hash)).toEqual(lines);
});

test("an address made of lines is read as the same lines", () => {
  for (const lines of [
    { from: 3, to: 3 },
    { from: 3, to: 9 },
  ])
    expect(linkedLines(hashOf(lines))).toEqual(lines);
});

test("Shift extends from the first linked line, up or down", () => {
  expect([extended(null, 5), extended({ from: 5, to: 5 }, 9), extended({ from: 5, to: 9 }, 7), extended({ from: 5, to: 9 }, 2)]).toEqual([
    { from: 5, to: 5 },
    { from: 5, to: 9 },
    { from: 5, to: 7 },
    { from: 2, to: 5 },
  ]);
});

test("tones come from the words", () => {
  expect([toneOf({ x: "ERROR not healthy" }), toneOf({ x: "npm warn deprecated" }), toneOf({ x: "#9 CACHED" }), toneOf({ x: "terrors" })]).toEqual([
    "err",
    "",
    "dim",
    "",
  ]);
});

test("the first step goes to the first find, then around the ends", () => {
  expect([nextFind(-1, 1, 3), nextFind(0, 1, 3), nextFind(2, 1, 3), nextFind(0, -1, 3), nextFind(-1, -1, 3), nextFind(9, 1, 3)]).toEqual([0, 1, 0, 2, 2, 0]);
});
