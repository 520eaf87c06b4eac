import { and, count, eq, gte, inArray, isNotNull, isNull, lt, lte, or, type SQL, sql } from "drizzle-orm";
import type { PgColumn } from "drizzle-orm/pg-core";
import { apps, commits, deployments, environments, incidents, spans, workers } from "../../db/schema";
import type { Micros } from "../../db/schema/columns";
import type { TeamContext } from "../context";
import { AppError } from "../errors";
import { commitPlace } from "../imports/identity";
import { findProject, isUuid } from "../projects/service";
import type { Window } from "./calendar";
import type { CommitFact, DeploymentFact, Facts, IncidentFact } from "./facts";
import type { MapRun } from "./map";

export type ScopeInput = { project?: string | undefined; app?: string | undefined; environment?: string | undefined };
/** The applications that a question is about, each in one environment. An application of several environments is several rows. */
export type Scope = { apps: { id: string; name: string; projectId: string; environmentId: string }[] };

/**
 * Applications by project, application and environment, each a name or an id; without an environment those of the production tier.
 * @throws AppError `not_found` for what the team does not have
 */
export async function findScope(ctx: TeamContext, given: ScopeInput): Promise<Scope> {
  const input = { ...given, ...appPlace(given.app) };
  const project = input.project === undefined ? null : await findProject(ctx, input.project);
  const where: SQL[] = [isNull(apps.deletedAt)];
  if (project) where.push(eq(apps.projectId, project.id));
  if (input.app !== undefined) where.push(or(eq(apps.name, input.app), ...(isUuid(input.app) ? [eq(apps.id, input.app)] : [])) as SQL);
  const found = await ctx.team.query((db, own) =>
    db
      .select({
        id: apps.id,
        name: apps.name,
        projectId: apps.projectId,
        environmentId: apps.environmentId,
        environment: environments.name,
        tier: environments.tier,
      })
      .from(apps)
      .innerJoin(environments, own(environments, eq(environments.id, apps.environmentId)))
      .where(own(apps, and(...where))),
  );
  if (input.app !== undefined && found.length === 0)
    throw new AppError("not_found", { what: `There is no application ${input.app.slice(0, 100)}.`, fix: "dokploy app list shows them." });
  const isWanted = (row: (typeof found)[number]) =>
    input.environment === undefined ? row.tier === "production" : row.environment === input.environment || row.environmentId === input.environment;
  if (input.environment !== undefined && !found.some(isWanted) && !(await hasEnvironment(ctx, input.environment, project?.id)))
    throw new AppError("not_found", { what: `There is no environment ${input.environment.slice(0, 100)}.` });
  return { apps: found.filter(isWanted).map(({ id, name, projectId, environmentId }) => ({ id, name, projectId, environmentId })) };
}

/** `PROJECT/NAME@ENV` in its parts. */
function appPlace(reference: string | undefined): ScopeInput {
  const match = /^(?:([^/@]+)\/)?([^/@]+)(?:@([^/@]+))?$/.exec(reference ?? "");
  const [, project, app, environment] = match ?? [];
  return { ...(project ? { project } : {}), ...(app ? { app } : {}), ...(environment ? { environment } : {}) };
}

async function hasEnvironment(ctx: TeamContext, name: string, projectId: string | undefined): Promise<boolean> {
  const same = or(eq(environments.name, name), ...(isUuid(name) ? [eq(environments.id, name)] : []));
  return (await ctx.team.first(environments, and(same, projectId ? eq(environments.projectId, projectId) : undefined))) !== null;
}

/** Runs that went live in the window with their top-level spans, and how many ended otherwise. */
export async function loadRuns(
  ctx: TeamContext,
  scope: Scope,
  window: Window,
  stream: string,
): Promise<{ runs: MapRun[]; apart: Record<string, number>; isMeasured: boolean }> {
  const ids = scope.apps.map((app) => app.id);
  if (ids.length === 0) return { runs: [], apart: {}, isMeasured: false };
  const place = new Map(scope.apps.map((app) => [app.id, commitPlace(ctx.team.id, app.projectId, app.name)]));
  const inWindow = (column: PgColumn) => and(gte(column, window.from), lt(column, window.to));
  const live = await ctx.team.list(deployments, { where: and(inArray(deployments.appId, ids), inWindow(deployments.liveAt)) });
  const shas = [...new Set(live.flatMap((row) => (row.commitSha === null ? [] : [row.commitSha])))];
  const { heads, found, ended } = await ctx.team.transaction(async (rows) => ({
    heads:
      shas.length === 0
        ? []
        : await rows.list(commits, { where: and(inArray(commits.appId, [...new Set([...place.keys(), ...place.values()])]), inArray(commits.sha, shas)) }),
    found:
      live.length === 0
        ? []
        : await rows.list(spans, {
            where: and(
              eq(spans.stream, stream),
              inArray(
                spans.subject,
                live.map((row) => row.id),
              ),
              isNull(spans.parent),
            ),
            orderBy: spans.startedAt,
          }),
    ended: await rows.query((db, own) =>
      db
        .select({ status: deployments.status, n: count() })
        .from(deployments)
        .where(own(deployments, and(inArray(deployments.appId, ids), isNull(deployments.liveAt), inWindow(deployments.finishedAt))))
        .groupBy(deployments.status),
    ),
  }));
  const authored = new Map(heads.map((commit) => [`${place.get(commit.appId) ?? commit.appId} ${commit.sha}`, commit.authoredAt]));
  const bySubject = new Map<string, typeof found>();
  for (const span of found) {
    const list = bySubject.get(span.subject);
    if (list) list.push(span);
    else bySubject.set(span.subject, [span]);
  }
  return {
    runs: live.map((row) => ({
      id: row.id,
      appId: row.appId,
      liveAt: row.liveAt,
      createdAt: row.createdAt,
      authoredAt: row.authoredAt ?? authored.get(`${place.get(row.appId) ?? row.appId} ${row.commitSha}`) ?? null,
      finishedAt: row.finishedAt,
      spans: bySubject.get(row.id) ?? [],
    })),
    apart: Object.fromEntries(ended.map(({ status, n }) => [status, n])),
    isMeasured: live.length > 0 && live.every((row) => !row.imported),
  };
}

const REPORTED_WITHIN_MICROS = 60_000_000;
/** Builds that all workers may run at once, as those that are there last said. */
export async function buildSlots(ctx: TeamContext): Promise<number> {
  const present = gte(workers.reportedAt, ctx.now() - REPORTED_WITHIN_MICROS);
  const rows = await ctx.team.query((db) => db.select({ slots: workers.buildSlots }).from(workers).where(present));
  return rows.reduce((sum, row) => sum + row.slots, 0);
}
