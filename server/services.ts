import { Redis } from "ioredis";
import { createDatabase } from "../db/client";
import { refuseMightyRole } from "../db/row-security";
import { createSessions } from "./accounts/sessions";
import { systemClock } from "./clock";
import type { Services } from "./context";
import type { Env } from "./env";
import { createLiveEvents } from "./live/events";
import { createLiveReader } from "./live/reader";
import { createLog, type Log } from "./log";
import { createWorkQueue } from "./queue";
import { createKeyring } from "./secrets/keyring";

/** Everything that a process holds open, made once at its edge. @throws Error when the database role may step around row-level security */
export async function createServices(
  env: Env,
  name: string,
  log: Log = createLog(name, env.DOKPLOY_LOG_LEVEL),
): Promise<Services & { close(): Promise<void> }> {
  const { sql, db } = createDatabase(env.DATABASE_URL, 10, name);
  await refuseMightyRole(sql);
  const redis = new Redis(env.REDIS_URL, { maxRetriesPerRequest: 1, enableOfflineQueue: true, commandTimeout: 2_000 });
  redis.on("error", (error) => log.warn({ error: error.message }, "redis"));
  const prefix = env.DOKPLOY_HOME_ID;
  const queue = createWorkQueue(env.REDIS_URL, prefix, log);
  const reader = createLiveReader(redis, prefix, log);
  return {
    env,
    sql,
    db,
    redis,
    log,
    queue,
    reader,
    keyring: createKeyring(env.DOKPLOY_MASTER_KEY),
    clock: systemClock,
    events: createLiveEvents(redis, prefix, log),
    sessions: createSessions(db),
    async close() {
      reader.close();
      await queue.close();
      redis.disconnect();
      await sql.end({ timeout: 2 });
    },
  };
}
