import { expect, test } from "vitest";
import { drawParts } from "./draw";

const span = (step: string, cls: "va" | "nnva" | "wait", startedAt: number, finishedAt: number, outcome = "ok") => ({
  step,
  class: cls,
  startedAt: startedAt * 1e6,
  finishedAt: finishedAt * 1e6,
  outcome,
});

test("neighbours that look alike are one part, and a gap is a wait", () => {
  const spans = [span("fetch", "va", 0, 1), span("build", "va", 1, 3), span("release", "va", 4, 5)];
  expect(drawParts(spans, 5e6)).toEqual([
    { look: "va", from: 0, length: 3 },
    { look: "wait", from: 3, length: 1 },
    { look: "va", from: 4, length: 1 },
  ]);
});

test("a step that failed stands out; what was skipped and the bake are not drawn", () => {
  const spans = [span("build", "va", 0, 2, "failed"), span("release", "va", 0, 2, "skipped"), span("bake", "wait", 1, 2)];
  expect(drawParts(spans, 2e6)).toEqual([{ look: "va failed", from: 0, length: 2 }]);
});

test("what is less than a pixel belongs to what was before it, unless it failed", () => {
  const spans = [span("build", "va", 0, 10), span("queue", "wait", 10, 10.01), span("release", "va", 10.01, 20), span("route", "va", 20, 20.01, "failed")];
  expect(drawParts(spans, 20.01e6)).toEqual([
    { look: "va", from: 0, length: 20 },
    { look: "va failed", from: 20, length: 0.01 },
  ]);
});
