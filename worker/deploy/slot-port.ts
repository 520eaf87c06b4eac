import type { releases } from "../../db/schema";
import type { WorkerContext } from "../context";
import type { ReleaseConfig } from "./release-config";

const DEFAULT_PORT = 3000;

/** The container port of a release: as set, else the image's only EXPOSE, else 3000. */
export async function portOf(worker: WorkerContext, { port }: Pick<ReleaseConfig, "port">, row: ImageOf, signal?: AbortSignal): Promise<number> {
  if (port !== null) return port;
  const image = await worker.ports.images.inspect(await imageHere(worker, row, signal));
  return (image?.exposedPorts.length === 1 ? image.exposedPorts[0] : undefined) ?? DEFAULT_PORT;
}

type ImageOf = Pick<typeof releases.$inferSelect, "imageId" | "imageDigest">;

/**
 * A release's image on this machine: what another node has built is taken from the registry where something here asks for it.
 * @returns by which name it is here
 */
export async function imageHere({ ports }: Pick<WorkerContext, "ports">, { imageId, imageDigest }: ImageOf, signal?: AbortSignal): Promise<string> {
  if (imageDigest === null || (await ports.images.inspect(imageId))) return imageId;
  await ports.images.pull({ reference: imageDigest, ...(signal ? { signal } : {}) });
  return imageDigest;
}
