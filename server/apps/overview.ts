import { and, asc, desc, eq, inArray, isNull, sql } from "drizzle-orm";
import type { PgColumn } from "drizzle-orm/pg-core";
import { apps, deployments, environments, projects, releases, spans } from "../../db/schema";
import { type Micros, toIso } from "../../db/schema/columns";
import type { TeamContext } from "../context";
import type { ListedRun, SpanView } from "../deployments/schema";
import { drawParts } from "../streams/draw";
import type { AppStatus, Resources } from "./schema";
import { statusOf } from "./view";

export type OverviewApp = {
  id: string;
  name: string;
  projectId: string;
  environment: string;
  status: AppStatus;
  runningReplicas: number;
  replicas: number;
  release: number | null;
  source: string;
  last: ListedRun | null;
};

type NewestRow = NonNullable<Awaited<ReturnType<typeof readPlaced>>[number]["last"]>;
type StepRow = Pick<typeof spans.$inferSelect, "subject" | "step" | "class" | "outcome" | "startedAt" | "finishedAt">;

/**
 * What a list of applications shows, and no more: each with its newest deployment and that one's steps. Two queries for any number of
 * applications; in the first, one probe of the index (application, newest first) for each.
 */
export async function appsOverview(ctx: TeamContext, projectId?: string): Promise<OverviewApp[]> {
  const found = await readPlaced(ctx, projectId);
  const steps = await stepsOf(
    ctx,
    found.flatMap(({ last }) => (last ? [last.id] : [])),
  );
  return found.map(({ app, environment, release, last }) => ({
    id: app.id,
    name: app.name,
    projectId: app.projectId,
    environment,
    status: statusOf(app),
    runningReplicas: app.runningReplicas,
    replicas: app.replicas,
    release,
    source: sourceOf(app),
    last: last && viewOf(last, steps.get(last.id) ?? []),
  }));
}

/** How an application stands, for who wants to know whether everything is up. */
export type AppStanding = {
  id: string;
  name: string;
  project: string;
  environment: string;
  status: AppStatus;
  runningReplicas: number;
  replicas: number;
  release: number | null;
  /** Since when the live release has the traffic. */
  liveAt: string | null;
  resources: Resources;
  source: string;
  /** There is nothing of it to run here. */
  isImported: boolean;
};

/** Every application of the team as a worker last saw it, in one query however many there are. */
export async function appStandings(ctx: TeamContext): Promise<AppStanding[]> {
  return (await readPlaced(ctx)).map(({ app, project, environment, release, liveAt }) => ({
    id: app.id,
    name: app.name,
    project,
    environment,
    status: statusOf(app),
    runningReplicas: app.runningReplicas,
    replicas: app.replicas,
    release,
    liveAt: liveAt === null ? null : toIso(liveAt),
    resources: app.resources,
    source: sourceOf(app),
    isImported: app.imported,
  }));
}

const sourceOf = (app: { gitUrl: string | null; imageReference: string | null }) => app.gitUrl ?? app.imageReference ?? "";
const optional = (at: Micros | null) => (at === null ? null : toIso(at));

/** A run that has ended is drawn here; one that runs is drawn by the page as time passes, from its steps. */
function viewOf({ reason, createdAt, finishedAt, ...run }: NewestRow, steps: StepRow[]): ListedRun {
  const from = (at: Micros) => at - createdAt;
  return {
    ...run,
    reason: reason && { code: reason.code, what: reason.what, ...(reason.step ? { step: reason.step } : {}) },
    createdAt: toIso(createdAt),
    stepStartedAt: optional(run.stepStartedAt),
    liveAt: optional(run.liveAt),
    finishedAt: optional(finishedAt),
    spans: finishedAt === null ? steps.map(spanView) : [],
    drawn:
      finishedAt === null
        ? null
        : drawParts(
            steps.map((step) => ({ ...step, startedAt: from(step.startedAt), finishedAt: from(step.finishedAt) })),
            from(finishedAt),
          ),
  };
}

const spanView = ({ subject: _, startedAt, finishedAt, ...row }: StepRow): SpanView => ({
  ...row,
  startedAt: toIso(startedAt),
  finishedAt: toIso(finishedAt),
  cached: false,
  attempt: 1,
  parent: null,
  detail: {},
});

function readPlaced(ctx: TeamContext, projectId?: string) {
  const { id, name, gitUrl, imageReference, replicas, runningReplicas, releaseId, desired, resources, imported } = apps;
  return ctx.team.query((db, own) => {
    const { id: run, number, status, kind, outcome, reason, failed, step, stepStartedAt, createdAt, liveAt, finishedAt } = deployments;
    const newest = db
      .select({ id: run, number, status, kind, outcome, reason, failed, step, stepStartedAt, createdAt, liveAt, finishedAt })
      .from(deployments)
      .where(own(deployments, eq(deployments.appId, apps.id)))
      .orderBy(desc(createdAt), desc(run))
      .limit(1)
      .as("newest");
    return db
      .select({
        app: { id, name, projectId: apps.projectId, gitUrl, imageReference, replicas, runningReplicas, releaseId, desired, resources, imported },
        project: projects.name,
        environment: environments.name,
        release: releases.number,
        liveAt: releases.liveAt,
        last: newest._.selectedFields,
      })
      .from(apps)
      .innerJoin(projects, eq(projects.id, apps.projectId))
      .innerJoin(environments, eq(environments.id, apps.environmentId))
      .leftJoin(releases, eq(releases.id, apps.releaseId))
      .leftJoinLateral(newest, sql`true`)
      .where(own(apps, and(isNull(apps.deletedAt), projectId === undefined ? undefined : eq(apps.projectId, projectId))))
      .orderBy(asc(projects.name), asc(apps.name), asc(environments.name));
  });
}

/** As numbers from the database: thousands of instants are not worth a detour over their text. */
const micros = (column: PgColumn) => sql<Micros>`(extract(epoch from ${column}) * 1e6)::float8`;

async function stepsOf(ctx: TeamContext, ids: string[]): Promise<Map<string, StepRow[]>> {
  const byRun = new Map<string, StepRow[]>();
  if (ids.length === 0) return byRun;
  const { subject, step, startedAt, finishedAt, outcome } = spans;
  const rows = await ctx.team.query((db, own) =>
    db
      .select({ subject, step, class: spans.class, startedAt: micros(startedAt), finishedAt: micros(finishedAt), outcome })
      .from(spans)
      .where(own(spans, and(inArray(subject, ids), isNull(spans.parent))))
      .orderBy(asc(startedAt)),
  );
  for (const row of rows) {
    const own = byRun.get(row.subject);
    if (own) own.push(row);
    else byRun.set(row.subject, [row]);
  }
  return byRun;
}
