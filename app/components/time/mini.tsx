import type { CSSProperties } from "react";
import type { Deployment, SpanView } from "../../../server/deployments/schema";
import type { Part } from "../../../server/streams/draw";
import { duration } from "./format";
import { streamOf } from "./stream-model";

type Run = Pick<Deployment, "status" | "kind" | "createdAt" | "finishedAt" | "step" | "stepStartedAt"> & { spans: SpanView[] };
/** `drawn`: a run that has ended, drawn by the server already, so that a long list carries what is seen and no more. */
export type DrawnRun = Run & { drawn?: Part[] | null };

export const vars = (values: Record<`--${string}`, number>): CSSProperties => values as CSSProperties;

/** How long a run took, in seconds; while it runs, how long it has taken. */
export const tookOf = (run: Pick<Deployment, "createdAt" | "finishedAt">, now: number): number =>
  Math.max(0, (run.finishedAt === null ? now : Date.parse(run.finishedAt)) - Date.parse(run.createdAt)) / 1000;

/** A run in a table row: eight pixels high, on the scale that the table states. */
export function MiniStream({ run, max, now }: { run: DrawnRun; max: number; now: number }) {
  const elapsed = tookOf(run, now);
  const parts: (Part & { title?: string })[] = run.drawn ?? streamOf(run, [], now).segments;
  return (
    <div className="time mini" style={vars({ "--max": max })} role="img" aria-label={duration(elapsed)}>
      {parts.map(({ look, from, length, title }) => (
        <span key={from} className={`seg ${look}`} style={vars({ "--s": from, "--d": length })} title={title} />
      ))}
      {run.finishedAt === null ? <span className="needle now" style={vars({ "--s": elapsed })} /> : null}
    </div>
  );
}
