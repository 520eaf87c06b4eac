import type { Micros } from "../../db/schema/columns";
import { AppError } from "../errors";
import { readInstant } from "../metrics/calendar";
import { KEPT, type KeptStep, MOST_POINTS, STEPS, type Step } from "./schema";

export const SECOND = 1_000_000;
export const DAY = 86_400 * SECOND;
const DEFAULT_SECONDS = 86_400;
/** A chart that was asked for a step may have more points, up to this. */
const MOST_ASKED = 5_000;

/** `[from, to)` in microseconds, both on a multiple of `step` seconds; `stored` is the step of the rows that it is made of. */
export type UsageWindow = { from: Micros; to: Micros; step: Step; stored: KeptStep };

export const floorTo = (at: Micros, step: number): Micros => Math.floor(at / (step * SECOND)) * step * SECOND;
/** From when on rows of a step are kept: whole hours, so that no minute or hour is ever made of a part of its samples. */
export const keptFrom = (step: KeptStep, now: Micros): Micros => floorTo(now, 3600) - (KEPT.find((one) => one.step === step)?.days ?? 0) * DAY;

/** The finest rows that are still there for all of a window, and none finer than what is drawn. */
const storedFor = (from: Micros, step: number, now: Micros): KeptStep =>
  [...KEPT].reverse().find((one) => one.step <= step && from >= keptFrom(one.step, now))?.step ?? KEPT[KEPT.length - 1]?.step ?? 3600;

/**
 * The window that is asked for, a day up to now without a question, and the smallest step that draws it with at most 400 points.
 * @throws AppError `bad_request` for an instant, an order or a step that is wrong
 */
export function readUsageWindow(input: { from?: string | undefined; to?: string | undefined; step?: number | undefined }, now: Micros): UsageWindow {
  const to = input.to === undefined ? now : readInstant(input.to, "UTC", "to");
  const from = input.from === undefined ? to - DEFAULT_SECONDS * SECOND : readInstant(input.from, "UTC", "from");
  if (to <= from) throw new AppError("bad_request", { what: "The window ends before it begins.", fix: "Give from before to." });
  const seconds = (to - from) / SECOND;
  const finest = KEPT.find((one) => from >= keptFrom(one.step, now))?.step ?? 3600;
  const step =
    input.step === undefined ? (STEPS.find((one) => one >= finest && seconds / one <= MOST_POINTS) ?? 86_400) : askedStep(input.step, finest, seconds);
  const aligned = { from: floorTo(from, step), to: floorTo(to + step * SECOND - 1, step) };
  return { ...aligned, step, stored: storedFor(aligned.from, step, now) };
}

function askedStep(asked: number, finest: number, seconds: number): Step {
  const step = STEPS.find((one) => one === asked);
  if (step === undefined)
    throw new AppError("bad_request", { what: `step is not one of ${STEPS.join(", ")} seconds.`, fix: "Leave it out: it is then chosen by the window." });
  if (step < finest)
    throw new AppError("bad_request", {
      what: `${step} s is finer than what is kept of that time.`,
      why: KEPT.map((one) => `${one.step} s for ${one.days} days`).join(", "),
      fix: `Ask for ${finest} or more, or for a later from.`,
    });
  if (seconds / step > MOST_ASKED)
    throw new AppError("bad_request", { what: `That would be more than ${MOST_ASKED} points.`, fix: "Ask for a longer step, or for a shorter window." });
  return step;
}
