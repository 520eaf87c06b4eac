import { and, eq, gte, isNull, ne } from "drizzle-orm";
import { apps, deployments, domains, environments, operations, projects, teams } from "../db/schema";
import type { AppRow } from "../server/apps/find";
import { contextOf, type Services, type TeamContext } from "../server/context";

export type AppPlace = { app: AppRow; project: typeof projects.$inferSelect; environment: typeof environments.$inferSelect; wrappedKey: string };

/** An application with its place, whoever's it is: the worker's role sees all teams. Null when it is gone. */
export async function readAppPlace(services: Services, appId: string): Promise<AppPlace | null> {
  const [row] = await services.db
    .select({ app: apps, project: projects, environment: environments, wrappedKey: teams.wrappedKey })
    .from(apps)
    .innerJoin(projects, eq(projects.id, apps.projectId))
    .innerJoin(environments, eq(environments.id, apps.environmentId))
    .innerJoin(teams, eq(teams.id, apps.teamId))
    .where(eq(apps.id, appId))
    .limit(1);
  return row ?? null;
}

/** Every application that there is something to run of: neither deleted nor known from an import alone. */
export function readAppPlaces(services: Services): Promise<AppPlace[]> {
  return services.db
    .select({ app: apps, project: projects, environment: environments, wrappedKey: teams.wrappedKey })
    .from(apps)
    .innerJoin(projects, eq(projects.id, apps.projectId))
    .innerJoin(environments, eq(environments.id, apps.environmentId))
    .innerJoin(teams, eq(teams.id, apps.teamId))
    .where(and(isNull(apps.deletedAt), eq(apps.imported, false)));
}

/** Whether a deployment or an operation that moves slots is under way: then its slots are left to it. */
export async function isBusy({ db, clock }: Services, appId: string): Promise<boolean> {
  const isMoving = and(eq(operations.appId, appId), eq(operations.status, "running"), ne(operations.kind, "route"), gte(operations.leaseUntil, clock()));
  const [running, moving] = await Promise.all([
    db
      .select({ id: deployments.id })
      .from(deployments)
      .where(and(eq(deployments.appId, appId), eq(deployments.status, "running")))
      .limit(1),
    db.select({ id: operations.id }).from(operations).where(isMoving).limit(1),
  ]);
  return running.length + moving.length > 0;
}

export const readDomains = (services: Services, appId: string) =>
  services.db
    .select()
    .from(domains)
    .where(and(eq(domains.appId, appId)));

export function actingFor(services: Services, place: { app: { teamId: string }; wrappedKey: string }, actor = "worker"): TeamContext {
  return contextOf(services, place.app.teamId, place.wrappedKey, actor);
}
