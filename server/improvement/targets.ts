import { and, eq, isNull, or } from "drizzle-orm";
import { projects, targets } from "../../db/schema";
import { toIso } from "../../db/schema/columns";
import type { TeamContext } from "../context";
import type { Table } from "../csv";
import { AppError } from "../errors";
import { readWindow, weeksOf } from "../metrics/calendar";
import { periodsOf } from "../metrics/report";
import { windowView } from "../metrics/scope-fields";
import { NOT_MEASURED, TARGET_METRICS, type TargetKey, type TargetMetric, targetMetric } from "./constants";
import { type Current, currentFigures } from "./current";
import { findPlace, type Place } from "./place";

type Asked = { project?: string | undefined; app?: string | undefined; environment?: string | undefined };
export type TargetLevel = "app" | "project" | "team" | "usual";
export type TargetRow = Omit<TargetMetric, "usual"> & {
  key: TargetKey;
  /** Null where neither the team nor the seeds have one. */
  target: number | null;
  level: TargetLevel | null;
  /** Which document asks for the usual one, or who set it. */
  from: string | null;
  usual: number | null;
  current: number | null;
  n: number;
  before: number | null;
  /** How far it is off, in the metric's unit; 0 where it is met. */
  gap: number | null;
  isMet: boolean | null;
  /** By weeks of this period. */
  trend: (number | null)[];
  /** Why there is no figure. */
  missing: string | null;
};

/** Each metric's target, its figure over the window and the one before, and the gap. */
export async function listTargets(ctx: TeamContext, input: Asked & { from?: string | undefined; to?: string | undefined; tz?: string | undefined }) {
  const asOf = ctx.now();
  const periods = periodsOf(readWindow(input, asOf), asOf);
  const place = await findPlace(ctx, input);
  const weeks = weeksOf(periods.now);
  const [now, before, ...trend] = await currentFigures(ctx, input, [periods.now, periods.before, ...weeks.slice(-MOST_WEEKS)], asOf);
  const own = await ownTargets(ctx, place);
  return {
    window: windowView(periods.now),
    windowBefore: windowView(periods.before),
    asOf: toIso(asOf),
    place: { project: place.projectName, app: place.app },
    items: TARGET_METRICS.map((metric) =>
      toRow(
        metric,
        own.get(metric.key) ?? null,
        now?.get(metric.key),
        before?.get(metric.key),
        trend.map((week) => week.get(metric.key)?.value ?? null),
      ),
    ),
    nextCursor: null,
  };
}
/** A year by weeks would be 52 loads for a line of a few pixels. */
const MOST_WEEKS = 8;
export type TargetList = Awaited<ReturnType<typeof listTargets>>;

type OwnTarget = { value: number; level: TargetLevel; from: string };

/** The closest of what was set: of the application, its project, the team. */
async function ownTargets(ctx: TeamContext, { projectId, app }: Place): Promise<Map<string, OwnTarget>> {
  const rows = await ctx.team.list(targets, { where: or(isNull(targets.projectId), ...(projectId === null ? [] : [eq(targets.projectId, projectId)])) });
  const levels = { team: 0, project: 1, app: 2 } as const;
  const found = new Map<string, OwnTarget & { level: keyof typeof levels }>();
  for (const row of rows) {
    if (row.app !== null && row.app !== app) continue;
    const level = row.app !== null ? "app" : row.projectId !== null ? "project" : "team";
    const known = found.get(row.metric);
    if (!known || levels[level] > levels[known.level]) found.set(row.metric, { value: row.value, level, from: row.setBy });
  }
  return found;
}

function toRow(
  { usual, ...metric }: TargetMetric,
  own: OwnTarget | null,
  now: Current | undefined,
  before: Current | undefined,
  trend: (number | null)[],
): TargetRow {
  const chosen = own ?? (usual === null ? null : { value: usual.value, level: "usual" as const, from: usual.source });
  const current = now?.value ?? null;
  const off = chosen === null || current === null ? null : metric.wanted === "less" ? current - chosen.value : chosen.value - current;
  const key = metric.key as TargetKey;
  return {
    ...metric,
    key,
    target: chosen?.value ?? null,
    level: chosen?.level ?? null,
    from: chosen?.from ?? null,
    usual: usual?.value ?? null,
    current,
    n: now?.n ?? 0,
    before: before?.value ?? null,
    gap: off === null ? null : Math.max(0, off),
    isMet: off === null ? null : off <= 0,
    trend,
    missing:
      current !== null
        ? null
        : (NOT_MEASURED[key] ?? (now === undefined ? "known of the whole team alone" : now.n === 0 ? "nothing of it in this period" : `n too small: ${now.n}`)),
  };
}

/** The targets that hold for a place, own or usual; null where a metric has none. */
export async function targetsFor(ctx: TeamContext, input: Asked): Promise<(key: TargetKey) => number | null> {
  const own = await ownTargets(ctx, await findPlace(ctx, input));
  return (key) => own.get(key)?.value ?? targetMetric(key).usual?.value ?? null;
}

/** Sets a target of the team, a project or an application; what was set there before is replaced. @throws AppError */
export async function setTarget(ctx: TeamContext, input: Asked & { metric: TargetKey; value: number }): Promise<{ metric: TargetKey; value: number }> {
  const metric = targetMetric(input.metric);
  if (metric.unit === "share" && input.value > 1)
    throw new AppError("bad_request", { what: `${metric.name} is a share: at most 1.`, why: `${input.value} was given.`, fix: "Write 0.95 for 95 %." });
  const place = await findPlace(ctx, input);
  await ctx.team.transaction(async (rows) => {
    const before = await rows.first(targets, isOf(input.metric, place), { lock: "update" });
    const values = { value: input.value, setBy: ctx.actor, setAt: ctx.now() };
    if (before) await rows.update(targets, values, eq(targets.id, before.id));
    else if (!(await rows.insert(targets, { metric: input.metric, projectId: place.projectId, app: place.app, ...values })))
      throw new AppError("conflict", { what: "Somebody set this target at the same moment.", fix: "Look at it, and set it again if you must." });
    await ctx.audit("target.set", nameOf(place), { metric: input.metric, value: input.value, before: before?.value ?? null }, rows);
  });
  return { metric: input.metric, value: input.value };
}

/** Takes an own target back: what is set above it holds again. @throws AppError `not_found` */
export async function clearTarget(ctx: TeamContext, input: Asked & { metric: TargetKey }): Promise<{ metric: TargetKey }> {
  const place = await findPlace(ctx, input);
  await ctx.team.transaction(async (rows) => {
    const [gone] = await rows.remove(targets, isOf(input.metric, place));
    if (!gone) throw new AppError("not_found", { what: `No target of ${targetMetric(input.metric).name} was set here.` });
    await ctx.audit("target.cleared", nameOf(place), { metric: input.metric, before: gone.value }, rows);
  });
  return { metric: input.metric };
}

const isOf = (metric: TargetKey, { projectId, app }: Place) =>
  and(
    eq(targets.metric, metric),
    projectId === null ? isNull(targets.projectId) : eq(targets.projectId, projectId),
    app === null ? isNull(targets.app) : eq(targets.app, app),
  );
const nameOf = ({ projectId, app, projectName }: Place & { projectName: string | null }) =>
  projectId === null ? null : { id: projectId, name: app === null ? (projectName ?? "") : `${projectName}/${app}` };

export const targetsTable = ({ items }: Pick<TargetList, "items">): Table => ({
  header: ["metric", "name", "stream", "unit", "wanted", "target", "set_at", "current", "n", "before", "gap", "met", "missing"],
  rows: items.map((row) => [
    row.key,
    row.name,
    row.stream,
    row.unit,
    row.wanted,
    row.target,
    row.level,
    row.current,
    row.n,
    row.before,
    row.gap,
    row.isMet,
    row.missing,
  ]),
});

/** Names of projects by id, for lists that carry places. */
export async function projectNames(ctx: TeamContext): Promise<Map<string, string>> {
  return new Map((await ctx.team.list(projects)).map((one) => [one.id, one.name]));
}
