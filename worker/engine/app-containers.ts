import type { AppContainer, AppContainers, AppDisk } from "../ports";
import { ask, askMaybe, type Engine, messageOf } from "./docker-client";
import { microseconds } from "./docker-stream";
import type { EngineEvents } from "./engine-events";

const APP_LABEL = "dokploy.app";
const HOME_LABEL = "dokploy.home";

type Labels = Record<string, string> | null | undefined;
/** The parts of Engine API 1.41's /system/df that are read here. */
type DiskUsage = {
  Images?: { Labels?: Labels; Size: number; SharedSize: number }[] | null;
  Volumes?: { Labels?: Labels; UsageData?: { Size: number } | null }[] | null;
  Containers?: { Labels?: Labels; SizeRw?: number }[] | null;
};

export function createAppContainers({ docker, homeId, log }: Engine, events: EngineEvents): AppContainers {
  const inspect = async (id: string): Promise<AppContainer | null> => {
    const found = await askMaybe("inspect a container", () => docker.getContainer(id).inspect());
    const app = found?.Config.Labels?.[APP_LABEL];
    if (!found?.State.Running || !app) return null;
    return { id, app, pid: found.State.Pid, startedAt: microseconds(found.State.StartedAt) };
  };
  const listIds = async () => {
    const filters = JSON.stringify({ label: [`${HOME_LABEL}=${homeId}`, APP_LABEL], status: ["running"] });
    return (await ask("list containers", () => docker.listContainers({ filters }))).map(({ Id }) => Id);
  };

  return {
    follow() {
      const present = new Map<string, AppContainer>();
      let isClosed = false;
      // one thing at a time, in the order in which the engine told of it
      let queue: Promise<void> = Promise.resolve();
      const then = (what: string, work: () => Promise<void>) => {
        queue = queue.then(async () => {
          if (isClosed) return;
          await work().catch((error: unknown) => log.warn({ reason: messageOf(error) }, what));
        });
      };
      const look = async (id: string) => {
        const container = await inspect(id);
        if (container) present.set(id, container);
        else present.delete(id);
      };
      const list = async () => {
        const ids = await listIds();
        for (const id of present.keys()) if (!ids.includes(id)) present.delete(id);
        for (const id of ids) await look(id);
      };
      const stop = events.subscribe((event) => {
        if (event === null) then("running containers not listed", list);
        else if (event.action === "start") then("a container was not looked at", () => look(event.containerId));
        else if (event.action === "die") then("", async () => void present.delete(event.containerId));
      });
      then("running containers not listed", list);
      return {
        present: () => [...present.values()],
        async close() {
          isClosed = true;
          stop();
          await queue;
        },
      };
    },
    disk: () => ask("measure disks", async () => sumByApp((await docker.df()) as DiskUsage, homeId)),
    dataRoot: () => ask("ask the engine for its folder", async () => String(((await docker.info()) as { DockerRootDir?: string }).DockerRootDir ?? "")),
  };
}

/** What applications hold, by their labels. What the engine could not measure (−1) counts as nothing. */
export function sumByApp({ Images, Volumes, Containers }: DiskUsage, homeId: string): AppDisk[] {
  const byApp = new Map<string, AppDisk>();
  const add = (labels: Labels, key: "volumeBytes" | "imageBytes" | "writableBytes", bytes: number) => {
    const app = labels?.[APP_LABEL];
    if (!app || labels?.[HOME_LABEL] !== homeId) return;
    const sum = byApp.get(app) ?? { app, volumeBytes: 0, imageBytes: 0, writableBytes: 0 };
    sum[key] += Math.max(0, bytes);
    byApp.set(app, sum);
  };
  for (const volume of Volumes ?? []) add(volume.Labels, "volumeBytes", volume.UsageData?.Size ?? 0);
  for (const image of Images ?? []) add(image.Labels, "imageBytes", image.Size - Math.max(0, image.SharedSize));
  for (const container of Containers ?? []) add(container.Labels, "writableBytes", container.SizeRw ?? 0);
  return [...byApp.values()];
}
