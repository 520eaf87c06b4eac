import fc from "fast-check";
import { expect, test } from "vitest";
import type { StepClass } from "../streams/definitions";
import { type MapRun, mapOfSums, type RunSpan, valueStreamMap } from "./map";
import { addKept, addRun, keepSums, noSums, runInterval } from "./map-sums";

const span = fc.record({
  step: fc.constantFrom("queue", "build", "verify", "bake", "review", "unattributed"),
  class: fc.constantFrom<StepClass>("va", "nnva", "wait"),
  startedAt: fc.integer({ min: 0, max: 1000 }),
  length: fc.integer({ min: 0, max: 500 }),
  outcome: fc.constantFrom<RunSpan["outcome"]>("ok", "failed", "skipped", "interrupted"),
  attempt: fc.integer({ min: 1, max: 2 }),
  rework: fc.boolean(),
});
const run = fc.record({
  spans: fc.array(
    span.map(({ length, ...one }) => ({ ...one, finishedAt: one.startedAt + length })),
    { maxLength: 6 },
  ),
  createdAt: fc.integer({ min: 0, max: 300 }),
  authoredAt: fc.option(fc.integer({ min: -500, max: 300 })),
  finishedAt: fc.option(fc.integer({ min: 0, max: 2000 })),
  isImported: fc.boolean(),
});
const window = { from: 100, to: 900, days: 3 };

test("the map of all runs is the map of its parts' sums, kept and added in whatever order", () => {
  fc.assert(
    fc.property(fc.array(run, { maxLength: 8 }), fc.array(fc.nat(2), { minLength: 8, maxLength: 8 }), (drawn, part) => {
      const runs = drawn.map((one, n): MapRun => ({ ...one, id: String(n) }));
      const parts = [noSums(), noSums(), noSums()];
      for (const [n, one] of runs.entries()) addRun(parts[part[n] as number] as (typeof parts)[number], one);
      const whole = noSums();
      for (const sums of parts.reverse()) addKept(whole, JSON.parse(JSON.stringify(keepSums(sums))));
      const inProgress = runs
        .map(runInterval)
        .reduce((sum, at) => sum + (at ? Math.max(0, Math.min(at.to, window.to) - Math.max(at.from, window.from)) : 0), 0);
      expect(mapOfSums(whole, inProgress, window, null)).toEqual(valueStreamMap(runs, window, null));
      expect([whole.runs, whole.measured]).toEqual([runs.length, runs.filter((one) => one.isImported === false).length]);
    }),
  );
});

test("a step that runs pass through as different classes is what most of them passed through it as", () => {
  const of = (cls: StepClass): MapRun => ({
    id: cls,
    createdAt: 0,
    authoredAt: null,
    finishedAt: 20,
    spans: [{ step: "review", class: cls, startedAt: 5, finishedAt: 9, outcome: "ok", attempt: 1, rework: false }],
  });
  const classOf = (...list: StepClass[]) => valueStreamMap(list.map(of), window, null).steps.find((step) => step.key === "review")?.class;
  expect(classOf("va", "nnva", "nnva")).toBe("nnva");
  expect(classOf("wait", "va")).toBe("va");
});
