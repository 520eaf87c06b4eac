import { attribute, type TimedSpan } from "./attribute";
import { BAKE } from "./definitions";

/** A stretch of a run as a list draws it: seconds from the run's beginning. */
export type Part = { look: string; from: number; length: number };
/** What is a smaller part of a run than this belongs to what was before it: it would be less than a pixel. */
const FINEST = 300;
const seconds = (micros: number) => Math.round(micros / 1000) / 1000;

/** What a run that has ended looks like; neighbours that look alike are one part. @param spans in microseconds from the run's beginning */
export function drawParts(spans: (TimedSpan & { outcome: string })[], elapsed: number): Part[] {
  const own = spans.filter((span) => span.step !== BAKE && span.outcome !== "skipped");
  const parts: Part[] = [];
  for (const { step, class: cls, startedAt, finishedAt } of attribute(own, 0, elapsed)) {
    const owner = own.findLast((span) => span.step === step && span.startedAt <= startedAt && span.finishedAt >= finishedAt);
    const look = owner?.outcome === "failed" ? `${cls} failed` : cls;
    const before = parts.at(-1);
    const isSeen = finishedAt - startedAt >= elapsed / FINEST || look.endsWith("failed");
    if (before && (before.look === look || !isSeen)) before.length = seconds(finishedAt) - before.from;
    else parts.push({ look, from: seconds(startedAt), length: seconds(finishedAt - startedAt) });
  }
  return parts;
}
