import type { Volumes } from "../ports";
import { ask, askMaybe, type Engine } from "./docker-client";

const IN_USE_ATTEMPTS = 40;
const IN_USE_PAUSE_MS = 250;

/** Named volumes of the engine, found by the labels that a slot's mounts give them. */
export function createVolumes({ docker, homeId }: Engine): Volumes {
  const filters = (appId: string) => JSON.stringify({ label: [`dokploy.home=${homeId}`, `dokploy.app=${appId}`] });
  return {
    async removeAll({ appId, signal }) {
      const { Volumes: found } = await ask("list volumes", () => docker.listVolumes({ filters: filters(appId) as never }));
      const names = (found ?? []).map(({ Name }) => Name);
      for (const name of names) {
        // a container that has just ended holds its volume a moment longer, and the engine tells of no event for it
        for (let attempt = 1; ; attempt++) {
          signal.throwIfAborted();
          try {
            await askMaybe(`remove the volume ${name}`, () => docker.getVolume(name).remove());
            break;
          } catch (error) {
            if (attempt === IN_USE_ATTEMPTS) throw error;
            await new Promise((resolve) => setTimeout(resolve, IN_USE_PAUSE_MS));
          }
        }
      }
      return names;
    },
  };
}
