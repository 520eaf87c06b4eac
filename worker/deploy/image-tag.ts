/**
 * The tag that a build gives its image: an application's and a deployment's own. Images are removed by this tag only, never by their id:
 * another application may have built the same content, and an image that was merely deployed is not ours to remove.
 */
export const imageTag = (appId: string, deploymentId: string): string => `${IMAGE_PREFIX}${appId}:${deploymentId}`;
export const IMAGE_PREFIX = "dokploy/";
/** The deployment in a tag. */
export const deploymentOfTag = (tag: string): string => tag.slice(tag.lastIndexOf(":") + 1);
