import { z } from "zod";
import { scopeFields, windowFields } from "../metrics/scope-fields";
import { type Csv, reads, router, writes } from "../trpc";
import { concludeExperiment, createExperiment, type ExperimentList, experimentsTable, listExperiments, readExperiment, removeExperiment } from "./experiments";
import { addManualStep, changeManualStep, listManualSteps, removeManualStep } from "./manual-steps";
import { closeOutcome, createOutcome, listOutcomes, outcomesTable } from "./outcomes";
import { experimentFields, manualStepFields, outcomeFields, placeFields, targetKey, targetValue } from "./schema";
import { clearTarget, listTargets, setTarget, type TargetList, targetsFor, targetsTable } from "./targets";

const rest = (method: "GET" | "POST" | "PUT" | "DELETE", path: string, summary: string, more: { status?: number; csv?: Csv } = {}) => ({
  rest: { method, path, summary, ...more },
});
/** Experiments of a table; a year of weekly ones. */
const MOST_LISTED = 100;
const experiment = z.object({ experiment: z.string().min(1).max(100) });

export const targetsRouter = router({
  list: reads
    .meta(rest("GET", "/targets", "Each metric's target, its figure and the gap", { csv: { table: (answer) => targetsTable(answer as TargetList) } }))
    .input(z.object({ ...scopeFields, ...windowFields }).prefault({}))
    .query(({ ctx, input }) => listTargets(ctx, input)),
  /** The one that holds for a place; null where there is none. */
  of: reads.input(z.object({ metric: targetKey, ...placeFields })).query(async ({ ctx, input }) => ({ value: (await targetsFor(ctx, input))(input.metric) })),
  set: writes
    .meta(rest("PUT", "/targets/{metric}", "Set a target of the team, a project or an application"))
    .input(z.object({ metric: targetKey, ...placeFields, value: targetValue }))
    .mutation(({ ctx, input }) => setTarget(ctx, input)),
  clear: writes
    .meta(rest("DELETE", "/targets/{metric}", "Take an own target back"))
    .input(z.object({ metric: targetKey, ...placeFields }))
    .mutation(({ ctx, input }) => clearTarget(ctx, input)),
});

export const experimentsRouter = router({
  list: reads
    .meta(
      rest("GET", "/experiments", "List experiments with their verdicts", {
        csv: { table: (answer) => experimentsTable(answer as ExperimentList), input: { limit: MOST_LISTED } },
      }),
    )
    .input(z.object({ limit: z.coerce.number().int().min(1).max(MOST_LISTED).default(20), cursor: z.string().max(20).optional() }).prefault({}))
    .query(({ ctx, input }) => listExperiments(ctx, input)),
  read: reads
    .meta(rest("GET", "/experiments/{experiment}", "Show an experiment: before and after, control chart, verdict"))
    .input(experiment)
    .query(({ ctx, input }) => readExperiment(ctx, input.experiment)),
  create: writes
    .meta(rest("POST", "/experiments", "Begin an experiment", { status: 201 }))
    .input(z.object(experimentFields))
    .mutation(({ ctx, input }) => createExperiment(ctx, input)),
  conclude: writes
    .meta(rest("POST", "/experiments/{experiment}/conclusion", "Keep what was made of it"))
    .input(experiment.extend({ conclusion: z.string().trim().min(3, "Say what was decided.").max(2000).nullable() }))
    .mutation(({ ctx, input }) => concludeExperiment(ctx, input)),
  remove: writes
    .meta(rest("DELETE", "/experiments/{experiment}", "Remove an experiment"))
    .input(experiment)
    .mutation(({ ctx, input }) => removeExperiment(ctx, input.experiment)),
});

export const outcomesRouter = router({
  list: reads
    .meta(
      rest("GET", "/outcomes", "List outcomes, each with its figure and its experiments", {
        csv: { table: (answer) => outcomesTable(answer as Awaited<ReturnType<typeof listOutcomes>>) },
      }),
    )
    .query(({ ctx }) => listOutcomes(ctx)),
  create: writes
    .meta(rest("POST", "/outcomes", "Say what is to be reached, and by when", { status: 201 }))
    .input(z.object(outcomeFields))
    .mutation(({ ctx, input }) => createOutcome(ctx, input)),
  close: writes
    .meta(rest("POST", "/outcomes/{outcome}/close", "Close an outcome, or open it again"))
    .input(z.object({ outcome: z.string().min(1).max(100), closed: z.boolean().default(true) }))
    .mutation(({ ctx, input }) => closeOutcome(ctx, input)),
});

const step = z.object({ step: z.string().min(1).max(100) });
export const manualStepsRouter = router({
  list: reads
    .meta(rest("GET", "/manual-steps", "List the steps that people added to the map"))
    .input(z.object({ project: scopeFields.project }).prefault({}))
    .query(({ ctx, input }) => listManualSteps(ctx, input)),
  add: writes
    .meta(rest("POST", "/manual-steps", "Add a step before or after what the platform sees", { status: 201 }))
    .input(z.object(manualStepFields))
    .mutation(({ ctx, input }) => addManualStep(ctx, input)),
  change: writes
    .meta(rest("PUT", "/manual-steps/{step}", "Say a step's times anew"))
    .input(step.extend({ processS: manualStepFields.processS, waitS: manualStepFields.waitS }))
    .mutation(({ ctx, input }) => changeManualStep(ctx, input)),
  remove: writes
    .meta(rest("DELETE", "/manual-steps/{step}", "Remove a step"))
    .input(step)
    .mutation(({ ctx, input }) => removeManualStep(ctx, input.step)),
});
