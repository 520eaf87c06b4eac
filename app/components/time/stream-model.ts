import type { DeploymentWithSpans, SpanView } from "../../../server/deployments/schema";
import { attribute, type TimedSpan } from "../../../server/streams/attribute";
import { BAKE, classOf, DEPLOYMENT_STEPS, type StepClass, UNATTRIBUTED } from "../../../server/streams/definitions";

export type Usual = { step: string; seconds: number }[];
export type Segment = { step: string; look: string; from: number; length: number; title: string };
export type Column = {
  step: string;
  class: StepClass;
  /** Seconds that it took, or is thought to take; null when it did not run. */
  seconds: number | null;
  /** Seconds it usually takes. */
  usual: number | null;
  phase: "done" | "running" | "ahead" | "skipped" | "off" | "failed" | "cancelled";
  from: number;
  to: number;
};
export type StreamModel = { segments: Segment[]; columns: Column[]; elapsed: number; predicted: number | null; unattributed: number; isRunning: boolean };

type Run = Pick<DeploymentWithSpans, "status" | "kind" | "createdAt" | "finishedAt" | "step" | "stepStartedAt" | "spans">;

/** The steps of a run itself; what came before it (`push`, `webhook`) is told beside the stream. */
export const RUN_STEPS = DEPLOYMENT_STEPS.filter(({ key }) => key !== "push" && key !== "webhook");
const WITHOUT_BUILD = new Set(["fetch", "plan", "build", "push-image"]);
export const CLASS_WORD: Record<StepClass, string> = { va: "work", nnva: "necessary", wait: "wait" };

/** Places a run on its own time axis, which begins when it was asked for; `now` is in milliseconds. */
export function streamOf(run: Run, usual: Usual, now: number): StreamModel {
  const begin = Date.parse(run.createdAt);
  const isRunning = run.finishedAt === null;
  const end = Math.max(begin, run.finishedAt === null ? now : Date.parse(run.finishedAt));
  const at = (iso: string) => (Date.parse(iso) - begin) / 1000;
  const elapsed = (end - begin) / 1000;
  const own = withRunning(run).filter((span) => span.parent === null && span.step !== UNATTRIBUTED && span.step !== BAKE && span.outcome !== "skipped");
  const timed: (TimedSpan & { span: SpanView })[] = own.map((span) => ({
    span,
    step: span.step,
    class: span.class,
    startedAt: Math.round(at(span.startedAt) * 1e6),
    finishedAt: Math.round((span.finishedAt === null ? elapsed : at(span.finishedAt)) * 1e6),
  }));
  if (run.status === "queued" && !own.some((span) => span.step === "queue")) timed.push(waiting(timed, elapsed, run));

  const slices = attribute(timed, 0, Math.round(elapsed * 1e6));
  const usually = new Map(usual.map((one) => [one.step, one.seconds]));
  const segments: Segment[] = slices.map((slice) => {
    const owner = timed.findLast((one) => one.step === slice.step && one.startedAt <= slice.startedAt && one.finishedAt >= slice.finishedAt)?.span;
    const from = slice.startedAt / 1e6;
    const length = (slice.finishedAt - slice.startedAt) / 1e6;
    return {
      step: slice.step,
      look: `${slice.class}${owner?.outcome === "failed" ? " failed" : ""}`,
      from,
      length,
      title: titleOf(slice.step, slice.class, from, length, owner),
    };
  });

  let ahead = elapsed;
  const columns = RUN_STEPS.map(({ key, class: cls }): Column => {
    const mine = segments.filter((segment) => segment.step === key);
    const last = own.findLast((span) => span.step === key);
    const usualSeconds = usually.get(key) ?? null;
    const isNow = isRunning && (last?.finishedAt === null || (run.status === "queued" && key === "queue"));
    if (mine.length > 0 || last) {
      const spent = mine.reduce((sum, segment) => sum + segment.length, 0);
      const from = mine[0]?.from ?? (last ? at(last.startedAt) : 0);
      const done = mine.at(-1);
      let to = done ? done.from + done.length : from;
      if (isNow && usualSeconds !== null && usualSeconds > spent) {
        const more = usualSeconds - spent;
        segments.push({ step: key, look: "ghost", from: ahead, length: more, title: `${key}, about ${more.toFixed(1)} s more` });
        ahead += more;
        to = ahead;
      }
      return { step: key, class: cls, seconds: spent, usual: usualSeconds, phase: isNow ? "running" : phaseOf(last), from, to };
    }
    const isSkipped = run.kind === "rollback" || run.kind === "config" || run.kind === "promote" ? WITHOUT_BUILD.has(key) : false;
    const wasSkipped = run.spans.some((span) => span.parent === null && span.step === key && span.outcome === "skipped");
    if (!isRunning || isSkipped || wasSkipped || usualSeconds === null || key === "validate" || key === "queue") {
      const isOff = !isRunning && run.status !== "succeeded" && !wasSkipped && !isSkipped;
      const phase = isOff ? "off" : isRunning && !isSkipped && !wasSkipped ? "ahead" : "skipped";
      return { step: key, class: cls, seconds: null, usual: usualSeconds, phase, from: 0, to: 0 };
    }
    const from = ahead;
    ahead += usualSeconds;
    segments.push({ step: key, look: "ghost", from, length: usualSeconds, title: `${key}, about ${usualSeconds.toFixed(1)} s` });
    return { step: key, class: cls, seconds: usualSeconds, usual: usualSeconds, phase: "ahead", from, to: ahead };
  });
  const unattributed = slices.filter((slice) => slice.step === UNATTRIBUTED).reduce((sum, slice) => sum + slice.finishedAt - slice.startedAt, 0) / 1e6;
  return { segments, columns, elapsed, predicted: predictedEnd(columns, ahead, isRunning), unattributed, isRunning };
}

/** While it runs: where the ghost ends. Afterwards: what the steps that ran usually take together. */
function predictedEnd(columns: Column[], ahead: number, isRunning: boolean): number | null {
  if (isRunning) return columns.some((column) => column.usual !== null) ? ahead : null;
  const ran = columns.filter((column) => column.seconds !== null);
  return ran.length > 0 && ran.every((column) => column.usual !== null) ? ran.reduce((sum, column) => sum + (column.usual ?? 0), 0) : null;
}

/** Tables carry finished spans only: the step that runs now is known from the deployment itself. */
function withRunning(run: Run): SpanView[] {
  const { step, stepStartedAt, spans } = run;
  if (run.status !== "running" || step === null || stepStartedAt === null || spans.some((span) => span.parent === null && span.finishedAt === null))
    return spans;
  return [
    ...spans,
    { step, class: classOf(step), startedAt: stepStartedAt, finishedAt: null, outcome: null, cached: false, attempt: 1, parent: null, detail: {} },
  ];
}

const waiting = (timed: TimedSpan[], elapsed: number, run: Run): TimedSpan & { span: SpanView } => {
  const from = Math.max(0, ...timed.map((one) => one.finishedAt));
  const span: SpanView = {
    step: "queue",
    class: "wait",
    startedAt: run.createdAt,
    finishedAt: null,
    outcome: null,
    cached: false,
    attempt: 1,
    parent: null,
    detail: {},
  };
  return { span, step: "queue", class: "wait", startedAt: from, finishedAt: Math.round(elapsed * 1e6) };
};

function phaseOf(span: SpanView | undefined): Column["phase"] {
  if (span?.outcome === "failed") return "failed";
  return span?.outcome === "cancelled" || span?.outcome === "interrupted" ? "cancelled" : "done";
}

function titleOf(step: string, cls: StepClass, from: number, length: number, span: SpanView | undefined): string {
  if (step === UNATTRIBUTED) return `between steps, wait, ${length.toFixed(1)} s`;
  if (span && span.finishedAt === null) return `${step}, running for ${length.toFixed(1)} s`;
  const outcome = span?.outcome === "failed" ? ", failed" : "";
  return `${step}, ${CLASS_WORD[cls]}${outcome}, ${length.toFixed(1)} s, from ${from.toFixed(1)} to ${(from + length).toFixed(1)} s`;
}
