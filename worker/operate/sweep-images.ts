import { and, eq, inArray, isNull } from "drizzle-orm";
import { apps, deployments, releases } from "../../db/schema";
import { isUuid } from "../../server/projects/service";
import type { WorkerContext } from "../context";
import { deploymentOfTag, IMAGE_PREFIX } from "../deploy/image-tag";
import type { ImageStore } from "../ports";

type Named = { name: string; imageId: string };
/** `images` by their id, `names` as they are known everywhere, and what belongs to `deployments`. */
type Needed = { images: ReadonlySet<string>; names: ReadonlySet<string>; deployments: ReadonlySet<string> };

/**
 * Removes images that no release keeps and no deployment is about to run, here and on every node whose agent answers. What a container
 * still uses is left to a later sweep by the engine. @returns how many names
 */
export async function sweepImages(worker: WorkerContext): Promise<number> {
  const { ports, agents, env, services } = worker;
  // its registry's names too: other nodes know images by them alone
  const prefixes = [IMAGE_PREFIX, ...(env.REGISTRY === "" ? [] : [`${env.REGISTRY}/`])];
  let count = await sweepEngine(worker, ports.images, prefixes);
  for (const { name, engine } of agents.ready()) {
    try {
      count += await sweepEngine(worker, engine.images, prefixes);
    } catch (error) {
      services.log.warn({ err: error, node: name }, "images of another node not removed; the next sweep tries again");
    }
  }
  return count;
}

/** Listed first and compared after that: what came into being meanwhile is not in the list. */
async function sweepEngine(worker: WorkerContext, images: Pick<ImageStore, "owned" | "remove">, prefixes: string[]): Promise<number> {
  const found = (await Promise.all(prefixes.map((prefix) => images.owned(prefix)))).flat();
  const left = found.length === 0 ? [] : unneeded(found, await whatIsNeeded(worker));
  for (const { name } of left) await images.remove(name);
  return left.length;
}

/** Names of ours whose image no release keeps, and which belong to no deployment that is under way. */
export function unneeded(found: readonly Named[], needed: Needed): Named[] {
  const ours = found.filter(({ name }) => isUuid(deploymentOfTag(name)) || /[/](?:[0-9a-f-]{36}|dokploy-agent)(?:@|:[0-9a-f]{12}$)/.test(name));
  // an image that was just built and pushed has a name that says for which deployment, and another by its digest
  const held = new Set(ours.filter(({ name }) => needed.names.has(name) || needed.deployments.has(deploymentOfTag(name))).map(({ imageId }) => imageId));
  return ours.filter(({ imageId }) => !needed.images.has(imageId) && !held.has(imageId));
}

async function whatIsNeeded({ services, agents }: WorkerContext): Promise<Needed> {
  const open = await services.db
    .select({ id: deployments.id })
    .from(deployments)
    .where(inArray(deployments.status, ["queued", "running"]));
  const kept = await services.db
    .select({ id: releases.imageId })
    .from(releases)
    .innerJoin(apps, and(eq(apps.id, releases.appId), isNull(apps.deletedAt)))
    .where(isNull(releases.prunedAt));
  const agent = agents.image();
  return { images: new Set(kept.map((row) => row.id)), names: new Set(agent === null ? [] : [agent]), deployments: new Set(open.map((row) => row.id)) };
}
