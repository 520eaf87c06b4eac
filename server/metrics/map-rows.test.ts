import fc from "fast-check";
import { expect, test } from "vitest";
import { UNATTRIBUTED } from "../streams/definitions";
import { type MapRun, valueStreamMap } from "./map";
import { stepRows } from "./map-rows";

const S = 1_000_000;
const anyRuns = fc.array(
  fc.array(
    fc.record({
      step: fc.constantFrom("queue", "build", "release", "verify", "review"),
      class: fc.constantFrom("va" as const, "nnva" as const, "wait" as const),
      from: fc.integer({ min: 0, max: 100 }),
      length: fc.integer({ min: 0, max: 60 }),
      outcome: fc.constantFrom("ok" as const, "failed" as const, "skipped" as const, "interrupted" as const),
    }),
    { maxLength: 6 },
  ),
  { maxLength: 5 },
);

test("the rows behind a box add up to the box, for each step of any runs", () => {
  fc.assert(
    fc.property(anyRuns, (list) => {
      const runs = list.map(
        (spans, at): MapRun => ({
          id: `run-${at}`,
          createdAt: 0,
          authoredAt: null,
          finishedAt: 200 * S,
          spans: spans.map(({ from, length, ...span }) => ({ ...span, startedAt: from * S, finishedAt: (from + length) * S, attempt: 1, rework: false })),
        }),
      );
      const map = valueStreamMap(runs, { from: 0, to: 1000 * S, days: 1 }, null);
      for (const step of map.steps) {
        const rows = stepRows(runs, step.key);
        const sum = (read: (row: (typeof rows)[number]) => number) => rows.reduce((total, row) => total + read(row), 0);
        expect(sum((row) => row.lead)).toBeCloseTo(step.leadTime, 6);
        expect(sum((row) => row.process)).toBeCloseTo(step.processTime, 6);
        expect(sum((row) => row.wait)).toBeCloseTo(step.waitTime, 6);
        expect(rows.length, step.key).toBe(step.n);
      }
      expect(stepRows(runs, UNATTRIBUTED).length).toBe(map.steps.find((step) => step.key === UNATTRIBUTED)?.n ?? 0);
    }),
  );
});
