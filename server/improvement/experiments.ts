import { desc, eq } from "drizzle-orm";
import { DateTime } from "luxon";
import { experiments, outcomes } from "../../db/schema";
import { toIso } from "../../db/schema/columns";
import type { TeamContext } from "../context";
import type { Table } from "../csv";
import { AppError } from "../errors";
import { checkZone } from "../metrics/calendar";
import type { MetricKey } from "../metrics/constants";
import { type MetricDetail, metricDetail } from "../metrics/detail";
import { findScope } from "../metrics/load";
import { isUuid } from "../projects/service";
import { findPlace, scopeOf } from "./place";
import { projectNames } from "./targets";
import { type Verdict, verdictOf } from "./verdict";

type Row = typeof experiments.$inferSelect;
export type Experiment = {
  id: string;
  hypothesis: string;
  change: string;
  metric: MetricKey;
  project: string | null;
  app: string | null;
  environment: string | null;
  startsOn: string;
  endsOn: string;
  tz: string;
  state: "ahead" | "running" | "ended";
  outcome: { id: string; title: string } | null;
  conclusion: string | null;
  createdBy: string;
  createdAt: string;
};
/** `detail` is null when what it is about is not there any more. */
export type ExperimentResult = Experiment & { detail: MetricDetail | null; verdict: Verdict };
export type NewExperiment = {
  hypothesis: string;
  change: string;
  metric: MetricKey;
  project?: string | undefined;
  app?: string | undefined;
  environment?: string | undefined;
  startsOn: string;
  endsOn: string;
  tz: string;
  outcome?: string | undefined;
};
const MOST_DAYS = 366;

/** @throws AppError `bad_request` for dates that make no period, `not_found` for a place or an outcome that is not there */
export async function createExperiment(ctx: TeamContext, input: NewExperiment): Promise<Experiment> {
  checkZone(input.tz);
  const days = DateTime.fromISO(input.endsOn).diff(DateTime.fromISO(input.startsOn), "days").days + 1;
  if (days < 1) throw new AppError("bad_request", { what: "The experiment ends before it begins.", fix: "Give the last day after the first." });
  if (days > MOST_DAYS) throw new AppError("bad_request", { what: `The experiment is ${days} days long.`, fix: "At most a year can be looked at." });
  const place = await findPlace(ctx, input);
  if (input.environment !== undefined) await findScope(ctx, { ...scopeOf(place), environment: input.environment });
  const outcome = input.outcome === undefined ? null : await ctx.team.first(outcomes, eq(outcomes.id, input.outcome));
  if (input.outcome !== undefined && !outcome) throw new AppError("not_found", { what: "There is no such outcome." });
  const row = await ctx.team.transaction(async (rows) => {
    const made = await rows.insert(experiments, {
      hypothesis: input.hypothesis,
      change: input.change,
      metric: input.metric,
      projectId: place.projectId,
      app: place.app,
      environment: input.environment ?? null,
      startsOn: input.startsOn,
      endsOn: input.endsOn,
      tz: input.tz,
      outcomeId: outcome?.id ?? null,
      createdBy: ctx.actor,
      createdAt: ctx.now(),
    });
    if (!made) throw new AppError("conflict", { what: "The experiment could not be kept.", fix: "Try again." });
    await ctx.audit("experiment.created", { id: made.id }, { metric: made.metric, startsOn: made.startsOn, endsOn: made.endsOn }, rows);
    return made;
  });
  return viewOf(ctx, row);
}

/** Newest first. Each verdict is computed anew, so a page is short. @param page `cursor` is how many came before @throws AppError `bad_request` */
export async function listExperiments(ctx: TeamContext, page: { limit: number; cursor?: string | undefined }): Promise<ExperimentList> {
  const begin = page.cursor === undefined ? 0 : Number(page.cursor);
  if (!Number.isInteger(begin) || begin < 0) throw new AppError("bad_request", { what: "The cursor is not one that a page ended with." });
  const rows = await ctx.team.list(experiments, { orderBy: [desc(experiments.createdAt), desc(experiments.id)], limit: begin + page.limit + 1 });
  const items: ExperimentList["items"] = [];
  for (const row of rows.slice(begin, begin + page.limit)) {
    const { detail: _, ...one } = await resultOf(ctx, row);
    items.push(one);
  }
  return { items, nextCursor: rows.length > begin + page.limit ? String(begin + page.limit) : null };
}
export type ExperimentList = { items: (Experiment & { verdict: Verdict })[]; nextCursor: string | null };

export const readExperiment = async (ctx: TeamContext, id: string): Promise<ExperimentResult> => resultOf(ctx, await find(ctx, id));

/** Keeps what the team made of it; null takes it back. @throws AppError `not_found` */
export async function concludeExperiment(ctx: TeamContext, input: { experiment: string; conclusion: string | null }): Promise<Experiment> {
  const { id } = await find(ctx, input.experiment);
  const [row] = await ctx.team.update(experiments, { conclusion: input.conclusion }, eq(experiments.id, id));
  await ctx.audit("experiment.concluded", { id }, { conclusion: input.conclusion });
  return viewOf(ctx, row as Row);
}

/** @throws AppError `not_found` */
export async function removeExperiment(ctx: TeamContext, experiment: string): Promise<{ removed: string }> {
  const { id, hypothesis, metric } = await find(ctx, experiment);
  await ctx.team.remove(experiments, eq(experiments.id, id));
  await ctx.audit("experiment.removed", { id }, { hypothesis, metric });
  return { removed: id };
}

async function find(ctx: TeamContext, id: string): Promise<Row> {
  const row = isUuid(id) ? await ctx.team.first(experiments, eq(experiments.id, id)) : null;
  if (!row) throw new AppError("not_found", { what: "There is no such experiment.", fix: "GET /api/v1/experiments lists them." });
  return row;
}

/** The period from the change on against the one of equal length before it. A project that was deleted since leaves nothing to compare. */
async function resultOf(ctx: TeamContext, row: Row): Promise<ExperimentResult> {
  const one = await viewOf(ctx, row);
  const scope = one.project === null && row.projectId !== null ? { project: row.projectId } : scopeOf(row);
  const asked = { ...scope, ...(row.environment === null ? {} : { environment: row.environment }), from: row.startsOn, to: dayAfter(row.endsOn), tz: row.tz };
  try {
    const detail = await metricDetail(ctx, { ...asked, metric: one.metric, grain: "week" });
    return { ...one, detail, verdict: verdictOf(one.metric, detail, one.state) };
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== "not_found") throw error;
    return { ...one, detail: null, verdict: { state: "waiting", said: "What it looks at was deleted: there is nothing to compare any more." } };
  }
}

const dayAfter = (date: string): string => DateTime.fromISO(date).plus({ days: 1 }).toISODate() ?? date;

async function viewOf(ctx: TeamContext, row: Row): Promise<Experiment> {
  const today = DateTime.fromMillis(ctx.now() / 1000, { zone: row.tz }).toISODate() ?? "";
  const outcome = row.outcomeId === null ? null : await ctx.team.first(outcomes, eq(outcomes.id, row.outcomeId));
  return {
    id: row.id,
    hypothesis: row.hypothesis,
    change: row.change,
    metric: row.metric as MetricKey,
    project: row.projectId === null ? null : ((await projectNames(ctx)).get(row.projectId) ?? "(deleted)"),
    app: row.app,
    environment: row.environment,
    startsOn: row.startsOn,
    endsOn: row.endsOn,
    tz: row.tz,
    state: today < row.startsOn ? "ahead" : today > row.endsOn ? "ended" : "running",
    outcome: outcome === null ? null : { id: outcome.id, title: outcome.title },
    conclusion: row.conclusion,
    createdBy: row.createdBy,
    createdAt: toIso(row.createdAt),
  };
}

export const experimentsTable = ({ items }: { items: (Experiment & { verdict: Verdict })[] }): Table => ({
  header: ["id", "hypothesis", "change", "metric", "project", "app", "starts_on", "ends_on", "state", "verdict", "said", "conclusion"],
  rows: items.map((one) => [
    one.id,
    one.hypothesis,
    one.change,
    one.metric,
    one.project,
    one.app,
    one.startsOn,
    one.endsOn,
    one.state,
    one.verdict.state,
    one.verdict.said,
    one.conclusion,
  ]),
});
