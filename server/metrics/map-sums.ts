import type { Micros } from "../../db/schema/columns";
import { attribute, totalsOf } from "../streams/attribute";
import { BAKE, type StepClass, UNATTRIBUTED } from "../streams/definitions";
import type { MapRun, RunSpan } from "./map";
import type { KeptSums } from "./schema";

type Times = Record<StepClass, Micros>;
/** A step over runs. `offset` is from a run's beginning to the step's, `classes` how many runs passed through it as what. */
export type StepSums = Times & { runs: number; passes: number; accurate: number; offset: Micros; classes: Record<StepClass, number> };
/** What a value stream map is made of: sums over runs, so that maps of parts add up to the map of the whole. */
export type MapSums = { runs: number; measured: number; ended: number; whole: Times; pushed: Times; steps: Map<string, StepSums> };

const CLASSES = ["va", "nnva", "wait"] as const;
const none = (): Times => ({ va: 0, nnva: 0, wait: 0 });
export const noSums = (): MapSums => ({ runs: 0, measured: 0, ended: 0, whole: none(), pushed: none(), steps: new Map() });

/** From the head commit, or from the wish to deploy, to the end of `verify`. Null while a run has no end. */
export function runInterval(run: MapRun): { from: Micros; to: Micros } | null {
  const spans = run.spans.filter((span) => span.step !== BAKE);
  const verified = spans.filter((span) => span.step === "verify").map((span) => span.finishedAt);
  const to = verified.length > 0 ? Math.max(...verified) : (run.finishedAt ?? (spans.length > 0 ? Math.max(...spans.map((span) => span.finishedAt)) : null));
  if (to === null) return null;
  const from = Math.min(run.authoredAt ?? run.createdAt, run.createdAt);
  return from < to ? { from, to } : null;
}

/** What one run adds: each instant of it counts once, and what no span covers is wait. */
export function addRun(sums: MapSums, run: MapRun): void {
  sums.runs++;
  if (run.isImported === false) sums.measured++;
  const interval = runInterval(run);
  if (!interval) return;
  sums.ended++;
  const spans = run.spans.filter((span) => span.step !== BAKE && span.outcome !== "skipped");
  const slices = attribute(spans, interval.from, interval.to);
  addTimes(sums.whole, totalsOf(slices));
  const push = spans.find((span) => span.step === "webhook")?.startedAt ?? interval.from;
  addTimes(sums.pushed, totalsOf(attribute(spans, Math.max(push, interval.from), interval.to)));
  for (const slice of slices) stepOf(sums, slice.step)[slice.class] += slice.finishedAt - slice.startedAt;
  const uncovered = slices.filter((slice) => slice.step === UNATTRIBUTED);
  if (uncovered.length > 0 && !spans.some((span) => span.step === UNATTRIBUTED)) {
    const own = stepOf(sums, UNATTRIBUTED);
    own.runs++;
    own.classes.wait++;
  }
  countPasses(sums, spans, interval.from);
}

/** A pass is complete and accurate when its first attempt ended well and nothing later sent it back. */
function countPasses(sums: MapSums, spans: readonly RunSpan[], from: Micros): void {
  for (const key of new Set(spans.map((span) => span.step))) {
    const own = spans.filter((span) => span.step === key);
    const main = own.find((span) => span.outcome !== "interrupted") ?? own[0];
    const step = stepOf(sums, key);
    step.runs++;
    step.passes++;
    step.classes[main?.class ?? "wait"]++;
    step.offset += Math.min(...own.map((span) => span.startedAt)) - from;
    if (own.every((span) => span.attempt === 1 && span.outcome === "ok" && !span.rework)) step.accurate++;
  }
}

function stepOf(sums: MapSums, key: string): StepSums {
  const known = sums.steps.get(key);
  if (known) return known;
  const fresh: StepSums = { ...none(), runs: 0, passes: 0, accurate: 0, offset: 0, classes: none() };
  sums.steps.set(key, fresh);
  return fresh;
}

function addTimes(to: Times, more: Times): void {
  for (const key of CLASSES) to[key] += more[key];
}

/** What a step is: as what most runs passed through it. */
export const classOfStep = ({ classes }: StepSums): StepClass => CLASSES.reduce((found, one) => (classes[one] > classes[found] ? one : found), "va");

const timesOf = (times: Times): [number, number, number] => [times.va, times.nnva, times.wait];

/** Sums in the form in which they are stored. */
export const keepSums = (sums: MapSums): KeptSums => ({
  of: [sums.runs, sums.measured, sums.ended],
  whole: timesOf(sums.whole),
  pushed: timesOf(sums.pushed),
  steps: [...sums.steps].map(([key, one]) => [key, one.va, one.nnva, one.wait, one.runs, one.passes, one.accurate, one.offset, ...timesOf(one.classes)]),
});

/** Adds sums in the form in which they are stored. */
export function addKept(sums: MapSums, { of, whole, pushed, steps }: KeptSums): void {
  sums.runs += of[0];
  sums.measured += of[1];
  sums.ended += of[2];
  const plus = (to: Times, [va, nnva, wait]: [number, number, number]) => addTimes(to, { va, nnva, wait });
  plus(sums.whole, whole);
  plus(sums.pushed, pushed);
  for (const [key, va, nnva, wait, runs, passes, accurate, offset, ...classes] of steps) {
    const own = stepOf(sums, key);
    plus(own, [va, nnva, wait]);
    own.runs += runs;
    own.passes += passes;
    own.accurate += accurate;
    own.offset += offset;
    plus(own.classes, classes);
  }
}
