import { and, asc, count, eq, gte, isNotNull, isNull, lt, or, type SQL, sql } from "drizzle-orm";
import type { PgColumn } from "drizzle-orm/pg-core";
import { commits, deploymentFacts, deployments } from "../../db/schema";
import type { Micros } from "../../db/schema/columns";
import type { TeamContext } from "../context";
import type { DeploymentKind } from "../deployments/schema";
import { commitPlace } from "../imports/identity";
import type { Window } from "./calendar";
import { inWindow } from "./dora";
import type { CommitFact, DeploymentFact, Facts, Failure, LiveDeployment } from "./facts";
import { refreshFacts } from "./keep-facts";
import type { Scope } from "./load";
import { deploymentFields, micros, toFact } from "./load-history";

/** What a window's metrics are of. */
export type Known = {
  /** Those that went live in the window, each with what follows from all of its past. */
  live: LiveDeployment[];
  /** Every deployment that the window may count: live in it, ended in it, or of no known end. */
  facts: Pick<Facts, "deployments" | "commits">;
  /** How many deployments the scope has, of whatever time, and when the last of them went live. */
  total: number;
  lastLiveAt: Micros | null;
};

/**
 * What metrics of a window, and of any within it, are computed from. What lies before it is not read: what follows from the past is kept
 * with each deployment.
 */
export async function loadKnown(ctx: TeamContext, scope: Scope, window: Window, asOf: Micros): Promise<Known> {
  await refreshFacts(ctx, scope);
  const place = new Map(scope.apps.map((app) => [app.id, commitPlace(ctx.team.id, app.projectId, app.name)]));
  const ofScope = sql`${deploymentFacts.appId} = any(${sql.param([...place.keys()])}::uuid[])`;
  const { rows, sums } = await ctx.team.query(async (db, own) => ({
    rows: await db
      .select({ fact: keptFields, deployment: deploymentFields })
      .from(deploymentFacts)
      .innerJoin(deployments, own(deployments, eq(deployments.id, deploymentFacts.deploymentId)))
      .where(own(deploymentFacts, and(ofScope, countsIn(window))))
      .orderBy(asc(deploymentFacts.liveAt), asc(deploymentFacts.createdAt), asc(deploymentFacts.deploymentId)),
    sums: await db
      .select({ total: count(), lastLiveAt: micros<Micros | null>(sql`max(${deploymentFacts.liveAt})`) })
      .from(deploymentFacts)
      .where(own(deploymentFacts, ofScope)),
  }));
  const found = rows.map(({ fact, deployment }) => ({ fact, deployment: toFact({ ...deployment, appId: place.get(deployment.appId) ?? deployment.appId }) }));
  const live = found.flatMap(({ fact, deployment }) => (inWindow(fact.liveAt, window) ? [toLive(fact, deployment)] : []));
  const facts = { deployments: found.map(({ deployment }) => deployment), commits: await loadSets(ctx, scope, live) };
  return { live, facts, total: sums[0]?.total ?? 0, lastLiveAt: sums[0]?.lastLiveAt ?? null };

  function countsIn({ from, to }: Window): SQL | undefined {
    const within = (column: PgColumn) => and(gte(column, from), lt(column, to));
    return or(
      within(deploymentFacts.liveAt),
      within(deploymentFacts.endedAt),
      and(isNull(deploymentFacts.endedAt), isNotNull(deploymentFacts.outcome), within(deploymentFacts.createdAt)),
    );
  }
}

const keptFields = {
  liveAt: micros<Micros | null>(deploymentFacts.liveAt),
  kind: deploymentFacts.kind,
  isFirst: deploymentFacts.isFirst,
  isRemedy: deploymentFacts.isRemedy,
  failed: deploymentFacts.failed,
  failedReason: deploymentFacts.failedReason,
  failedMethod: deploymentFacts.failedMethod,
  remediedAt: micros<Micros | null>(deploymentFacts.remediedAt),
  remediedBy: deploymentFacts.remediedBy,
  computedSet: deploymentFacts.computedSet,
  liveBefore: deploymentFacts.liveBefore,
};
type KeptFact = {
  liveAt: Micros | null;
  kind: DeploymentKind;
  isFirst: boolean;
  isRemedy: boolean;
  failed: boolean;
  failedReason: string | null;
  failedMethod: Failure["method"] | null;
  remediedAt: Micros | null;
  remediedBy: string | null;
  computedSet: string[] | null;
  liveBefore: string[] | null;
};

const toLive = (fact: KeptFact, one: DeploymentFact): LiveDeployment => ({
  ...one,
  liveAt: fact.liveAt as Micros,
  actualKind: fact.kind,
  isFirst: fact.isFirst,
  set: fact.computedSet ?? one.commits ?? [],
  alreadyLive: new Set(fact.liveBefore ?? []),
  failure: fact.failed ? { reason: fact.failedReason ?? "", method: fact.failedMethod ?? "measured" } : null,
  remediedAt: fact.remediedAt,
  remediedBy: fact.remediedBy,
  isRemedy: fact.isRemedy,
});

/** The commits of the sets of deployments, wherever they lie: under the application, or under all of its environments. */
async function loadSets(ctx: TeamContext, scope: Scope, live: readonly LiveDeployment[]): Promise<CommitFact[]> {
  const lie = new Map<string, string[]>();
  for (const app of scope.apps) {
    const place = commitPlace(ctx.team.id, app.projectId, app.name);
    lie.set(place, [...(lie.get(place) ?? [place]), app.id]);
  }
  const wanted = new Map<string, { place: string; sha: string }>();
  for (const { appId, set } of live) for (const sha of set) wanted.set(`${appId} ${sha}`, { place: appId, sha });
  const pairs = [...wanted.values()].flatMap(({ place, sha }) => (lie.get(place) ?? []).map((under) => ({ under, place, sha })));
  const found: CommitFact[] = [];
  for (let from = 0; from < pairs.length; from += MOST_PAIRS) {
    const part = pairs.slice(from, from + MOST_PAIRS);
    const [unders, places, shas] = (["under", "place", "sha"] as const).map((key) => sql.param(part.map((one) => one[key])));
    const rows = await ctx.team.query((db, own) =>
      db
        .select({
          appId: sql<string>`wanted.place`,
          sha: commits.sha,
          parents: commits.parents,
          authoredAt: micros<Micros | null>(commits.authoredAt),
          pushedAt: micros<Micros | null>(commits.pushedAt),
          merge: commits.merge,
        })
        .from(commits)
        .innerJoin(
          sql`unnest(${unders}::uuid[], ${places}::uuid[], ${shas}::text[]) wanted (under, place, sha)`,
          sql`wanted.under = ${commits.appId} and wanted.sha = ${commits.sha}`,
        )
        .where(own(commits)),
    );
    found.push(...rows);
  }
  return found;
}
const MOST_PAIRS = 20_000;
