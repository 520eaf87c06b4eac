import { asc, inArray } from "drizzle-orm";
import { domains, releases } from "../../db/schema";
import { toIso } from "../../db/schema/columns";
import type { TeamContext } from "../context";
import type { PlacedApp } from "./find";
import { type App, type AppStatus, canarySchema } from "./schema";

export const PROVIDERS = ["github", "gitlab", "gitea", "bitbucket", "generic"] as const;
export type Provider = (typeof PROVIDERS)[number];

/** The provider that an application's webhook address names: known from the Git host, else GitHub's form, which most hosts can send. */
export function providerOf(gitUrl: string | null): Provider {
  if (gitUrl && /(^|[@/.])gitlab\./.test(gitUrl)) return "gitlab";
  if (gitUrl && /(^|[@/.])bitbucket\./.test(gitUrl)) return "bitbucket";
  if (gitUrl && /(^|[@/.])(gitea|codeberg|forgejo)\./.test(gitUrl)) return "gitea";
  return "github";
}

export function statusOf(app: Pick<PlacedApp["app"], "releaseId" | "desired" | "runningReplicas" | "replicas">): AppStatus {
  if (app.releaseId === null) return "never_deployed";
  if (app.desired === "stopped") return "stopped";
  if (app.runningReplicas === 0) return "down";
  return app.runningReplicas < app.replicas ? "degraded" : "healthy";
}

/** `http://host[:port]path`: how an application is reached from outside. */
export function urlOf(ctx: TeamContext, domain: { host: string; path: string; tls: string }): string {
  const { DOKPLOY_EDGE_PORT: port } = ctx.services.env;
  const isTls = domain.tls !== "off";
  const suffix = isTls || port === 80 ? "" : `:${port}`;
  return `${isTls ? "https" : "http"}://${domain.host}${suffix}${domain.path === "/" ? "" : domain.path}`;
}

/** @param reveal also answers webhook secrets */
export async function viewApps(ctx: TeamContext, placed: PlacedApp[], reveal = false): Promise<App[]> {
  if (placed.length === 0) return [];
  const ids = placed.map(({ app }) => app.id);
  const releaseIds = placed.flatMap(({ app }) => (app.releaseId === null ? [] : [app.releaseId]));
  const { places, live } = await ctx.team.transaction(async (rows) => ({
    places: await rows.list(domains, { where: inArray(domains.appId, ids), orderBy: asc(domains.createdAt) }),
    live:
      releaseIds.length === 0
        ? []
        : await rows.query((db, own) =>
            db
              .select({ id: releases.id, number: releases.number })
              .from(releases)
              .where(own(releases, inArray(releases.id, releaseIds))),
          ),
  }));
  const releaseNumbers = new Map(live.map((release) => [release.id, release.number]));

  return placed.map(({ app, project, environment, credential }) => {
    const own = places.filter((domain) => domain.appId === app.id);
    const first = own.find((domain) => !domain.isGenerated) ?? own[0];
    const provider = providerOf(app.gitUrl);
    return {
      id: app.id,
      name: app.name,
      project: project.name,
      projectId: project.id,
      environment: environment.name,
      environmentId: environment.id,
      url: first ? urlOf(ctx, first) : null,
      domains: own.map(({ host, path, tls }) => ({ host, path, tls })),
      source: app.gitUrl === null ? { image: app.imageReference ?? "" } : { git: app.gitUrl, branch: app.gitBranch ?? "main", path: app.gitPath },
      port: app.port,
      replicas: app.replicas,
      strategy: app.strategy,
      health: app.health,
      status: statusOf(app),
      release: app.releaseId === null ? null : (releaseNumbers.get(app.releaseId) ?? null),
      webhook: {
        url: `${ctx.services.env.DOKPLOY_PUBLIC_URL}/webhooks/${provider}/${app.id}`,
        ...(reveal ? { secret: ctx.key.open(app.webhookSecret, `webhook:${app.id}`) } : {}),
      },
      createdAt: toIso(app.createdAt),
      runningReplicas: app.runningReplicas,
      activeSlot: app.activeSlot,
      settings: {
        dockerfile: app.dockerfile,
        buildTarget: app.buildTarget,
        buildArgs: app.buildArgs,
        resources: app.resources,
        releaseCommand: app.releaseCommand,
        autoDeploy: app.autoDeploy,
        watchPaths: app.watchPaths,
        stopGraceS: app.stopGraceS,
        drainS: app.drainS,
        bakeS: app.bakeS,
        retainedReleases: app.retainedReleases,
        credential,
        canary: canarySchema.parse(app.canary),
        volumes: app.volumes,
        placement: app.placement,
        maxReplicasPerNode: app.maxReplicasPerNode,
      },
    };
  });
}
