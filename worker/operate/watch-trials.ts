import { and, eq, inArray, isNotNull, isNull } from "drizzle-orm";
import { apps, operations } from "../../db/schema";
import { requestOperation } from "../../server/operations/service";
import type { WorkerContext } from "../context";
import { actingFor, readAppPlace } from "../data";
import { crashOf } from "../deploy/gate";
import { serviceOf } from "../deploy/slot-spec";

const LOOK_MS = 2_000;

/**
 * A release on trial of which a task ends by itself is taken off: the live one has all traffic again, and the reason is in the audit log.
 * Every worker watches; ending twice is ending once.
 */
export function createTrialWatch(worker: WorkerContext): { close(): void } {
  const { db, log } = worker.services;
  const watched = new Map<string, AbortController>();

  const watch = async (appId: string, trial: string, stop: AbortController) => {
    try {
      const place = await readAppPlace(worker.services, appId);
      if (place?.app.split?.id !== trial) return;
      const { app } = place;
      const { slot } = place.app.split;
      const found = await worker.ports.slots.firstFailure({ name: serviceOf(app, slot), signal: stop.signal });
      const { what, why } = crashOf(found, app.slots[slot].port).explanation;
      await endTrial(worker, appId, trial, `${what.replace(" before it was healthy", " on trial")} ${why ?? ""}`.trim());
    } catch (error) {
      if (!stop.signal.aborted) log.warn({ err: error, app: appId }, "the watch over a release on trial ended");
    } finally {
      if (watched.get(trial) === stop) watched.delete(trial);
    }
  };
  const look = async () => {
    const rows = await db
      .select({ id: apps.id, split: apps.split })
      .from(apps)
      .where(and(isNotNull(apps.split), isNull(apps.deletedAt)));
    const running = new Map(rows.flatMap(({ id, split }) => (split?.phase === "running" ? [[split.id, id] as const] : [])));
    for (const [trial, stop] of watched) if (!running.has(trial)) stop.abort();
    for (const [trial, appId] of running) {
      if (watched.has(trial)) continue;
      const stop = new AbortController();
      watched.set(trial, stop);
      void watch(appId, trial, stop);
    }
  };
  const timer = setInterval(() => void look().catch((error: unknown) => log.warn({ err: error }, "releases on trial not looked at")), LOOK_MS);
  return {
    close() {
      clearInterval(timer);
      for (const stop of watched.values()) stop.abort();
    },
  };
}

async function endTrial(worker: WorkerContext, appId: string, trial: string, reason: string): Promise<void> {
  const place = await readAppPlace(worker.services, appId);
  // a promotion keeps the slot and is watched by its own deployment
  if (place?.app.split?.id !== trial || place.app.split.phase !== "running") return;
  const open = and(eq(operations.appId, appId), eq(operations.kind, "end-split"), inArray(operations.status, ["queued", "running"]));
  const [asked] = await worker.services.db.select({ id: operations.id }).from(operations).where(open).limit(1);
  if (asked) return;
  worker.services.log.warn({ app: appId, reason }, "a release on trial failed; it is taken off");
  await requestOperation(actingFor(worker.services, place, "watch"), appId, "end-split", { reason });
}
