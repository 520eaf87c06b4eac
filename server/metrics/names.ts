import { asc, eq, inArray, isNull } from "drizzle-orm";
import { apps, deployments, environments, projects } from "../../db/schema";
import { toIso } from "../../db/schema/columns";
import type { TeamContext } from "../context";
import type { FailedDeployment } from "./report";

export type NamedDeployment = { id: string; number: number; app: string };
export type NamedFailure = Omit<FailedDeployment, "liveAt" | "remediedAt" | "remediedBy"> & {
  number: number;
  app: string;
  liveAt: string;
  /** From live to live again, in seconds; null while it is open. */
  recoveryS: number | null;
  remedy: NamedDeployment | null;
};

const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

/** Failures with the names that people know them by, in one query however many there are. */
export async function nameFailures(ctx: TeamContext, failed: readonly FailedDeployment[]): Promise<NamedFailure[]> {
  const ids = failed.flatMap(({ id, reason, remediedBy }) => [id, ...(remediedBy === null ? [] : [remediedBy]), ...(reason.match(UUID) ?? [])]);
  if (ids.length === 0) return [];
  const rows = await ctx.team.query((db, own) =>
    db
      .select({ id: deployments.id, number: deployments.number, app: apps.name })
      .from(deployments)
      .innerJoin(apps, own(apps, eq(apps.id, deployments.appId)))
      .where(own(deployments, inArray(deployments.id, [...new Set(ids)]))),
  );
  const names = new Map(rows.map((row) => [row.id, row]));
  return failed.flatMap(({ remediedAt, remediedBy, liveAt, reason, ...one }) => {
    const own = names.get(one.id);
    if (!own) return [];
    return [
      {
        ...own,
        ...one,
        liveAt: toIso(liveAt),
        reason: reason.replaceAll(UUID, (id) => `#${names.get(id)?.number ?? id}`),
        recoveryS: remediedAt === null ? null : (remediedAt - liveAt) / 1_000_000,
        remedy: remediedBy === null ? null : (names.get(remediedBy) ?? null),
      },
    ];
  });
}

/** Names of deployments by id; thousands in as few queries as their parameters allow. */
export async function nameDeployments(ctx: TeamContext, wanted: readonly { deployment: string }[]): Promise<Map<string, NamedDeployment>> {
  const ids = [...new Set(wanted.map((one) => one.deployment))];
  const names = new Map<string, NamedDeployment>();
  for (let from = 0; from < ids.length; from += MOST_PARAMETERS) {
    const rows = await ctx.team.query((db, own) =>
      db
        .select({ id: deployments.id, number: deployments.number, app: apps.name })
        .from(deployments)
        .leftJoin(apps, own(apps, eq(apps.id, deployments.appId)))
        .where(own(deployments, inArray(deployments.id, ids.slice(from, from + MOST_PARAMETERS)))),
    );
    for (const row of rows) names.set(row.id, { ...row, app: row.app ?? "(deleted)" });
  }
  return names;
}
const MOST_PARAMETERS = 10_000;

export type NamedPlace = { project: string; app: string; environment: string };

/** Every application in each of its environments: what the metrics can be asked of. */
export const listPlaces = (ctx: TeamContext): Promise<NamedPlace[]> =>
  ctx.team.query((db, own) =>
    db
      .select({ project: projects.name, app: apps.name, environment: environments.name })
      .from(apps)
      .innerJoin(projects, own(projects, eq(projects.id, apps.projectId)))
      .innerJoin(environments, own(environments, eq(environments.id, apps.environmentId)))
      .where(own(apps, isNull(apps.deletedAt)))
      .orderBy(asc(projects.name), asc(apps.name), asc(environments.name)),
  );
