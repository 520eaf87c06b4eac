import { and, eq } from "drizzle-orm";
import { releases } from "../../db/schema";
import type { TeamContext } from "../../server/context";
import type { WorkerContext } from "../context";
import { pushedName } from "./carry-image";
import { imageTag } from "./image-tag";
import type { Run } from "./run";

/** Takes every name of ours from an image: that of the deployment that built it, whichever of the application's releases ran it. */
export async function removeImage({ ports, env }: Pick<WorkerContext, "ports" | "env">, ctx: TeamContext, appId: string, imageId: string): Promise<void> {
  const ran = await ctx.team.list(releases, { where: and(eq(releases.appId, appId), eq(releases.imageId, imageId)) });
  for (const { deploymentId } of ran) {
    if (env.REGISTRY !== "") await ports.images.remove(`${pushedName(env.REGISTRY, appId)}:${deploymentId}`);
    await ports.images.remove(imageTag(appId, deploymentId));
  }
}

/** The image of a deployment that ended before it had a release: nobody can go back to it. */
export async function removeUnreleased({ ctx, deployment, results, worker }: Run): Promise<void> {
  if (results.build === undefined || (await ctx.team.first(releases, eq(releases.deploymentId, deployment.id)))) return;
  await worker.ports.images.remove(imageTag(deployment.appId, deployment.id));
}
