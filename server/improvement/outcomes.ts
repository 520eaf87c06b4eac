import { and, desc, eq } from "drizzle-orm";
import { DateTime } from "luxon";
import { experiments, outcomes } from "../../db/schema";
import { toIso } from "../../db/schema/columns";
import type { TeamContext } from "../context";
import type { Table } from "../csv";
import { AppError } from "../errors";
import { readWindow, type Window } from "../metrics/calendar";
import { isUuid } from "../projects/service";
import { type TargetKey, targetMetric } from "./constants";
import { type Current, currentFigures } from "./current";
import { findPlace, scopeOf } from "./place";
import { projectNames } from "./targets";

type Row = typeof outcomes.$inferSelect;
export type Outcome = {
  id: string;
  title: string;
  why: string;
  metric: TargetKey;
  project: string | null;
  app: string | null;
  target: number;
  dueOn: string;
  /** Over the last 28 days. */
  current: number | null;
  n: number;
  isMet: boolean | null;
  state: "open" | "overdue" | "closed";
  experiments: { id: string; hypothesis: string }[];
  createdBy: string;
  createdAt: string;
};
export type NewOutcome = {
  title: string;
  why: string;
  metric: TargetKey;
  project?: string | undefined;
  app?: string | undefined;
  target: number;
  dueOn: string;
};
const DAYS = 28;

/** @throws AppError `bad_request` for a share above 1, `not_found` for a place that is not there */
export async function createOutcome(ctx: TeamContext, input: NewOutcome): Promise<Outcome> {
  const metric = targetMetric(input.metric);
  if (metric.unit === "share" && input.target > 1)
    throw new AppError("bad_request", { what: `${metric.name} is a share: at most 1.`, why: `${input.target} was given.`, fix: "Write 0.95 for 95 %." });
  const place = await findPlace(ctx, input);
  const row = await ctx.team.transaction(async (rows) => {
    const made = await rows.insert(outcomes, {
      title: input.title,
      why: input.why,
      metric: input.metric,
      projectId: place.projectId,
      app: place.app,
      target: input.target,
      dueOn: input.dueOn,
      createdBy: ctx.actor,
      createdAt: ctx.now(),
    });
    if (!made) throw new AppError("conflict", { what: "The outcome could not be kept.", fix: "Try again." });
    await ctx.audit("outcome.created", { id: made.id }, { metric: made.metric, target: made.target, dueOn: made.dueOn }, rows);
    return made;
  });
  return (await views(ctx, [row]))[0] as Outcome;
}

export async function listOutcomes(ctx: TeamContext): Promise<{ items: Outcome[]; nextCursor: null }> {
  const rows = await ctx.team.list(outcomes, { orderBy: desc(outcomes.createdAt), limit: 100 });
  return { items: await views(ctx, rows), nextCursor: null };
}

/** Closes it, reached or not, or opens it again. @throws AppError `not_found` */
export async function closeOutcome(ctx: TeamContext, input: { outcome: string; closed: boolean }): Promise<Outcome> {
  const row = isUuid(input.outcome) ? await ctx.team.first(outcomes, eq(outcomes.id, input.outcome)) : null;
  if (!row) throw new AppError("not_found", { what: "There is no such outcome.", fix: "GET /api/v1/outcomes lists them." });
  const [fresh] = await ctx.team.update(outcomes, { closedAt: input.closed ? ctx.now() : null }, and(eq(outcomes.id, row.id)));
  await ctx.audit(input.closed ? "outcome.closed" : "outcome.reopened", { id: row.id }, { title: row.title });
  return (await views(ctx, [fresh as Row]))[0] as Outcome;
}

/** Nothing of an application that was deleted since. */
async function figuresOf(ctx: TeamContext, row: Row, window: Window, asOf: number): Promise<Map<TargetKey, Current>> {
  try {
    return (await currentFigures(ctx, scopeOf(row), [window], asOf))[0] ?? new Map();
  } catch (error) {
    if (error instanceof AppError && error.code === "not_found") return new Map();
    throw error;
  }
}

async function views(ctx: TeamContext, rows: Row[]): Promise<Outcome[]> {
  if (rows.length === 0) return [];
  const asOf = ctx.now();
  const window = readWindow({ from: toIso(asOf - DAYS * 86_400_000_000) }, asOf);
  const names = await projectNames(ctx);
  const linked = await ctx.team.list(experiments);
  const today = DateTime.fromMillis(asOf / 1000, { zone: "UTC" }).toISODate() ?? "";
  const figures = new Map<string, Map<TargetKey, Current>>();
  const views: Outcome[] = [];
  for (const row of rows) {
    const isGone = row.projectId !== null && !names.has(row.projectId);
    const key = `${row.projectId} ${row.app}`;
    if (!isGone && !figures.has(key)) figures.set(key, await figuresOf(ctx, row, window, asOf));
    const { value, n } = figures.get(key)?.get(row.metric as TargetKey) ?? { value: null, n: 0 };
    const isLess = targetMetric(row.metric as TargetKey).wanted === "less";
    views.push({
      id: row.id,
      title: row.title,
      why: row.why,
      metric: row.metric as TargetKey,
      project: row.projectId === null ? null : (names.get(row.projectId) ?? "(deleted)"),
      app: row.app,
      target: row.target,
      dueOn: row.dueOn,
      current: value,
      n,
      isMet: value === null ? null : isLess ? value <= row.target : value >= row.target,
      state: row.closedAt !== null ? "closed" : today > row.dueOn ? "overdue" : "open",
      experiments: linked.flatMap((one) => (one.outcomeId === row.id ? [{ id: one.id, hypothesis: one.hypothesis }] : [])),
      createdBy: row.createdBy,
      createdAt: toIso(row.createdAt),
    });
  }
  return views;
}

export const outcomesTable = ({ items }: { items: Outcome[] }): Table => ({
  header: ["id", "title", "metric", "project", "app", "target", "due_on", "current", "n", "met", "state", "experiments"],
  rows: items.map((one) => [
    one.id,
    one.title,
    one.metric,
    one.project,
    one.app,
    one.target,
    one.dueOn,
    one.current,
    one.n,
    one.isMet,
    one.state,
    one.experiments.length,
  ]),
});
