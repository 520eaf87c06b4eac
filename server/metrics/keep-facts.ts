import { createHash } from "node:crypto";
import { and, eq, inArray, isNull, lte, or, sql } from "drizzle-orm";
import { apps, deploymentFacts, factChanges } from "../../db/schema";
import type { Micros } from "../../db/schema/columns";
import type { TeamContext } from "../context";
import type { TeamRows } from "../data/team-data";
import { commitPlace } from "../imports/identity";
import { classify } from "./classify";
import { leadOf } from "./dora";
import type { CommitFact, DeploymentFact, IncidentFact, LiveDeployment } from "./facts";
import { keepRuns } from "./keep-runs";
import type { Scope } from "./load";
import { loadCommits, loadDeployments, loadIncidents } from "./load-history";

const S = 1_000_000;
const CHUNK = 1_000;
type FactRow = Omit<typeof deploymentFacts.$inferInsert, "teamId">;

/**
 * Brings what is kept of a scope's applications up to date with what was noted since, so that late data counts in the very next answer.
 * Costs one short query where nothing was. @param signal ends it after the application that is under way
 */
export async function refreshFacts(ctx: TeamContext, scope: Scope, signal?: AbortSignal): Promise<void> {
  const stale = await ctx.team.query((db, own) =>
    db
      .selectDistinct({ place: factChanges.place })
      .from(factChanges)
      .where(own(factChanges, or(isNull(factChanges.dueAt), lte(factChanges.dueAt, ctx.now())))),
  );
  if (stale.length === 0) return;
  const places = new Set(stale.map((row) => row.place));
  const named = new Map(scope.apps.map((app) => [commitPlace(ctx.team.id, app.projectId, app.name), app]));
  const due = new Set(scope.apps.flatMap((app) => (places.has(app.id) ? [commitPlace(ctx.team.id, app.projectId, app.name)] : [])));
  for (const place of named.keys()) if (places.has(place)) due.add(place);
  for (const place of due) {
    if (signal?.aborted) return;
    const app = named.get(place);
    if (app) await refreshApp(ctx, place, app);
  }
}

/** One application in all its environments: they share their commits. Who comes second finds nothing left to do. */
async function refreshApp(ctx: TeamContext, place: string, { projectId, name }: Scope["apps"][number]): Promise<void> {
  await ctx.team.transaction(async (rows) => {
    await rows.query((db) => db.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`facts:${place}`}, 0))`));
    const own = await rows.list(apps, { where: and(eq(apps.projectId, projectId), eq(apps.name, name), isNull(apps.deletedAt)) });
    const ids = own.map((app) => app.id);
    // what is noted after this statement stays, and whoever asks next sees it
    const changes = await rows.remove(factChanges, inArray(factChanges.place, [place, ...ids]));
    if (changes.length === 0) return;
    const asOf = ctx.now();
    if (changes.some((change) => change.isHistory)) {
      const commits = await loadCommits(rows, [place, ...ids], place);
      for (const id of ids) await keepHistory(rows, id, place, commits, asOf);
    }
    const changed = changes.flatMap((change) => (change.deploymentId === null ? [] : [change.deploymentId]));
    await keepRuns(
      rows,
      place,
      ids,
      changed,
      changes.some((change) => change.isHistory && change.deploymentId === null),
    );
  });
}

async function keepHistory(rows: TeamRows, appId: string, place: string, commits: readonly CommitFact[], asOf: Micros): Promise<void> {
  const found = await loadDeployments(rows, appId);
  const incidents = await loadIncidents(rows, appId);
  const all = found.map((one) => (one.appId === appId ? { ...one, appId: place } : one));
  const deployments = all.filter((one) => one.createdAt <= asOf);
  const live = classify({ deployments, commits, incidents }, asOf);
  const bySha = new Map(commits.map((commit) => [commit.sha, commit]));
  const byId = new Map(live.map((one) => [one.id, one]));
  const known = new Map(
    (
      await rows.query((db, own) =>
        db
          .select({ id: deploymentFacts.deploymentId, digest: deploymentFacts.digest })
          .from(deploymentFacts)
          .where(own(deploymentFacts, eq(deploymentFacts.appId, appId))),
      )
    ).map((row) => [row.id, row.digest]),
  );
  const fresh = deployments
    .filter((one) => one.appId === place)
    .sort((a, b) => (a.liveAt ?? a.createdAt) - (b.liveAt ?? b.createdAt))
    .map((one) => factRow(appId, one, byId.get(one.id), bySha))
    .filter((row) => known.get(row.deploymentId) !== row.digest);
  for (let from = 0; from < fresh.length; from += CHUNK)
    await rows.replaceMany(deploymentFacts, fresh.slice(from, from + CHUNK), [deploymentFacts.deploymentId]);
  const dueAt = nextAt(all, incidents, asOf);
  if (dueAt !== null) await rows.insertMany(factChanges, [{ place: appId, deploymentId: null, isHistory: true, dueAt }]);
}

/** When something that is dated in the future happens next; null where nothing is. */
function nextAt(deployments: readonly DeploymentFact[], incidents: readonly IncidentFact[], asOf: Micros): Micros | null {
  let next: Micros | null = null;
  const see = (at: Micros | null) => {
    if (at !== null && at > asOf && (next === null || at < next)) next = at;
  };
  for (const one of deployments) {
    see(one.createdAt);
    see(one.liveAt);
  }
  for (const one of incidents) see(one.verifiedAt);
  return next;
}

function factRow(appId: string, one: DeploymentFact, live: LiveDeployment | undefined, bySha: ReadonlyMap<string, CommitFact>): FactRow {
  const { samples, left } = live ? leadOf(live, (sha) => bySha.get(sha), false) : { samples: [], left: [] };
  const count = (reason: string) => left.reduce((n, row) => (row.reason === reason ? n + 1 : n), 0);
  const row = {
    deploymentId: one.id,
    appId,
    createdAt: one.createdAt,
    liveAt: live?.liveAt ?? null,
    endedAt: one.finishedAt ?? one.liveAt,
    outcome: one.outcome,
    kind: live?.actualKind ?? one.kind,
    isFirst: live?.isFirst ?? false,
    isRemedy: live?.isRemedy ?? false,
    failed: live?.failure != null,
    failedReason: live?.failure?.reason ?? null,
    failedMethod: live?.failure?.method ?? null,
    remediedAt: live?.remediedAt ?? null,
    remediedBy: live?.remediedBy ?? null,
    lead: samples.map((sample) => Math.round(sample.value * S)),
    commits: live?.set.length ?? 0,
    merges: count("merge"),
    alreadyLive: count("already_live"),
    unknownCommits: count("unknown_commit"),
    negativeSpans: count("negative_span"),
    computedSet: live && one.commits === null ? [...live.set] : null,
    liveBefore: live && live.alreadyLive.size > 0 ? [...live.alreadyLive] : null,
  };
  return { ...row, digest: createHash("sha1").update(JSON.stringify(row)).digest("base64") };
}
