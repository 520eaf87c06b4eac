import { and, eq, inArray, isNull } from "drizzle-orm";
import { apps, deployments, releases } from "../../db/schema";
import { isUuid } from "../../server/projects/service";
import type { WorkerContext } from "../context";
import type { RegistryImages } from "../ports";

const AGENT = "dokploy-agent";
type Sweeper = Pick<WorkerContext, "services"> & { ports: Pick<WorkerContext["ports"], "registryImages">; agents: Pick<WorkerContext["agents"], "image"> };

/**
 * Takes from the platform's own registry what no release keeps and no deployment is about to name, and the agents of before. The bytes go
 * when the registry collects them, once a day. @returns how many images
 */
export async function sweepRegistry(worker: Sweeper): Promise<number> {
  const registry = worker.ports.registryImages;
  if (!registry) return 0;
  let count = 0;
  for (const repository of await registry.repositories()) {
    if (isUuid(repository)) count += await sweepApp(worker, registry, repository);
    else if (repository === AGENT) count += await sweepAgents(worker, registry);
  }
  return count;
}

/**
 * Listed first and compared after that, under the application's lock that every claim takes: a deployment that pushes what another one has
 * pushed before finds it there, or pushes it anew.
 */
async function sweepApp({ services }: Sweeper, registry: RegistryImages, appId: string): Promise<number> {
  const tags = await digests(registry, appId);
  if (tags.size === 0) return 0;
  return services.db.transaction(async (tx) => {
    const [app] = await tx.select({ deletedAt: apps.deletedAt }).from(apps).where(eq(apps.id, appId)).for("update", { skipLocked: true });
    if (!app) return 0;
    const [open] = await tx
      .select({ id: deployments.id })
      .from(deployments)
      .where(and(eq(deployments.appId, appId), inArray(deployments.status, ["queued", "running"])))
      .limit(1);
    if (open) return 0;
    const kept = await tx
      .select({ image: releases.imageDigest, tag: releases.deploymentId })
      .from(releases)
      .where(and(eq(releases.appId, appId), isNull(releases.prunedAt)));
    const needed = new Set(app.deletedAt === null ? kept.flatMap(({ image, tag }) => [image?.split("@")[1] ?? "", tags.get(tag) ?? ""]) : []);
    return removeAll(registry, appId, new Set([...tags.values()].filter((digest) => !needed.has(digest))));
  });
}

async function sweepAgents({ agents }: Sweeper, registry: RegistryImages): Promise<number> {
  const present = agents.image()?.split("@")[1];
  if (!present) return 0;
  const found = new Set((await digests(registry, AGENT)).values());
  found.delete(present);
  return removeAll(registry, AGENT, found);
}

/** What each tag of a repository names. */
async function digests(registry: RegistryImages, repository: string): Promise<Map<string, string>> {
  const named = new Map<string, string>();
  for (const tag of await registry.tags(repository)) {
    const digest = await registry.digestOf(repository, tag);
    if (digest !== null) named.set(tag, digest);
  }
  return named;
}

async function removeAll(registry: RegistryImages, repository: string, found: ReadonlySet<string>): Promise<number> {
  for (const digest of found) await registry.remove(repository, digest);
  return found.size;
}
