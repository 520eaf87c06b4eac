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
};

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
export function totalTiles({ total, fromPush }: ValueStreamMap, days: number): Tile[] {
  const mean = (seconds: number) => duration(seconds / Math.max(1, total.runs));
  const runs = counted(total.runs, "run");
  const over = (seconds: number) => `${duration(seconds)} ÷ ${runs}`;
  return [
    { label: "Lead time", value: mean(total.leadTime), unit: "mean", how: `${over(total.leadTime)}; from the push ${mean(fromPush.leadTime)}` },
    { label: "Process time", value: mean(total.processTime), unit: "mean", how: over(total.processTime) },
    { label: "Wait", value: mean(total.waitTime), unit: "mean", how: over(total.waitTime) },
    {
      label: "Process cycle efficiency",
      value: known(total.pce, rate),
      how: `time that adds value ÷ lead time, sums over runs; from the push ${known(fromPush.pce, rate)}`,
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
