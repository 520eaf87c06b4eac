import { and, asc, eq, isNull, type SQL } from "drizzle-orm";
import { apps, credentials, environments, projects } from "../../db/schema";
import type { TeamContext } from "../context";
import { AppError } from "../errors";
import { isUuid } from "../projects/service";

export type AppRow = typeof apps.$inferSelect;
export type PlacedApp = { app: AppRow; project: typeof projects.$inferSelect; environment: typeof environments.$inferSelect; credential: string | null };

/** Applications with the names of where they are, in one query. */
export async function listPlacedApps(ctx: TeamContext, where?: SQL, limit = 1000): Promise<PlacedApp[]> {
  const rows = await ctx.team.query((db, own) =>
    db
      .select({ app: apps, project: projects, environment: environments, credential: credentials.name })
      .from(apps)
      .innerJoin(projects, eq(projects.id, apps.projectId))
      .innerJoin(environments, eq(environments.id, apps.environmentId))
      .leftJoin(credentials, eq(credentials.id, apps.credentialId))
      .where(own(apps, and(isNull(apps.deletedAt), where)))
      .orderBy(asc(projects.name), asc(apps.name), asc(environments.name))
      .limit(limit),
  );
  return rows;
}

/**
 * An application by id, `NAME`, `PROJECT/NAME` or `PROJECT/NAME@ENV` (`NAME@ENV` too).
 * @throws AppError `not_found`, also for another team's; `conflict` when the name is not enough to tell which.
 */
export async function findApp(ctx: TeamContext, reference: string): Promise<PlacedApp> {
  const where = isUuid(reference) ? eq(apps.id, reference) : byName(reference);
  const found = await listPlacedApps(ctx, where, 20);
  const [first, second] = found;
  if (!first) throw new AppError("not_found", { what: `There is no application ${reference}.`, fix: "dokploy app list shows yours." });
  if (!second) return first;

  const inProduction = found.filter((one) => one.environment.name === "production");
  const [only] = inProduction;
  if (only && inProduction.length === 1 && !reference.includes("@")) return only;
  const names = found.map((one) => `${one.project.name}/${one.app.name}@${one.environment.name}`);
  throw new AppError("conflict", {
    what: `${reference} names ${found.length} applications.`,
    why: names.join(", "),
    fix: "Write PROJECT/NAME or PROJECT/NAME@ENV.",
  });
}

function byName(reference: string): SQL | undefined {
  const match = /^(?:([^/@]+)\/)?([^/@]+)(?:@([^/@]+))?$/.exec(reference);
  if (!match?.[2]) throw new AppError("not_found", { what: `There is no application ${reference}.`, fix: "Write NAME, PROJECT/NAME or PROJECT/NAME@ENV." });
  return and(eq(apps.name, match[2]), match[1] ? eq(projects.name, match[1]) : undefined, match[3] ? eq(environments.name, match[3]) : undefined);
}
