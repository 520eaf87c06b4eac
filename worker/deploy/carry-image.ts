import { eq } from "drizzle-orm";
import { releases } from "../../db/schema";
import { registryProblem } from "../../server/cluster/join";
import type { TeamContext } from "../../server/context";
import type { WorkerContext } from "../context";

type ReleaseRow = typeof releases.$inferSelect;

/** The name under which the registry has an image: an application's repository, tagged by the deployment that built it. */
export const pushedName = (registry: string, appId: string) => `${registry}/${appId}`;

/** Whether other machines could not take an image: it is in no registry, or in ours of before it had the address that it has now. */
export const isBound = (registry: string, { appId, imageDigest }: Pick<ReleaseRow, "appId" | "imageDigest">): boolean =>
  imageDigest === null || (imageDigest.includes(`/${appId}@`) && !imageDigest.startsWith(`${registry}/`));

/** With more than one machine, an image that only this one has would fail wherever else Swarm puts the task. */
export const imagesTravel = ({ nodes, env }: { nodes: Pick<WorkerContext["nodes"], "count">; env: Pick<WorkerContext["env"], "REGISTRY"> }): boolean =>
  nodes.count() > 1 && registryProblem(env.REGISTRY) === null;

/**
 * Brings a release's image to the registry where it is not there yet, so that every machine can run it. Its row names it from then on.
 * @throws DeployError `push_failed`, `image_not_found` when this machine no longer has it
 */
export async function carryImage(worker: WorkerContext, ctx: TeamContext, row: ReleaseRow, signal: AbortSignal): Promise<ReleaseRow> {
  const { env, ports } = worker;
  if (!imagesTravel(worker) || !isBound(env.REGISTRY, row)) return row;
  const imageDigest = await ports.images.push({ imageId: row.imageId, repository: pushedName(env.REGISTRY, row.appId), tag: row.deploymentId, signal });
  await ctx.team.update(releases, { imageDigest }, eq(releases.id, row.id));
  return { ...row, imageDigest };
}
