import { and, asc, desc, eq, inArray, isNull, lt, or, type SQL } from "drizzle-orm";
import { apps, deployments, environments, projects, spans } from "../../db/schema";
import { fromIso, type Micros, toIso } from "../../db/schema/columns";
import type { TeamContext } from "../context";
import { AppError } from "../errors";
import { isUuid } from "../projects/service";
import { attribute, type TimedSpan, totalsOf } from "../streams/attribute";
import { BAKE, classOf, UNATTRIBUTED } from "../streams/definitions";
import { type Deployment, type DeploymentWithSpans, FINAL_STATUSES, type RunTotals, type SpanView } from "./schema";

export type DeploymentRow = typeof deployments.$inferSelect;
type SpanRow = typeof spans.$inferSelect;
type Named = { deployment: DeploymentRow; app: string | null; project: string | null; environment: string | null };

const optional = (at: Micros | null) => (at === null ? null : toIso(at));

/** @throws AppError `not_found`, also for a deployment of another team */
export async function findDeployment(ctx: TeamContext, id: string): Promise<Named> {
  const [found] = isUuid(id) ? await readNamed(ctx, eq(deployments.id, id), 1) : [];
  if (!found) throw new AppError("not_found", { what: `There is no deployment ${id}.`, fix: "dokploy deployment list APP shows them." });
  return found;
}

export async function readDeployment(ctx: TeamContext, id: string): Promise<DeploymentWithSpans> {
  const found = await findDeployment(ctx, id);
  const rows = await ctx.team.list(spans, { where: eq(spans.subject, found.deployment.id), orderBy: [asc(spans.startedAt), asc(spans.finishedAt)] });
  return withSpans(found, rows, ctx.now());
}

/** Newest first, without BuildKit's steps. `cursor` is the id that the page before ended with. */
export async function listDeployments(ctx: TeamContext, filter: { appId?: string; status?: string }, page: { limit: number; cursor?: string | undefined }) {
  const after = page.cursor ? (await findDeployment(ctx, page.cursor)).deployment : null;
  const where = and(
    filter.appId ? eq(deployments.appId, filter.appId) : undefined,
    filter.status ? eq(deployments.status, filter.status as DeploymentRow["status"]) : undefined,
    after ? or(lt(deployments.createdAt, after.createdAt), and(eq(deployments.createdAt, after.createdAt), lt(deployments.id, after.id))) : undefined,
  );
  const rows = await readNamed(ctx, where, page.limit + 1);
  const items = rows.slice(0, page.limit);
  return { items: items.map(toView), nextCursor: rows.length > page.limit ? (items.at(-1)?.deployment.id ?? null) : null };
}

/** The newest that have ended. */
export const listEnded = async (ctx: TeamContext, limit: number): Promise<Deployment[]> =>
  (await readNamed(ctx, inArray(deployments.status, [...FINAL_STATUSES]), limit)).map(toView);

/** What is under way: what runs first, then what waits, each the oldest first; and how many there are of each. */
export async function listUnderWay(ctx: TeamContext, limit: number): Promise<{ items: Deployment[]; running: number; queued: number }> {
  const [isRunning, isQueued] = [eq(deployments.status, "running"), eq(deployments.status, "queued")];
  const rows = await readNamed(ctx, or(isRunning, isQueued), limit, [desc(isRunning), asc(deployments.createdAt), asc(deployments.id)]);
  const [running, queued] = await ctx.team.transaction(async (own) => [await own.count(deployments, isRunning), await own.count(deployments, isQueued)]);
  return { items: rows.map(toView), running, queued };
}

/** Top-level spans of several deployments in one query, for tables that draw each run to time. */
export async function topSpansOf(ctx: TeamContext, ids: string[]): Promise<Map<string, SpanView[]>> {
  if (ids.length === 0) return new Map();
  const rows = await ctx.team.list(spans, { where: and(inArray(spans.subject, ids), isNull(spans.parent)), orderBy: asc(spans.startedAt) });
  const byDeployment = new Map<string, SpanView[]>();
  for (const row of rows) byDeployment.set(row.subject, [...(byDeployment.get(row.subject) ?? []), toSpanView(row)]);
  return byDeployment;
}

export function toView({ deployment, app, project, environment }: Named): Deployment {
  const { commitSha, commitMessage, commitAuthor, authoredAt } = deployment;
  return {
    id: deployment.id,
    app: app ?? "(deleted)",
    appId: deployment.appId,
    project: project ?? "(deleted)",
    environment: environment ?? "(deleted)",
    number: deployment.number,
    kind: deployment.kind,
    trigger: deployment.trigger,
    strategy: deployment.strategy,
    status: deployment.status,
    outcome: deployment.outcome,
    reason: deployment.reason,
    // a person's word goes before what was measured
    failed: deployment.mark ?? deployment.failed,
    failedReason: deployment.mark === null ? deployment.failedReason : deployment.mark ? deployment.markReason : null,
    failedMethod: deployment.mark === null ? deployment.failedMethod : deployment.mark ? "manual" : null,
    mark: deployment.mark === null ? null : { failed: deployment.mark, reason: deployment.markReason ?? "" },
    remediates: deployment.remediates,
    commit:
      commitSha === null
        ? null
        : { sha: commitSha, message: commitMessage ?? "", author: commitAuthor ?? "", authoredAt: toIso(authoredAt ?? deployment.createdAt) },
    commits: deployment.commits,
    image: deployment.image,
    release: deployment.release,
    slot: deployment.slot,
    url: deployment.url,
    actor: deployment.actor,
    ref: deployment.ref,
    changedKeys: deployment.changedKeys,
    cancelRequestedAt: optional(deployment.cancelRequestedAt),
    step: deployment.step,
    stepStartedAt: optional(deployment.stepStartedAt),
    attempt: deployment.attempt,
    logLines: deployment.logLines,
    createdAt: toIso(deployment.createdAt),
    startedAt: optional(deployment.startedAt),
    liveAt: optional(deployment.liveAt),
    finishedAt: optional(deployment.finishedAt),
    bakeUntil: optional(deployment.bakeUntil),
  };
}

/** From the head commit's author time (without one: creation) to the end of `verify`, in seconds; while it runs, to now. */
export function totalsOfRun(deployment: DeploymentRow, rows: TimedSpan[], now: Micros): RunTotals {
  const to = deployment.finishedAt ?? now;
  const from = runStart(deployment);
  const { va, nnva, wait, lead } = totalsOf(attribute(rows, from, Math.max(from, to)));
  return { va: va / 1e6, nnva: nnva / 1e6, wait: wait / 1e6, lead: lead / 1e6 };
}

const runStart = (deployment: DeploymentRow): Micros => Math.min(deployment.authoredAt ?? deployment.createdAt, deployment.createdAt);

function withSpans(found: Named, rows: SpanRow[], now: Micros): DeploymentWithSpans {
  const { deployment } = found;
  const inLead = rows.filter((row) => row.parent === null && row.step !== BAKE);
  const views = rows.map(toSpanView);
  const slices = attribute(inLead, runStart(deployment), deployment.finishedAt ?? Math.max(runStart(deployment), ...inLead.map((row) => row.finishedAt)));
  for (const slice of slices) if (slice.step === UNATTRIBUTED) views.push(gapView(slice.startedAt, slice.finishedAt));
  if (deployment.status === "running" && deployment.step && deployment.stepStartedAt !== null) views.push(runningView(deployment));
  views.sort((a, b) => fromIso(a.startedAt) - fromIso(b.startedAt));
  return { ...toView(found), spans: views, totals: totalsOfRun(deployment, inLead, now) };
}

const toSpanView = (row: SpanRow): SpanView => ({
  id: row.id,
  step: row.step,
  class: row.class,
  startedAt: toIso(row.startedAt),
  finishedAt: toIso(row.finishedAt),
  outcome: row.outcome,
  cached: row.cached,
  attempt: row.attempt,
  parent: row.parent,
  detail: row.detail,
});

const gapView = (startedAt: Micros, finishedAt: Micros): SpanView => ({
  step: UNATTRIBUTED,
  class: "wait",
  startedAt: toIso(startedAt),
  finishedAt: toIso(finishedAt),
  outcome: "ok",
  cached: false,
  attempt: 1,
  parent: null,
  detail: {},
});

const runningView = (deployment: DeploymentRow): SpanView => ({
  step: deployment.step ?? "",
  class: classOf(deployment.step ?? ""),
  startedAt: toIso(deployment.stepStartedAt ?? deployment.createdAt),
  finishedAt: null,
  outcome: null,
  cached: false,
  attempt: deployment.attempt,
  parent: null,
  detail: {},
});

const NEWEST_FIRST = [desc(deployments.createdAt), desc(deployments.id)];

function readNamed(ctx: TeamContext, where: SQL | undefined, limit: number, orderBy: SQL[] = NEWEST_FIRST): Promise<Named[]> {
  return ctx.team.query((db, own) =>
    db
      .select({ deployment: deployments, app: apps.name, project: projects.name, environment: environments.name })
      .from(deployments)
      .leftJoin(apps, eq(apps.id, deployments.appId))
      .leftJoin(projects, eq(projects.id, deployments.projectId))
      .leftJoin(environments, eq(environments.id, deployments.environmentId))
      .where(own(deployments, where))
      .orderBy(...orderBy)
      .limit(limit),
  );
}
