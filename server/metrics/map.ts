import type { Micros } from "../../db/schema/columns";
import { DEFINITION_VERSION, DEPLOYMENT_STEPS, type StepClass, type StepDefinition, UNATTRIBUTED } from "../streams/definitions";
import { addRun, classOfStep, type MapSums, noSums, runInterval, type StepSums } from "./map-sums";

export { runInterval };

export const mapDefinition = (stream: string): string => `${stream}/${DEFINITION_VERSION}`;

export type RunSpan = {
  step: string;
  class: StepClass;
  startedAt: Micros;
  finishedAt: Micros;
  outcome: "ok" | "failed" | "cancelled" | "skipped" | "interrupted";
  attempt: number;
  rework: boolean;
};
/** One run and its top-level spans. `authoredAt` is the head commit's. */
export type MapRun = {
  id: string;
  /** Where one runs at a time; of our own deployments alone. */
  appId?: string;
  /** When it went live: by that it belongs to a period. */
  liveAt?: Micros | null;
  /** Ours, or known from an import; not said of other streams. */
  isImported?: boolean;
  createdAt: Micros;
  authoredAt: Micros | null;
  finishedAt: Micros | null;
  spans: readonly RunSpan[];
};

export type MapStep = {
  key: string;
  title: string;
  class: StepClass;
  processTime: number;
  waitTime: number;
  leadTime: number;
  activityRatio: number | null;
  percentCompleteAccurate: number | null;
  n: number;
  utilisation: number | null;
};
export type ValueStreamMap = {
  steps: MapStep[];
  total: {
    /** Runs that have an end: what every sum is over. */
    runs: number;
    processTime: number;
    waitTime: number;
    leadTime: number;
    pce: number | null;
    activityRatio: number | null;
    rolledCA: number | null;
    throughput: number | null;
    wip: number | null;
    /** Little's law: what throughput × mean lead time says that WIP is. */
    littlesLaw: number | null;
  };
  fromPush: { leadTime: number; pce: number | null; activityRatio: number | null };
  bottleneck: { step: string; share: number; remedy: string } | null;
};
export type MapWindow = { from: Micros; to: Micros; days: number };
/** Worker-seconds that a step's runs had to share in the window; null where nothing is known of it. */
export type Capacity = { steps: readonly string[]; slots: number } | null;

const S = 1_000_000;
const ratio = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole);

/**
 * The value stream map of runs: each instant of each run counts once, what no span covers is wait, and every ratio is one of sums over
 * runs. Source: value-streams.md, Value stream map; Martin & Osterling, *Value Stream Mapping*.
 */
export function valueStreamMap(
  runs: readonly MapRun[],
  window: MapWindow,
  capacity: Capacity,
  definition: readonly StepDefinition[] = DEPLOYMENT_STEPS,
): ValueStreamMap {
  const sums = noSums();
  let inProgress = 0;
  for (const run of runs) {
    addRun(sums, run);
    const interval = runInterval(run);
    if (interval) inProgress += Math.max(0, Math.min(interval.to, window.to) - Math.max(interval.from, window.from));
  }
  return mapOfSums(sums, inProgress, window, capacity, definition);
}

/** The same of sums that are known. @param inProgress what runs have of the window, in microseconds */
export function mapOfSums(
  sums: MapSums,
  inProgress: Micros,
  window: MapWindow,
  capacity: Capacity,
  definition: readonly StepDefinition[] = DEPLOYMENT_STEPS,
): ValueStreamMap {
  const { whole, pushed, ended } = sums;
  const length = window.to - window.from;
  const steps = inOrder([...sums.steps], definition).map((one) => toStep(one, length, capacity, definition));
  const accurate = steps.flatMap((step) => (step.percentCompleteAccurate === null ? [] : [step.percentCompleteAccurate]));
  const [lead, pushedLead] = [whole, pushed].map((times) => times.va + times.nnva + times.wait) as [number, number];
  return {
    steps,
    total: {
      runs: ended,
      processTime: (whole.va + whole.nnva) / S,
      waitTime: whole.wait / S,
      leadTime: lead / S,
      pce: ratio(whole.va, lead),
      activityRatio: ratio(whole.va + whole.nnva, lead),
      rolledCA: accurate.length === 0 ? null : accurate.reduce((product, value) => product * value, 1),
      throughput: ratio(ended, window.days),
      wip: ratio(inProgress, length),
      littlesLaw: ended === 0 || length === 0 ? null : (ended / length) * (lead / ended),
    },
    fromPush: { leadTime: pushedLead / S, pce: ratio(pushed.va, pushedLead), activityRatio: ratio(pushed.va + pushed.nnva, pushedLead) },
    bottleneck: bottleneckOf(steps, lead / S, capacity),
  };
}

type Keyed = [key: string, sums: StepSums];
/** Steps of the definition in its order; others where they come in time; what is unattributed last. */
function inOrder(list: Keyed[], definition: readonly StepDefinition[]): Keyed[] {
  const order = new Map<string, number>(definition.map((step, at) => [step.key, at]));
  const place = ([, one]: Keyed) => one.offset / Math.max(1, one.passes);
  const known = list.filter(([key]) => order.has(key)).sort(([a], [b]) => (order.get(a) ?? 0) - (order.get(b) ?? 0));
  // of two that come at the same place the name decides: the order does not depend on how the sums were added up
  const others = list.filter(([key]) => !order.has(key) && key !== UNATTRIBUTED).sort((a, b) => place(a) - place(b) || (a[0] < b[0] ? -1 : 1));
  const merged: Keyed[] = [];
  for (const step of known) {
    while (others[0] && place(others[0]) < place(step)) merged.push(others.shift() as Keyed);
    merged.push(step);
  }
  return [...merged, ...others, ...list.filter(([key]) => key === UNATTRIBUTED)];
}

function toStep([key, one]: Keyed, length: Micros, capacity: Capacity, definition: readonly StepDefinition[]): MapStep {
  const process = one.va + one.nnva;
  const lead = process + one.wait;
  const isShared = capacity?.steps.includes(key) ?? false;
  return {
    key,
    title: definition.find((step) => step.key === key)?.title ?? (key === UNATTRIBUTED ? "Unattributed" : key),
    class: classOfStep(one),
    processTime: process / S,
    waitTime: one.wait / S,
    leadTime: lead / S,
    activityRatio: ratio(process, lead),
    percentCompleteAccurate: key === UNATTRIBUTED ? null : ratio(one.accurate, one.passes),
    n: one.runs,
    utilisation: isShared && capacity && length > 0 ? process / (capacity.slots * length) : null,
  };
}

function bottleneckOf(steps: readonly MapStep[], lead: number, capacity: Capacity): ValueStreamMap["bottleneck"] {
  if (lead === 0) return null;
  const busiest = steps.filter((step) => step.utilisation !== null).sort((a, b) => (b.utilisation ?? 0) - (a.utilisation ?? 0));
  const longest = [...steps].sort((a, b) => b.leadTime - a.leadTime)[0];
  const isClear = busiest[0] !== undefined && busiest[0].utilisation !== busiest[1]?.utilisation && (busiest[0].utilisation ?? 0) > 0;
  const step = isClear ? busiest[0] : longest;
  if (!step) return null;
  const share = step.leadTime / lead;
  return { step: step.key, share, remedy: remedyFor(step, share, steps, lead, capacity) };
}

function remedyFor(step: MapStep, share: number, steps: readonly MapStep[], lead: number, capacity: Capacity): string {
  const percent = (value: number) => `${(value * 100).toFixed(0)} %`;
  const said = `${percent(share)} of lead time is ${step.key}`;
  const queued = steps.find((one) => one.key === "queue");
  if (step.key === "queue" || (step.utilisation !== null && queued && queued.leadTime / lead > 0.2)) {
    const waits = queued ?? step;
    const slots = capacity?.slots;
    return `${percent(waits.leadTime / lead)} of lead time is queue: ${slots === undefined ? "build more at once" : `raise build concurrency from ${slots} to ${slots + 1}`}.`;
  }
  if (step.key === "push") return `${said}: commits wait before they are pushed; push, and merge, in smaller pieces and sooner.`;
  if (step.key === "build") return `${said}: order the Dockerfile so that what changes seldom comes first, and keep its cache.`;
  if (step.key === "health") return `${said}: shorten the application's start, or its health check's interval and successes.`;
  if (step.key === UNATTRIBUTED) return `${said}: no step was recorded there; add the missing steps to see what it is.`;
  return `${percent(share)} of lead time is ${step.title}: look at its longest runs first.`;
}
