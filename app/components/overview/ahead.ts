import type { UnderWay } from "../../../server/overview/schema";
import { tick } from "../time/format";
import { niceScale } from "../time/scale";
import { type StreamModel, streamOf } from "../time/stream-model";

export type Drawn = { run: UnderWay; model: StreamModel };

/** Runs under way on one scale that holds their predicted ends. @param now in milliseconds */
export function drawUnderWay(items: readonly UnderWay[], now: number): { drawn: Drawn[]; max: number } {
  const drawn = items.map((run) => ({ run, model: streamOf(run, run.usual, now) }));
  const longest = Math.max(1, ...drawn.map(({ model }) => Math.max(model.elapsed, model.predicted ?? 0)));
  return { drawn, max: niceScale(longest).max };
}

/** What is left of a run by its usual steps; without any history, how long it has taken. */
export function leftText({ elapsed, predicted }: Pick<StreamModel, "elapsed" | "predicted">): string {
  if (predicted === null) return `${tick(Math.max(1, Math.floor(elapsed)))} so far`;
  const left = predicted - elapsed;
  return left > 0.5 ? `~${tick(Math.round(left))} left` : "any moment";
}

/** How many ship now, in a word and a sentence. */
export function shippingText({ running, queued }: { running: number; queued: number }): { said: string; rest: string } {
  const all = running + queued;
  if (all === 0) return { said: "Nothing.", rest: "" };
  if (queued === 0) return { said: `${spelled(all)}.`, rest: "" };
  if (running === 0) return { said: `${spelled(all)}.`, rest: all === 1 ? "It waits for its turn." : "All of them wait for their turn." };
  return { said: `${spelled(all)}.`, rest: `${queued === 1 ? "One of them waits" : `${queued} of them wait`} for ${queued === 1 ? "its" : "their"} turn.` };
}

const WORDS = ["None", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine"];
const spelled = (n: number) => WORDS[n] ?? String(n);
