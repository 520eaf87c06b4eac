import fc from "fast-check";
import { describe, expect, test } from "vitest";
import golden from "../../e2e/support/golden-cases.json";
import type { StepClass } from "../streams/definitions";
import { type MapRun, type RunSpan, runInterval, valueStreamMap } from "./map";

const S = 1_000_000;
const span = (step: string, from: number, to: number, cls: StepClass, more: Partial<RunSpan> = {}): RunSpan => ({
  step,
  class: cls,
  startedAt: from * S,
  finishedAt: to * S,
  outcome: "ok",
  attempt: 1,
  rework: false,
  ...more,
});
const run = (id: string, spans: RunSpan[], more: Partial<MapRun> = {}): MapRun => ({
  id,
  createdAt: 0,
  authoredAt: 0,
  finishedAt: Math.max(0, ...spans.map((one) => one.finishedAt)),
  spans,
  ...more,
});
const window = { from: 0, to: 86_400 * S, days: 1 };

describe("golden cases", () => {
  test("a value stream map", () => {
    const { spans, expect: wanted } = golden.value_stream_map;
    const map = valueStreamMap(
      [
        run(
          "r",
          spans.map(([step, from, to, cls]) => span(String(step), Number(from), Number(to), cls as StepClass)),
        ),
      ],
      window,
      null,
    );
    expect(map.total).toMatchObject({ leadTime: wanted.lead, processTime: wanted.va + wanted.nnva, waitTime: wanted.wait });
    expect(map.total.pce).toBeCloseTo(wanted.pce, 6);
    expect(map.total.activityRatio).toBeCloseTo(wanted.activity_ratio, 6);
    expect(map.fromPush.leadTime).toBe(wanted.from_push.lead);
    expect(map.fromPush.pce).toBeCloseTo(wanted.from_push.pce, 6);
    expect(map.fromPush.activityRatio).toBeCloseTo(wanted.from_push.activity_ratio, 6);
    expect(map.steps.map((step) => step.key)).toEqual(spans.map(([step]) => step));
  });

  test("a ratio of sums, not a mean of ratios", () => {
    const { runs, expect: wanted } = golden.ratio_of_sums;
    const map = valueStreamMap(
      runs.map(([va = 0, lead = 0], n) => run(String(n), [span("build", 0, va, "va"), span("queue", va, lead, "wait")])),
      window,
      null,
    );
    expect(map.total.pce).toBe(wanted.pce);
  });
});

describe("a step", () => {
  test("is complete and accurate when its first attempt ended well and nothing sent it back", () => {
    const good = [span("build", 0, 10, "va"), span("verify", 10, 12, "va")];
    const retried = [
      span("build", 0, 5, "wait", { outcome: "interrupted" }),
      span("build", 5, 15, "va", { attempt: 2, rework: true }),
      span("verify", 15, 16, "va"),
    ];
    const map = valueStreamMap([run("a", good), run("b", retried)], window, null);
    expect(map.steps.find((step) => step.key === "build")).toMatchObject({ percentCompleteAccurate: 0.5, n: 2, processTime: 20, waitTime: 5 });
    expect(map.steps.find((step) => step.key === "verify")?.percentCompleteAccurate).toBe(1);
    expect(map.total.rolledCA).toBe(0.5);
  });

  test("that nobody defined stands where it comes in time; what is covered by none is unattributed wait", () => {
    const map = valueStreamMap(
      [run("a", [span("review", 5, 20, "nnva"), span("build", 30, 40, "va"), span("verify", 40, 41, "va"), span("approval", 35, 36, "wait")])],
      window,
      null,
    );
    expect(map.steps.map((step) => [step.key, step.leadTime])).toEqual([
      ["review", 15],
      ["build", 10],
      ["approval", 0],
      ["verify", 1],
      ["unattributed", 15],
    ]);
  });

  test("with workers of its own is the bottleneck by how busy they are, else by its share of the lead time", () => {
    const runs = [run("a", [span("queue", 0, 60, "wait"), span("build", 60, 100, "va")])];
    expect(valueStreamMap(runs, window, null).bottleneck).toMatchObject({ step: "queue", share: 0.6 });
    const busy = valueStreamMap(runs, { ...window, to: 100 * S }, { steps: ["build"], slots: 1 });
    expect(busy.steps.find((step) => step.key === "build")?.utilisation).toBe(0.4);
    expect(busy.bottleneck).toMatchObject({ step: "build", remedy: "60 % of lead time is queue: raise build concurrency from 1 to 2." });
  });
});

test("without runs nothing is 0 that is unknown", () => {
  const map = valueStreamMap([], window, null);
  expect(map).toMatchObject({ steps: [], bottleneck: null, total: { leadTime: 0, pce: null, activityRatio: null, rolledCA: null, littlesLaw: null } });
});

test("bake lies after the end", () => {
  const map = valueStreamMap([run("a", [span("build", 0, 10, "va"), span("verify", 10, 12, "va"), span("bake", 12, 72, "wait")])], window, null);
  expect(map.total.leadTime).toBe(12);
});

const anySpan = fc
  .record({
    step: fc.constantFrom("queue", "build", "verify", "review"),
    cls: fc.constantFrom("va" as const, "nnva" as const, "wait" as const),
    from: fc.nat(500),
    length: fc.nat(300),
    attempt: fc.integer({ min: 1, max: 2 }),
  })
  .map(({ step, cls, from, length, attempt }) => span(step, from, from + length, cls, { attempt }));

test("whatever the spans: process and wait are the lead time, steps add up to the whole, and Little's law holds for runs inside the window", () => {
  fc.assert(
    fc.property(fc.array(fc.array(anySpan, { maxLength: 8 }), { maxLength: 6 }), (lists) => {
      const runs = lists.map((spans, n) => run(String(n), spans));
      const map = valueStreamMap(runs, { from: 0, to: 10_000 * S, days: 1 }, null);
      const lead = runs.reduce((sum, one) => {
        const interval = runInterval(one);
        return sum + (interval ? (interval.to - interval.from) / S : 0);
      }, 0);
      expect(map.total.leadTime).toBeCloseTo(lead, 6);
      expect(map.total.processTime + map.total.waitTime).toBeCloseTo(map.total.leadTime, 6);
      expect(map.steps.reduce((sum, step) => sum + step.leadTime, 0)).toBeCloseTo(map.total.leadTime, 6);
      if (map.total.littlesLaw !== null) expect(map.total.wip).toBeCloseTo(map.total.littlesLaw, 9);
    }),
  );
});
