import { desc, eq } from "drizzle-orm";
import { logChunks } from "../../db/schema";
import { appLog } from "../../server/logs/codec";
import type { WorkerContext } from "../context";
import { type AppPlace, readAppPlaces } from "../data";
import { openLogWriter } from "../deploy/log-writer";

const RETRY_MS = 1_000;
const REFRESH_MS = 5_000;

/** Follows the containers of every application, so that its log outlives them. */
export function collectAppLogs(worker: WorkerContext): { refresh(): void; close(): Promise<void> } {
  const followers = new Map<string, { stop: AbortController; done: Promise<void> }>();
  const { log } = worker.services;
  let isClosing = false;

  const refresh = async () => {
    const places = (await readAppPlaces(worker.services)).filter(({ app }) => app.releaseId !== null || app.deploymentCount > 0);
    if (isClosing) return;
    const wanted = new Set(places.map(({ app }) => app.id));
    for (const [id, follower] of followers) if (!wanted.has(id)) follower.stop.abort();
    for (const place of places) {
      if (followers.has(place.app.id)) continue;
      const stop = new AbortController();
      const done = follow(worker, place, stop.signal)
        .catch((error: unknown) => log.warn({ err: error, app: place.app.id }, "log follower ended"))
        .finally(() => followers.delete(place.app.id));
      followers.set(place.app.id, { stop, done });
    }
  };
  const safely = () => void refresh().catch((error: Error) => log.warn({ error: error.message }, "log followers not refreshed"));
  const timer = setInterval(safely, REFRESH_MS);
  safely();
  return {
    refresh: safely,
    async close() {
      isClosing = true;
      clearInterval(timer);
      for (const follower of followers.values()) follower.stop.abort();
      await Promise.all([...followers.values()].map(({ done }) => done));
    },
  };
}

async function follow(worker: WorkerContext, { app }: AppPlace, signal: AbortSignal): Promise<void> {
  const stream = appLog(app.id);
  const writer = await openLogWriter(worker.services, app.teamId, stream);
  try {
    let since = await lastAt(worker, stream);
    while (!signal.aborted) {
      try {
        await worker.ports.containerLogs.follow({
          services: { a: app.slotA, b: app.slotB },
          since,
          signal,
          onLines(lines) {
            for (const line of lines) {
              writer.write({ at: line.at, step: line.replica, text: line.text, isError: line.stream === "stderr" });
              since = Math.max(since, line.at);
            }
          },
        });
      } catch (error) {
        if (!signal.aborted) worker.services.log.debug({ err: error, app: app.id }, "container logs lost; following again");
      }
      if (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  } finally {
    await writer.close();
  }
}

async function lastAt(worker: WorkerContext, stream: string): Promise<number> {
  const [chunk] = await worker.services.db
    .select({ at: logChunks.lastAt })
    .from(logChunks)
    .where(eq(logChunks.stream, stream))
    .orderBy(desc(logChunks.firstLine))
    .limit(1);
  return chunk?.at ?? 0;
}
