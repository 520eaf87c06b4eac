import type { Micros } from "../../db/schema/columns";
import { attribute, totalsOf } from "../streams/attribute";
import { BAKE, DEFINITION_VERSION, DEPLOYMENT_STEPS, type StepClass, type StepDefinition, UNATTRIBUTED } from "../streams/definitions";

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

/** From the head commit, or from the wish to deploy, to the end of `verify`. Null while a run has no end. */
export function runInterval(run: MapRun): { from: Micros; to: Micros } | null {
  const spans = run.spans.filter((span) => span.step !== BAKE);
  const verified = spans.filter((span) => span.step === "verify").map((span) => span.finishedAt);
  const to = verified.length > 0 ? Math.max(...verified) : (run.finishedAt ?? (spans.length > 0 ? Math.max(...spans.map((span) => span.finishedAt)) : null));
  if (to === null) return null;
  const from = Math.min(run.authoredAt ?? run.createdAt, run.createdAt);
  return from < to ? { from, to } : null;
}

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
  const sums = new Map<string, Sums>();
  const whole = { va: 0, nnva: 0, wait: 0, lead: 0 };
  const pushed = { va: 0, nnva: 0, wait: 0, lead: 0 };
  let inProgress = 0;
  let counted = 0;
  for (const run of runs) {
    const interval = runInterval(run);
    if (!interval) continue;
    counted++;
    const spans = run.spans.filter((span) => span.step !== BAKE && span.outcome !== "skipped");
    const slices = attribute(spans, interval.from, interval.to);
    add(whole, totalsOf(slices));
    const push = spans.find((span) => span.step === "webhook")?.startedAt ?? interval.from;
    add(pushed, totalsOf(attribute(spans, Math.max(push, interval.from), interval.to)));
    inProgress += Math.max(0, Math.min(interval.to, window.to) - Math.max(interval.from, window.from));
    for (const slice of slices) {
      const own = sumsOf(sums, slice.step, slice.class);
      own[slice.class] += slice.finishedAt - slice.startedAt;
      if (slice.step === UNATTRIBUTED) own.runs.add(run.id);
    }
    countPasses(sums, run.id, spans, interval.from);
  }
  const length = window.to - window.from;
  const steps = inOrder([...sums.values()], definition).map((one) => toStep(one, length, capacity, definition));
  const accurate = steps.flatMap((step) => (step.percentCompleteAccurate === null ? [] : [step.percentCompleteAccurate]));
  const throughput = ratio(counted, window.days);
  return {
    steps,
    total: {
      runs: counted,
      processTime: (whole.va + whole.nnva) / S,
      waitTime: whole.wait / S,
      leadTime: whole.lead / S,
      pce: ratio(whole.va, whole.lead),
      activityRatio: ratio(whole.va + whole.nnva, whole.lead),
      rolledCA: accurate.length === 0 ? null : accurate.reduce((product, value) => product * value, 1),
      throughput,
      wip: ratio(inProgress, length),
      littlesLaw: counted === 0 || length === 0 ? null : (counted / length) * (whole.lead / counted),
    },
    fromPush: { leadTime: pushed.lead / S, pce: ratio(pushed.va, pushed.lead), activityRatio: ratio(pushed.va + pushed.nnva, pushed.lead) },
    bottleneck: bottleneckOf(steps, whole.lead / S, capacity),
  };
}

type Sums = { key: string; class: StepClass; va: Micros; nnva: Micros; wait: Micros; runs: Set<string>; accurate: number; offset: number; passes: number };

function sumsOf(sums: Map<string, Sums>, key: string, cls: StepClass): Sums {
  const known = sums.get(key);
  if (known) return known;
  const fresh: Sums = { key, class: cls, va: 0, nnva: 0, wait: 0, runs: new Set(), accurate: 0, offset: 0, passes: 0 };
  sums.set(key, fresh);
  return fresh;
}

const add = (to: Record<"va" | "nnva" | "wait" | "lead", number>, more: Record<"va" | "nnva" | "wait" | "lead", number>) => {
  for (const key of ["va", "nnva", "wait", "lead"] as const) to[key] += more[key];
};

/** A pass is complete and accurate when its first attempt ended well and nothing later sent it back. */
function countPasses(sums: Map<string, Sums>, run: string, spans: readonly RunSpan[], from: Micros): void {
  for (const key of new Set(spans.map((span) => span.step))) {
    const own = spans.filter((span) => span.step === key);
    const main = own.find((span) => span.outcome !== "interrupted") ?? own[0];
    const step = sumsOf(sums, key, main?.class ?? "wait");
    step.runs.add(run);
    step.passes++;
    step.offset += Math.min(...own.map((span) => span.startedAt)) - from;
    if (own.every((span) => span.attempt === 1 && span.outcome === "ok" && !span.rework)) step.accurate++;
  }
}

/** Steps of the definition in its order; others where they come in time; what is unattributed last. */
function inOrder(list: Sums[], definition: readonly StepDefinition[]): Sums[] {
  const order = new Map<string, number>(definition.map((step, at) => [step.key, at]));
  const place = (one: Sums) => one.offset / Math.max(1, one.passes);
  const known = list.filter((one) => order.has(one.key)).sort((a, b) => (order.get(a.key) ?? 0) - (order.get(b.key) ?? 0));
  const others = list.filter((one) => !order.has(one.key) && one.key !== UNATTRIBUTED).sort((a, b) => place(a) - place(b));
  const merged: Sums[] = [];
  for (const step of known) {
    while (others[0] && place(others[0]) < place(step)) merged.push(others.shift() as Sums);
    merged.push(step);
  }
  return [...merged, ...others, ...list.filter((one) => one.key === UNATTRIBUTED)];
}

function toStep(one: Sums, length: Micros, capacity: Capacity, definition: readonly StepDefinition[]): MapStep {
  const process = one.va + one.nnva;
  const lead = process + one.wait;
  const isShared = capacity?.steps.includes(one.key) ?? false;
  return {
    key: one.key,
    title: definition.find((step) => step.key === one.key)?.title ?? (one.key === UNATTRIBUTED ? "Unattributed" : one.key),
    class: one.class,
    processTime: process / S,
    waitTime: one.wait / S,
    leadTime: lead / S,
    activityRatio: ratio(process, lead),
    percentCompleteAccurate: one.key === UNATTRIBUTED ? null : ratio(one.accurate, one.passes),
    n: one.runs.size,
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
