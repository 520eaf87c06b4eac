import { and, eq } from "drizzle-orm";
import { releases } from "../../db/schema";
import type { TeamContext } from "../../server/context";
import type { ImageStore } from "../ports";
import { imageTag } from "./image-tag";

/** Takes every name of ours from an image: that of the deployment that built it, whichever of the application's releases ran it. */
export async function removeImage(images: ImageStore, ctx: TeamContext, appId: string, imageId: string): Promise<void> {
  const ran = await ctx.team.list(releases, { where: and(eq(releases.appId, appId), eq(releases.imageId, imageId)) });
  for (const { deploymentId } of ran) await images.remove(imageTag(appId, deploymentId));
}
