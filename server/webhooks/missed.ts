import { sql } from "drizzle-orm";
import type { Services } from "../context";

const RETRY_MS = 2_000;

/**
 * Some Git hosts do not send again what was answered 503. Once a push was refused, branch heads are compared as soon as the database
 * and the workers' queue are there again.
 * @returns to be called for each push that was refused
 */
export function rememberMissedPushes({ db, queue, log }: Pick<Services, "db" | "queue" | "log">): () => void {
  let timer: NodeJS.Timeout | null = null;
  const compare = async () => {
    timer = null;
    try {
      await db.execute(sql`select 1`);
      await queue.compareHeads();
    } catch (error) {
      log.debug({ err: error }, "missed pushes are looked for later");
      later();
    }
  };
  const later = () => {
    timer ??= setTimeout(() => void compare(), RETRY_MS).unref();
  };
  return later;
}
