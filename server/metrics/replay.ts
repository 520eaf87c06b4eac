import type { Micros } from "../../db/schema/columns";
import type { MapRun } from "./map";

/** A run as the queue sees it: when it asked, how long it holds a build slot, and how long its application is busy in all. */
export type Job = { app: string; arrivedAt: Micros; slotFor: Micros; busyFor: Micros };

/**
 * How long each job waits when `slots` builds may run at once and an application runs one deployment at a time, first come first served.
 * The recorded arrivals and times are taken as they were: what is changed is the number of slots alone.
 */
export function replayWaits(jobs: readonly Job[], slots: number): Micros[] {
  const order = jobs.map((job, at) => ({ ...job, at })).sort((a, b) => a.arrivedAt - b.arrivedAt || a.at - b.at);
  const waits: Micros[] = new Array(jobs.length).fill(0);
  const slotFree: Micros[] = new Array(slots).fill(Number.NEGATIVE_INFINITY);
  const appFree = new Map<string, Micros>();
  const waiting = [...order];
  while (waiting.length > 0) {
    const earliest = Math.min(...slotFree);
    // of those that wait the one that can begin first goes first; among equals the one that came first
    let next = 0;
    let begin = Number.POSITIVE_INFINITY;
    for (const [at, job] of waiting.entries()) {
      const can = Math.max(job.arrivedAt, earliest, appFree.get(job.app) ?? Number.NEGATIVE_INFINITY);
      if (can < begin) [next, begin] = [at, can];
      if (job.arrivedAt >= begin) break;
    }
    const [job] = waiting.splice(next, 1);
    if (!job) break;
    waits[job.at] = begin - job.arrivedAt;
    slotFree[slotFree.indexOf(earliest)] = begin + job.slotFor;
    appFree.set(job.app, begin + job.busyFor);
  }
  return waits;
}

const SLOT_STEPS: ReadonlySet<string> = new Set(["fetch", "plan", "build"]);

/** A run as a job of the queue; null when it was not recorded well enough to be replayed. */
export function jobOf(run: MapRun): Job | null {
  const queue = run.spans.find((span) => span.step === "queue" && span.outcome === "ok");
  if (!queue || run.appId === undefined) return null;
  const after = run.spans.filter((span) => span.startedAt >= queue.finishedAt && span.step !== "bake" && span.outcome !== "skipped");
  const end = (steps: typeof after) => Math.max(queue.finishedAt, ...steps.map((span) => span.finishedAt));
  return {
    app: run.appId,
    arrivedAt: queue.startedAt,
    slotFor: end(after.filter((span) => SLOT_STEPS.has(span.step))) - queue.finishedAt,
    busyFor: end(after) - queue.finishedAt,
  };
}

/** Runs as jobs of the queue; null when one was not recorded well enough to be replayed. */
export function jobsOf(runs: readonly MapRun[]): Job[] | null {
  const jobs: Job[] = [];
  for (const run of runs) {
    const job = jobOf(run);
    if (!job) return null;
    jobs.push(job);
  }
  return jobs.length === 0 ? null : jobs;
}

export type Replay = { slots: number; queueS: number }[];
const MOST_SLOTS = 8;
export const MOST_JOBS = 5_000;

/** Mean wait in seconds with the slots there are and with more, until another one brings less than a tenth. Null where nothing can be replayed. */
export function replay(jobs: readonly Job[] | null, slots: number): Replay | null {
  if (!jobs || jobs.length === 0 || jobs.length > MOST_JOBS || slots === 0) return null;
  const found: Replay = [];
  for (let one = slots; one <= slots + MOST_SLOTS; one++) {
    const waits = replayWaits(jobs, one);
    const queueS = waits.reduce((sum, wait) => sum + wait, 0) / waits.length / 1_000_000;
    const before = found.at(-1);
    if (before && before.queueS - queueS < Math.max(0.1, before.queueS * 0.1)) break;
    found.push({ slots: one, queueS });
  }
  return found;
}
