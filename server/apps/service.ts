import { createHash, randomBytes } from "node:crypto";
import { and, eq, isNull } from "drizzle-orm";
import { apps, domains, projects } from "../../db/schema";
import type { TeamContext } from "../context";
import { findCredential } from "../credentials/service";
import { AppError } from "../errors";
import { listPresent, refuseCollision } from "../files/service";
import { refuseRepository } from "../git-hosts";
import { requestOperation } from "../operations/service";
import { ensureEnvironment, findProject } from "../projects/service";
import { findApp, listPlacedApps } from "./find";
import { type App, type CreateApp, healthSchema, type Strategy, type UpdateApp, type Volume } from "./schema";
import { viewApps } from "./view";

/** Creates an application without deploying it. @throws AppError `name_taken`, `not_found` for the project or credential, `bad_request` for a repository that may not be reached */
export async function createApp(ctx: TeamContext, given: CreateApp): Promise<App> {
  const input = { ...given, strategy: given.strategy ?? (given.volumes?.some((volume) => !volume.shared) ? "recreate" : "blue-green") };
  refuseTwoWriters({ strategy: input.strategy, volumes: input.volumes ?? [], replicas: input.replicas ?? 1 });
  if (input.git) refuseRepository(ctx.services.env, input.git);
  const project = await findProject(ctx, input.project);
  const credential = input.credential ? await findCredential(ctx, input.credential) : null;
  const id = crypto.randomUUID();
  const now = ctx.now();

  await ctx.team.transaction(async (rows) => {
    const environment = await ensureEnvironment(ctx, rows, project.id, input.environment);
    if (!environment) throw new AppError("conflict", { what: `The environment ${input.environment} could not be created.`, fix: "Try again." });
    const { health, healthPath, ...build } = pickBuild(input);
    const created = await rows.insert(apps, {
      id,
      projectId: project.id,
      environmentId: environment.id,
      name: input.name,
      gitUrl: input.git ?? null,
      gitBranch: input.git ? (input.branch ?? "main") : null,
      gitPath: input.path ?? "",
      imageReference: input.image ?? null,
      credentialId: credential?.id ?? null,
      ...build,
      health: healthSchema.parse({ ...health, ...(healthPath === undefined ? {} : { path: healthPath }) }),
      webhookSecret: ctx.key.seal(randomBytes(32).toString("hex"), `webhook:${id}`),
      slotA: `s${randomBytes(8).toString("hex")}`,
      slotB: `s${randomBytes(8).toString("hex")}`,
      createdAt: now,
    });
    if (!created)
      throw new AppError("name_taken", {
        what: `${project.name}@${input.environment} has an application named ${input.name} already.`,
        fix: "Choose another name or another environment.",
      });
    await rows.insert(domains, { appId: id, host: generatedHost(input.name, id), path: "/", tls: "off", isGenerated: true, createdAt: now });
  });
  await ctx.audit("app.created", { id, name: input.name });
  return readApp(ctx, id, true);
}

/** @throws AppError `not_found`, also for an application of another team */
export async function readApp(ctx: TeamContext, reference: string, reveal = false): Promise<App> {
  const [view] = await viewApps(ctx, [await findApp(ctx, reference)], reveal);
  return view as App;
}

export async function listApps(ctx: TeamContext, filter: { project?: string | undefined }): Promise<App[]> {
  const where = filter.project ? eq(projects.id, (await findProject(ctx, filter.project)).id) : undefined;
  return viewApps(ctx, await listPlacedApps(ctx, where));
}

/** Changes settings; what runs keeps its own until the next deployment. Replicas take effect at once. */
export async function updateApp(ctx: TeamContext, reference: string, input: UpdateApp): Promise<App> {
  const { app } = await findApp(ctx, reference);
  if (input.git) refuseRepository(ctx.services.env, input.git);
  if (input.git && app.imageReference !== null)
    throw new AppError("bad_request", { what: "This application runs an image, not a repository.", fix: "Create another application from Git." });
  if (input.image && app.gitUrl !== null)
    throw new AppError("bad_request", { what: "This application is built from Git, not from an image.", fix: "Create another application from an image." });
  refuseTwoWriters({ strategy: input.strategy ?? app.strategy, volumes: input.volumes ?? app.volumes, replicas: input.replicas ?? app.replicas });
  const credential = input.credential ? await findCredential(ctx, input.credential) : null;

  const { health, healthPath, replicas, canary, ...build } = pickBuild(input);
  const changes = {
    ...build,
    ...(input.name === undefined ? {} : { name: input.name }),
    ...(input.git === undefined ? {} : { gitUrl: input.git, ...(app.gitBranch === null ? { gitBranch: "main" } : {}) }),
    ...(input.git === undefined && input.image === undefined ? {} : { imported: false }),
    ...(input.branch === undefined ? {} : { gitBranch: input.branch }),
    ...(input.path === undefined ? {} : { gitPath: input.path }),
    ...(input.image === undefined ? {} : { imageReference: input.image }),
    ...(input.credential === undefined ? {} : { credentialId: credential?.id ?? null }),
    ...(canary === undefined ? {} : { canary: { ...app.canary, ...canary } }),
    ...(health === undefined && healthPath === undefined
      ? {}
      : { health: healthSchema.parse({ ...app.health, ...health, ...(healthPath === undefined ? {} : { path: healthPath }) }) }),
  };
  if (Object.keys(changes).length > 0) {
    await ctx.team.transaction(async (rows) => {
      if (input.name && input.name !== app.name) {
        const taken = await rows.first(apps, and(eq(apps.environmentId, app.environmentId), eq(apps.name, input.name), isNull(apps.deletedAt)));
        if (taken) throw new AppError("name_taken", { what: `This environment has an application named ${input.name} already.`, fix: "Choose another name." });
      }
      if (input.volumes)
        refuseCollision(
          (await listPresent(rows, app.id)).map((file) => file.path),
          input.volumes,
        );
      await rows.update(apps, changes, eq(apps.id, app.id));
    });
    await ctx.audit("app.updated", app, { keys: Object.keys(changes) });
  }
  if (replicas !== undefined && replicas !== app.replicas) await requestOperation(ctx, app.id, "scale", { replicas });
  ctx.services.events.publish(ctx.team.id, { type: "app", app: app.id });
  return readApp(ctx, app.id);
}

export async function rotateWebhookSecret(ctx: TeamContext, reference: string): Promise<App> {
  const { app } = await findApp(ctx, reference);
  await ctx.team.update(apps, { webhookSecret: ctx.key.seal(randomBytes(32).toString("hex"), `webhook:${app.id}`) }, eq(apps.id, app.id));
  await ctx.audit("app.webhook-rotated", app);
  return readApp(ctx, app.id, true);
}

/** Two tasks that write one volume damage it: every strategy but recreate runs two releases at once. @throws AppError `bad_request` */
export function refuseTwoWriters({ strategy, volumes, replicas }: { strategy: Strategy; volumes: readonly Volume[]; replicas: number }): void {
  const single = volumes.find((volume) => !volume.shared);
  if (!single) return;
  const why = `The volume ${single.name} may be held by one task at a time.`;
  const fix = `declare the volume as shareable (--volume ${single.name}:${single.path}:shared) if several tasks may write it.`;
  if (strategy !== "recreate")
    throw new AppError("bad_request", { what: `The strategy ${strategy} runs two releases at once.`, why, fix: `Use the strategy recreate, or ${fix}` });
  if (replicas > 1) throw new AppError("bad_request", { what: `${replicas} replicas cannot share the volume.`, why, fix: `Use one replica, or ${fix}` });
}

const generatedHost = (name: string, id: string) => `${name}-${createHash("sha256").update(id).digest("hex").slice(0, 8)}.localhost`;

const BUILD_SETTINGS = [
  "dockerfile",
  "buildTarget",
  "buildArgs",
  "port",
  "replicas",
  "strategy",
  "canary",
  "volumes",
  "placement",
  "maxReplicasPerNode",
  "healthPath",
  "health",
  "resources",
  "releaseCommand",
  "autoDeploy",
  "watchPaths",
  "stopGraceS",
  "drainS",
  "bakeS",
  "retainedReleases",
] as const;
type BuildSettings = Pick<UpdateApp, (typeof BUILD_SETTINGS)[number]>;

/** The settings that were named, without those that were not: absent is not null. */
const pickBuild = (input: CreateApp | UpdateApp): BuildSettings =>
  Object.fromEntries(BUILD_SETTINGS.flatMap((key) => (input[key] === undefined ? [] : [[key, input[key]]])));
