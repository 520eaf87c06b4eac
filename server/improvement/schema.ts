import { z } from "zod";
import { METRIC_KEYS } from "../metrics/constants";
import { TARGET_KEYS } from "./constants";

const reference = z.string().min(1).max(100).optional();
export const placeFields = { project: reference, app: z.string().min(1).max(200).optional() };
export const targetKey = z.enum(TARGET_KEYS);
/** Seconds, a share from 0 to 1, or a number; what a share may be is checked where the metric is known. */
export const targetValue = z.number({ error: "Say it as a number." }).finite().min(0, "A target is not below 0.").max(1e10);

const text = (what: string, max: number) => z.string().trim().min(3, `${what} needs a few words.`).max(max, `${what} is longer than ${max} characters.`);
export const date = z
  .string()
  .regex(/^\d{4}-\d\d-\d\d$/, "Write a date such as 2026-03-01.")
  .refine(
    (value) => !Number.isNaN(Date.parse(`${value}T00:00:00Z`)) && new Date(`${value}T00:00:00Z`).toISOString().startsWith(value),
    "There is no such day.",
  );
export const experimentMetric = z.enum(METRIC_KEYS);

export const experimentFields = {
  hypothesis: text("The hypothesis", 1000),
  change: text("The change", 500),
  metric: experimentMetric,
  ...placeFields,
  environment: reference,
  startsOn: date,
  endsOn: date,
  tz: z.string().min(1).max(60).default("UTC"),
  outcome: z.uuid("Choose one of the outcomes.").optional(),
};
export const outcomeFields = {
  title: text("The outcome", 300),
  why: z.string().trim().max(1000).default(""),
  metric: targetKey,
  ...placeFields,
  target: targetValue,
  dueOn: date,
};
export const manualStepFields = {
  title: z.string().trim().min(2, "Name the step.").max(60, "The name is longer than 60 characters."),
  place: z.enum(["before", "after"]),
  processS: z.number().min(0).max(31_536_000, "More than a year of work is no step."),
  waitS: z.number().min(0).max(31_536_000, "More than a year of wait is no step."),
  class: z.enum(["va", "nnva"]).default("va"),
  project: reference,
};
