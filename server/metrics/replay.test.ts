import fc from "fast-check";
import { expect, test } from "vitest";
import { type Job, jobsOf, replay, replayWaits } from "./replay";

const S = 1_000_000;
const job = (app: string, arrivedAt: number, slotFor: number, busyFor = slotFor): Job => ({
  app,
  arrivedAt: arrivedAt * S,
  slotFor: slotFor * S,
  busyFor: busyFor * S,
});
const seconds = (waits: number[]) => waits.map((wait) => wait / S);

test("three pushes at once: one slot makes a queue, two halve it, three leave none", () => {
  const jobs = [job("a", 0, 60), job("b", 0, 60), job("c", 0, 60)];
  expect(seconds(replayWaits(jobs, 1))).toEqual([0, 60, 120]);
  expect(seconds(replayWaits(jobs, 2))).toEqual([0, 0, 60]);
  expect(seconds(replayWaits(jobs, 3))).toEqual([0, 0, 0]);
});

test("one application runs one deployment at a time however many slots there are; another overtakes it meanwhile", () => {
  const jobs = [job("a", 0, 30, 100), job("a", 10, 30, 100), job("b", 20, 30)];
  expect(seconds(replayWaits(jobs, 4))).toEqual([0, 90, 0]);
  expect(seconds(replayWaits(jobs, 1))).toEqual([0, 90, 10]);
});

/** The same system, told second by second: nothing of it is shared with the replay. */
function ticked(jobs: Job[], slots: number): number[] {
  const state = jobs.map((one) => ({ one, began: null as number | null }));
  for (let now = 0; state.some(({ began }) => began === null); now++) {
    for (const each of [...state].sort((a, b) => a.one.arrivedAt - b.one.arrivedAt || state.indexOf(a) - state.indexOf(b))) {
      if (each.began !== null || each.one.arrivedAt > now) continue;
      const holding = state.filter(({ one, began }) => began !== null && began + one.slotFor > now).length;
      const isBusy = state.some(({ one, began }) => one.app === each.one.app && began !== null && began + one.busyFor > now);
      if (holding < slots && !isBusy) each.began = now;
    }
  }
  return state.map(({ one, began }) => (began ?? 0) - one.arrivedAt);
}

test("what a replay says of other slots is what happens when they are really changed", () => {
  const anyJobs = fc.array(
    fc.record({
      app: fc.constantFrom("a", "b", "c", "d"),
      arrivedAt: fc.integer({ min: 0, max: 40 }),
      slotFor: fc.integer({ min: 1, max: 15 }),
      more: fc.integer({ min: 0, max: 10 }),
    }),
    { minLength: 1, maxLength: 12 },
  );
  fc.assert(
    fc.property(anyJobs, fc.integer({ min: 1, max: 4 }), (list, slots) => {
      const jobs = list.map(({ more, ...one }) => ({ ...one, busyFor: one.slotFor + more }));
      expect(replayWaits(jobs, slots)).toEqual(ticked(jobs, slots));
    }),
  );
});

test("a run that was not recorded from its queue on is not replayed", () => {
  const span = (step: string, from: number, to: number) => ({
    step,
    class: "wait" as const,
    startedAt: from * S,
    finishedAt: to * S,
    outcome: "ok" as const,
    attempt: 1,
    rework: false,
  });
  const run = (id: string, queue: number) => ({
    id,
    appId: id,
    createdAt: 0,
    authoredAt: null,
    finishedAt: null,
    spans: [span("queue", 0, queue), span("build", queue, queue + 60)],
  });
  expect(jobsOf([{ ...run("a", 1), spans: [span("build", 0, 1)] }])).toBeNull();
  expect(replay([], 1)).toBeNull();
  expect(replay(jobsOf([run("a", 0), run("b", 60), run("c", 120)]), 0)).toBeNull();
  expect(replay(jobsOf([run("a", 0), run("b", 60), run("c", 120)]), 1)).toEqual([
    { slots: 1, queueS: 60 },
    { slots: 2, queueS: 20 },
    { slots: 3, queueS: 0 },
  ]);
});
