import type { Redis } from "ioredis";
import type { Log } from "../log";

/** Something a page may be showing has changed. Carries ids and plain facts only. */
export type LiveEvent =
  | { type: "deployment"; deployment: string; app: string; status: string; step: string | null }
  | { type: "app"; app: string }
  | { type: "span"; deployment: string; app: string }
  | { type: "nodes" }
  /** Ten seconds more of what machines and applications use: for pages that show it, and for no others. */
  | { type: "usage" };

export const teamStream = (prefix: string, teamId: string) => `${prefix}:events:${teamId}`;
export const logStream = (prefix: string, stream: string) => `${prefix}:log:${stream}`;

export type LiveEvents = { publish(teamId: string, event: LiveEvent): void };

/** Publishing never fails a caller: an event that is lost with Redis is made good when the page reconnects and reads again. */
export function createLiveEvents(redis: Redis, prefix: string, log: Log): LiveEvents {
  return {
    publish(teamId, event) {
      redis
        .xadd(teamStream(prefix, teamId), "MAXLEN", "~", 1000, "*", "e", JSON.stringify(event))
        .catch((error: Error) => log.debug({ error: error.message }, "live event lost"));
    },
  };
}
