import type { WorkerContext } from "../context";
import type { ReleaseConfig } from "./release-config";

const DEFAULT_PORT = 3000;

/** The container port of a release: as set, else the image's only EXPOSE, else 3000. */
export async function portOf(worker: WorkerContext, { port }: Pick<ReleaseConfig, "port">, imageId: string): Promise<number> {
  if (port !== null) return port;
  const image = await worker.ports.images.inspect(imageId);
  return (image?.exposedPorts.length === 1 ? image.exposedPorts[0] : undefined) ?? DEFAULT_PORT;
}
