import { randomBytes } from "node:crypto";
import { and, asc, count, eq, isNull, or, type SQL } from "drizzle-orm";
import { apps, environments, projects } from "../../db/schema";
import { toIso } from "../../db/schema/columns";
import type { TeamContext } from "../context";
import type { TeamRows } from "../data/team-data";
import { AppError } from "../errors";
import type { ProjectView } from "./schema";

const TIERS: Record<string, string> = { production: "production", staging: "staging", development: "development", test: "test" };
export const isUuid = (text: string) => /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(text);

/** @throws AppError `name_taken` */
export async function createProject(ctx: TeamContext, input: { name: string }): Promise<ProjectView> {
  const created = await ctx.team.transaction(async (rows) => {
    const project = await rows.insert(projects, { name: input.name, createdAt: ctx.now() });
    if (!project) throw new AppError("name_taken", { what: `There is a project named ${input.name} already.`, fix: "Choose another name." });
    await insertEnvironment(ctx, rows, project.id, "production");
    return project;
  });
  await ctx.audit("project.created", created);
  return readProject(ctx, created.id);
}

/** Every project with its environments and the number of applications, in two queries however many there are. */
export async function listProjects(ctx: TeamContext): Promise<ProjectView[]> {
  return readProjects(ctx);
}

/** @param nameOrId as people write it @throws AppError `not_found` */
export async function readProject(ctx: TeamContext, nameOrId: string): Promise<ProjectView> {
  const project = await findProject(ctx, nameOrId);
  const [view] = await readProjects(ctx, eq(projects.id, project.id));
  if (!view) throw new AppError("not_found", { what: `There is no project ${nameOrId}.` });
  return view;
}

export async function findProject(ctx: TeamContext, nameOrId: string) {
  const project = await ctx.team.first(projects, isUuid(nameOrId) ? or(eq(projects.id, nameOrId), eq(projects.name, nameOrId)) : eq(projects.name, nameOrId));
  if (!project) throw new AppError("not_found", { what: `There is no project ${nameOrId}.`, fix: "dokploy project list shows yours." });
  return project;
}

/** The environment of that name; the first application in it brings it into being. */
export async function ensureEnvironment(ctx: TeamContext, rows: TeamRows, projectId: string, name: string) {
  const where = and(eq(environments.projectId, projectId), eq(environments.name, name));
  return (await rows.first(environments, where)) ?? (await insertEnvironment(ctx, rows, projectId, name)) ?? (await rows.first(environments, where));
}

/** Removes a project that has no applications left. */
export async function removeEmptyProject(ctx: TeamContext, id: string): Promise<void> {
  await ctx.team.transaction(async (rows) => {
    const remaining = await rows.count(apps, and(eq(apps.projectId, id), isNull(apps.deletedAt)));
    if (remaining > 0) throw new AppError("conflict", { what: `The project still has ${remaining} applications.`, fix: "Delete them first." });
    await rows.remove(apps, eq(apps.projectId, id));
    await rows.remove(environments, eq(environments.projectId, id));
    const [project] = await rows.remove(projects, eq(projects.id, id));
    if (!project) throw new AppError("not_found", { what: "There is no such project." });
  });
  await ctx.audit("project.deleted", { id });
}

function insertEnvironment(ctx: TeamContext, rows: TeamRows, projectId: string, name: string) {
  const network = `dokploy-${ctx.services.env.DOKPLOY_HOME_ID}-${randomBytes(6).toString("hex")}`;
  return rows.insert(environments, { projectId, name, tier: TIERS[name] ?? "development", network, createdAt: ctx.now() });
}

async function readProjects(ctx: TeamContext, where?: SQL): Promise<ProjectView[]> {
  const [list, places] = await ctx.team.query(async (db, own) => [
    await db.select().from(projects).where(own(projects, where)).orderBy(asc(projects.name)),
    await db
      .select({ projectId: environments.projectId, id: environments.id, name: environments.name, tier: environments.tier, apps: count(apps.id) })
      .from(environments)
      .leftJoin(apps, and(eq(apps.environmentId, environments.id), isNull(apps.deletedAt)))
      .where(own(environments))
      .groupBy(environments.id)
      .orderBy(asc(environments.createdAt)),
  ]);
  return list.map((project) => {
    const own = places.filter((place) => place.projectId === project.id);
    return {
      id: project.id,
      name: project.name,
      createdAt: toIso(project.createdAt),
      environments: own.map(({ projectId: _, ...place }) => place),
      apps: own.reduce((sum, place) => sum + place.apps, 0),
    };
  });
}
