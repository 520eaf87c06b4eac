import { expect, test } from "vitest";
import type { SpanView } from "../../../server/deployments/schema";
import { streamOf } from "./stream-model";

const BEGIN = Date.parse("2026-03-20T13:18:02.000Z");
const iso = (seconds: number) => new Date(BEGIN + seconds * 1000).toISOString();
const span = (step: string, cls: SpanView["class"], from: number, to: number | null, outcome: SpanView["outcome"] = "ok"): SpanView => ({
  id: step,
  step,
  class: cls,
  startedAt: iso(from),
  finishedAt: to === null ? null : iso(to),
  outcome: to === null ? null : outcome,
  cached: false,
  attempt: 1,
  parent: null,
  detail: {},
});
const begun = [span("validate", "va", 0, 0.4), span("queue", "wait", 0.4, 3.2), span("fetch", "va", 3.2, 5.1), span("plan", "va", 5.1, 5.6)];
const usual = [
  { step: "build", seconds: 51 },
  { step: "release", seconds: 4.6 },
  { step: "health", seconds: 9 },
];

test("columns and what lies between them add up to the run", () => {
  const spans = [...begun, span("build", "va", 5.8, 40), span("release", "va", 40, 44), span("health", "wait", 44, 50)];
  const model = streamOf({ status: "succeeded", kind: "code", createdAt: iso(0), finishedAt: iso(50), step: null, stepStartedAt: null, spans }, [], 0);
  const sum = model.columns.reduce((total, column) => total + (column.seconds ?? 0), 0) + model.unattributed;
  expect(sum).toBeCloseTo(50, 6);
  expect(model.unattributed).toBeCloseTo(0.2, 6);
  expect(model.columns.find((column) => column.step === "push-image")?.phase).toBe("skipped");
});

test("a running step grows to now and its usual rest is a ghost", () => {
  const model = streamOf(
    {
      status: "running",
      kind: "code",
      createdAt: iso(0),
      finishedAt: null,
      step: "build",
      stepStartedAt: null,
      spans: [...begun, span("build", "va", 5.6, null)],
    },
    usual,
    BEGIN + 33_000,
  );
  const build = model.columns.find((column) => column.step === "build");
  expect(build?.phase).toBe("running");
  expect(build?.seconds).toBeCloseTo(27.4, 6);
  expect(model.segments.filter((segment) => segment.look === "ghost").map((segment) => segment.step)).toEqual(["build", "release", "health"]);
  expect(model.predicted).toBeCloseTo(5.6 + 51 + 4.6 + 9, 6);
});

test("a failed step is marked and later steps did not run", () => {
  const model = streamOf(
    {
      status: "failed",
      kind: "code",
      createdAt: iso(0),
      finishedAt: iso(20),
      step: null,
      stepStartedAt: null,
      spans: [...begun, span("build", "va", 5.6, 20, "failed")],
    },
    usual,
    0,
  );
  expect(model.segments.at(-1)?.look).toBe("va failed");
  expect(model.columns.find((column) => column.step === "build")?.phase).toBe("failed");
  expect(model.columns.find((column) => column.step === "verify")?.phase).toBe("off");
});

test("a rollback builds nothing, so nothing is predicted for it", () => {
  const model = streamOf(
    {
      status: "running",
      kind: "rollback",
      createdAt: iso(0),
      finishedAt: null,
      step: "release",
      stepStartedAt: null,
      spans: [span("validate", "va", 0, 0.1), span("release", "va", 0.1, null)],
    },
    usual,
    BEGIN + 1000,
  );
  expect(model.columns.find((column) => column.step === "build")?.phase).toBe("skipped");
  expect(model.predicted).toBeCloseTo(0.1 + 4.6 + 9, 6);
});

test("a run that waits shows its waiting", () => {
  const model = streamOf(
    { status: "queued", kind: "code", createdAt: iso(0), finishedAt: null, step: null, stepStartedAt: null, spans: [span("validate", "va", 0, 0.1)] },
    [],
    BEGIN + 5000,
  );
  expect(model.columns.find((column) => column.step === "queue")).toMatchObject({ phase: "running", seconds: 4.9 });
});

test("a table's run without an open span still shows the step that runs", () => {
  const model = streamOf(
    { status: "running", kind: "code", createdAt: iso(0), finishedAt: null, step: "build", stepStartedAt: iso(5.6), spans: begun },
    [],
    BEGIN + 20_000,
  );
  expect(model.segments.at(-1)).toMatchObject({ step: "build", look: "va", from: 5.6 });
  expect(model.unattributed).toBeCloseTo(0, 6);
});
