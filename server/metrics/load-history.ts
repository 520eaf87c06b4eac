import { and, eq, inArray, isNotNull, ne, type SQL, sql } from "drizzle-orm";
import { alias, type PgColumn } from "drizzle-orm/pg-core";
import { commits, deployments, environments, incidents } from "../../db/schema";
import type { Micros } from "../../db/schema/columns";
import type { TeamRows } from "../data/team-data";
import type { CommitFact, DeploymentFact, IncidentFact } from "./facts";

/** An instant as PostgreSQL counts it, exact: its text would be parsed again for each of a hundred thousand rows. */
export const micros = <T>(column: PgColumn | SQL) => sql<T>`(extract(epoch from ${column}) * 1000000)::float8`;

export const deploymentFields = {
  id: deployments.id,
  appId: deployments.appId,
  environmentId: deployments.environmentId,
  kind: deployments.kind,
  outcome: deployments.outcome,
  createdAt: micros<Micros>(deployments.createdAt),
  liveAt: micros<Micros | null>(deployments.liveAt),
  finishedAt: micros<Micros | null>(deployments.finishedAt),
  sha: deployments.commitSha,
  commits: deployments.commits,
  commitsKnown: deployments.commitsKnown,
  restores: deployments.restores,
  remediates: deployments.remediates,
  mark: deployments.mark,
  failed: deployments.failed,
  failedReason: deployments.failedReason,
  markReason: deployments.markReason,
};
export type StoredDeployment = Omit<DeploymentFact, "commits"> & { commits: string[]; commitsKnown: boolean; markReason: string | null };
export const toFact = ({ commits: set, commitsKnown, markReason, ...row }: StoredDeployment): DeploymentFact => ({
  ...row,
  failedReason: row.mark === null ? row.failedReason : markReason,
  commits: commitsKnown ? set : null,
});

/**
 * All deployments of an application in one environment, and those of others, of the same tier, that name one of them as made good: on
 * these alone depends what each of them is.
 */
export async function loadDeployments(rows: TeamRows, appId: string): Promise<DeploymentFact[]> {
  const failed = alias(deployments, "failed");
  const [there, here] = [alias(environments, "there"), alias(environments, "here")];
  const [own, others] = await rows.query(async (db, scoped) => [
    await db
      .select(deploymentFields)
      .from(deployments)
      .where(scoped(deployments, eq(deployments.appId, appId))),
    await db
      .select(deploymentFields)
      .from(deployments)
      .innerJoin(failed, scoped(failed, eq(failed.id, deployments.remediates)))
      .innerJoin(there, scoped(there, eq(there.id, deployments.environmentId)))
      .innerJoin(here, scoped(here, and(eq(here.id, failed.environmentId), eq(here.tier, there.tier))))
      .where(scoped(deployments, and(eq(failed.appId, appId), isNotNull(deployments.remediates), ne(deployments.appId, appId)))),
  ]);
  return [...own, ...others].map(toFact);
}

/** Every commit that lies under one of the places, as one of `place`. */
export async function loadCommits(rows: TeamRows, places: string[], place: string): Promise<CommitFact[]> {
  const select = {
    sha: commits.sha,
    parents: commits.parents,
    authoredAt: micros<Micros | null>(commits.authoredAt),
    pushedAt: micros<Micros | null>(commits.pushedAt),
    merge: commits.merge,
  };
  const found = await rows.query((db, own) =>
    db
      .select(select)
      .from(commits)
      .where(own(commits, inArray(commits.appId, places))),
  );
  return found.map((commit) => ({ ...commit, appId: place }));
}

/** Incidents whose cause is a deployment of the application. */
export async function loadIncidents(rows: TeamRows, appId: string): Promise<IncidentFact[]> {
  const found = await rows.query((db, own) =>
    db
      .select({
        id: incidents.externalId,
        causedBy: incidents.causedBy,
        verifiedAt: micros<Micros | null>(incidents.verifiedAt),
        falsePositive: incidents.falsePositive,
      })
      .from(incidents)
      .innerJoin(deployments, own(deployments, eq(deployments.id, incidents.causedBy)))
      .where(own(incidents, eq(deployments.appId, appId))),
  );
  return found.map((one) => ({ ...one, falsePositive: one.falsePositive ?? false }));
}
