import type { ManualStep } from "../../../server/improvement/manual-steps";
import type { MapStep, ValueStreamMap } from "../../../server/metrics/map";
import { counted, duration } from "../time/format";
import { rate } from "./figure";

export type DrawnStep = {
  key: string;
  title: string;
  kind: "work" | "support" | "wait";
  isBottleneck: boolean;
  /** Seconds of a mean run: over all runs, so that the rungs of the ladder add up to the mean lead time. */
  process: number;
  wait: number;
  lead: number;
  share: number;
  accurate: number | null;
  busy: number | null;
  runs: string;
  /** Seconds of a mean run in the period before; absent where nothing is known of it. */
  was?: number | null;
  /** Said by people, not measured. */
  isManual?: boolean;
};

/** The same steps, each with what it took in the period before. */
export function withBefore(steps: DrawnStep[], before: Halves | null): DrawnStep[] {
  if (!before || before.total.runs === 0) return steps;
  const runs = before.total.runs;
  const was = new Map(before.steps.map((step) => [step.key, step.leadTime / runs]));
  return steps.map((step) => ({ ...step, was: was.get(step.key) ?? null }));
}

export const MAP_STREAMS = [
  { value: "deployment", label: "deployment", from: "commit", to: "live, verified", about: "from commit to verified" },
  { value: "incident", label: "incident", from: "detected", to: "verified", about: "from detected to verified" },
  { value: "provisioning", label: "provisioning", from: "requested", to: "available", about: "from request to available" },
  { value: "onboarding", label: "onboarding", from: "signed up", to: "live", about: "from sign-up to something live" },
  { value: "feature", label: "feature", from: "idea", to: "live", about: "from idea to live" },
] as const;
export type MapStream = { value: string; label: string; from: string; to: string; about: string };
/** Any stream has a map: those of an import too. */
export const mapStream = (name: string): MapStream =>
  MAP_STREAMS.find((one) => one.value === name) ?? { value: name, label: name, from: "begun", to: "done", about: "from its first step to its last" };

/** Steps that people added, as the map draws them. */
export const drawManual = (steps: readonly ManualStep[], place: ManualStep["place"]): DrawnStep[] =>
  steps
    .filter((step) => step.place === place)
    .map((step) => ({
      key: step.id,
      title: step.title,
      kind: step.class === "va" ? "work" : "support",
      isBottleneck: false,
      process: step.processS,
      wait: step.waitS,
      lead: step.processS + step.waitS,
      share: 0,
      accurate: null,
      busy: null,
      runs: "as people say",
      isManual: true,
    }));

export type Compared = { key: string; title: string; now: number | null; before: number | null; accurateNow: number | null; accurateBefore: number | null };
type Halves = Pick<ValueStreamMap, "steps" | "total">;
/** Each step of a mean run in two periods, those that only one of them had included. */
export function compareSteps(now: Halves, before: Halves): Compared[] {
  const of = (map: Halves, key: string) => {
    const step = map.steps.find((one) => one.key === key);
    return step && map.total.runs > 0 ? { lead: step.leadTime / map.total.runs, accurate: step.percentCompleteAccurate } : null;
  };
  const keys = [...now.steps, ...before.steps.filter((step) => !now.steps.some((one) => one.key === step.key))];
  return keys.map(({ key, title }) => ({
    key,
    title: title.replaceAll("_", " "),
    now: of(now, key)?.lead ?? null,
    before: of(before, key)?.lead ?? null,
    accurateNow: of(now, key)?.accurate ?? null,
    accurateBefore: of(before, key)?.accurate ?? null,
  }));
}

const KINDS = { va: "work", nnva: "support", wait: "wait" } as const;

/** The map of a mean run: each step's seconds divided by all runs, those without the step included. */
export function drawSteps({ steps, total, bottleneck }: ValueStreamMap): DrawnStep[] {
  const runs = Math.max(1, total.runs);
  return steps.map((step: MapStep) => ({
    key: step.key,
    title: step.title.replaceAll("_", " "),
    kind: KINDS[step.class],
    isBottleneck: bottleneck?.step === step.key,
    process: step.processTime / runs,
    wait: step.waitTime / runs,
    lead: step.leadTime / runs,
    share: total.leadTime === 0 ? 0 : step.leadTime / total.leadTime,
    accurate: step.percentCompleteAccurate,
    busy: step.utilisation,
    runs: `${step.n} of ${total.runs}`,
  }));
}

export type Tile = { label: string; value: string; unit?: string; how: string };

const known = (value: number | null, say: (value: number) => string): string => (value === null ? "not known" : say(value));

/** A little is not nothing. */
const small = (value: number): string => (value > 0 && value < 0.01 ? "< 0.01" : value.toFixed(2));

/** The stream in numbers, each with the arithmetic that it comes from. */
export function totalTiles({ total, fromPush }: ValueStreamMap, days: number, hasPush = true): Tile[] {
  const mean = (seconds: number) => duration(seconds / Math.max(1, total.runs));
  const runs = counted(total.runs, "run");
  const over = (seconds: number) => `${duration(seconds)} ÷ ${runs}`;
  return [
    {
      label: "Lead time",
      value: mean(total.leadTime),
      unit: "mean",
      how: `${over(total.leadTime)}${hasPush ? `; from the push ${mean(fromPush.leadTime)}` : ""}`,
    },
    { label: "Process time", value: mean(total.processTime), unit: "mean", how: over(total.processTime) },
    { label: "Wait", value: mean(total.waitTime), unit: "mean", how: over(total.waitTime) },
    {
      label: "Process cycle efficiency",
      value: known(total.pce, rate),
      how: `time that adds value ÷ lead time, sums over runs${hasPush ? `; from the push ${known(fromPush.pce, rate)}` : ""}`,
    },
    { label: "Activity ratio", value: known(total.activityRatio, rate), how: `${duration(total.processTime)} process ÷ ${duration(total.leadTime)} lead` },
    { label: "Rolled %C/A", value: known(total.rolledCA, rate), how: "the product of the steps’ %C/A: runs that no step sends back" },
    {
      label: "Throughput",
      value: known(total.throughput, (value) => (value < 1 ? small(value) : value.toFixed(1))),
      unit: "per day",
      how: `${runs} ÷ ${counted(days, "day")}`,
    },
    {
      label: "Work in progress",
      value: known(total.wip, small),
      unit: "runs",
      how: `mean over the period; Little’s law says ${known(total.littlesLaw, small)}`,
    },
  ];
}

const WORDS: Record<string, string> = { failed: "failed", cancelled: "cancelled", superseded: "superseded", queued: "queued", running: "running" };

/** `2 failed, 1 cancelled`; null when every run went live. */
export function apartText(apart: Record<string, number>): string | null {
  const parts = Object.entries(apart).flatMap(([status, n]) => (n > 0 ? [`${n} ${WORDS[status] ?? status}`] : []));
  return parts.length === 0 ? null : parts.join(", ");
}
