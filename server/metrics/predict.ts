import { NEEDED } from "./constants";
import { percentileCont, quantiles } from "./statistics";

/** A deployment that went well, in seconds: how long it waited for a build slot, and how long it took from the wish to its verified end. */
export type PastRun = { queueS: number; durationS: number };
export type Guess = { p50: number | null; p90: number | null };
export type Prediction = {
  queue: Guess;
  duration: Guess;
  /** Runs that it is drawn from. */
  n: number;
  /** What such predictions were worth: each earlier run was predicted from those before it alone. */
  error: {
    /** Median distance from what came, as a share of what came; null with too few to say. */
    median: number | null;
    n: number;
    /** Runs that ended within the p90. */
    within: number;
    of: number;
  };
};
/** Older runs say little of how an application builds today. */
export const LOOKS_BACK = 30;

const guess = (values: number[]): Guess => quantiles(values);

/** @param runs oldest first */
export function predict(runs: readonly PastRun[]): Prediction {
  const recent = runs.slice(-LOOKS_BACK);
  const errors: number[] = [];
  let [within, of] = [0, 0];
  for (const [at, run] of runs.entries()) {
    const known = runs.slice(Math.max(0, at - LOOKS_BACK), at).map((one) => one.durationS);
    const { p50, p90 } = guess(known);
    if (p50 !== null && run.durationS > 0) errors.push(Math.abs(p50 - run.durationS) / run.durationS);
    if (p90 === null) continue;
    of++;
    if (run.durationS <= p90) within++;
  }
  return {
    queue: guess(recent.map((run) => run.queueS)),
    duration: guess(recent.map((run) => run.durationS)),
    n: recent.length,
    error: { median: errors.length >= NEEDED.p50 ? percentileCont(errors, 0.5) : null, n: errors.length, within, of },
  };
}
