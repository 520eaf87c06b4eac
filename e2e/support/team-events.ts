import { readFileSync } from "node:fs";
import { Redis } from "ioredis";
import { createLiveEvents, type LiveEvent, teamStream } from "../../server/live/events";
import type { Up } from "./platform";

/** Tells a team's pages of something as the running home's worker does. */
export function openTeamEvents(up: Up) {
  const environment = readFileSync(`/proc/${up.pids.worker}/environ`, "utf8").split("\0");
  const read = (name: string) => environment.find((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1) ?? "";
  const redis = new Redis(read("REDIS_URL"));
  const home = read("DOKPLOY_HOME_ID");
  const events = createLiveEvents(redis, home, { debug: () => {} } as never);
  return {
    /** Resolves when it is in the stream. */
    async publish(teamId: string, event: LiveEvent): Promise<void> {
      events.publish(teamId, event);
      await redis.xlen(teamStream(home, teamId));
    },
    close: () => redis.disconnect(),
  };
}
