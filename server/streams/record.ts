import { spans } from "../../db/schema";
import type { Micros } from "../../db/schema/columns";
import type { TeamRows } from "../data/team-data";
import { classOf, type StepClass } from "./definitions";

export type NewSpan = {
  id?: string;
  step: string;
  startedAt: Micros;
  finishedAt: Micros;
  outcome: "ok" | "failed" | "cancelled" | "skipped" | "interrupted";
  class?: StepClass;
  attempt?: number;
  rework?: boolean;
  cached?: boolean;
  parent?: string | null;
  clockQuality?: "measured" | "derived";
  detail?: Record<string, unknown>;
};
type Subject = { id: string; projectId: string; environmentId: string; appId: string };

/** Appends spans of a deployment to the ledger. A span that is there already (same step, attempt and start) stays as it is. */
export async function recordSpans(rows: TeamRows, subject: Subject, recordedAt: Micros, list: NewSpan[]): Promise<void> {
  await rows.insertMany(spans, spanRows(subject, recordedAt, list));
}

/** The same as rows, for spans of several deployments at once. */
export function spanRows(subject: Subject, recordedAt: Micros, list: NewSpan[]) {
  return list.map((span) => ({
    ...span,
    stream: "deployment",
    subject: subject.id,
    projectId: subject.projectId,
    environmentId: subject.environmentId,
    appId: subject.appId,
    class: span.class ?? classOf(span.step),
    finishedAt: Math.max(span.startedAt, span.finishedAt),
    recordedAt,
  }));
}
