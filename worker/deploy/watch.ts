import { setTimeout as wait } from "node:timers/promises";
import { and, eq, gt, isNotNull } from "drizzle-orm";
import { apps, deployments } from "../../db/schema";
import { canarySchema } from "../../server/apps/schema";
import { rollback } from "../../server/deployments/service";
import type { DeploymentRow } from "../../server/deployments/view";
import { AppError } from "../../server/errors";
import { pause } from "../../server/pause";
import type { WorkerContext } from "../context";
import { actingFor, readAppPlace } from "../data";
import { crashOf } from "./gate";
import { otherSlot, serviceOf } from "./slot-spec";
import { between, complaint } from "./traffic";

const LOOK_MS = 2_000;
const CAUSE_MS = 5_000;

export type LiveWatch = { wake(): void; close(): void };

/**
 * After a release went live, for its bake time: when one of its tasks ends by itself, or its answers become worse than the old
 * release's were, it is marked as failed and rolled back. A rollback is not watched, so this happens once. Every worker watches; the
 * row decides who acts.
 */
export function createLiveWatch(worker: WorkerContext): LiveWatch {
  const watched = new Map<string, AbortController>();
  const { db, log, clock } = worker.services;

  const watch = async (row: DeploymentRow) => {
    const stop = new AbortController();
    watched.set(row.id, stop);
    const until = setTimeout(() => stop.abort(), Math.max(0, ((row.watchUntil ?? 0) - clock()) / 1000));
    try {
      const trouble = await untilTrouble(worker, row, stop.signal);
      if (trouble === null) return;
      await takeBack(worker, row, trouble.reason);
      const cause = await Promise.race([trouble.cause, wait(CAUSE_MS, null, { ref: false })]);
      if (cause !== null) await explain(worker, row, trouble.reason, cause);
    } catch (error) {
      if (!stop.signal.aborted) log.warn({ err: error, deployment: row.id }, "the watch over a live release ended");
    } finally {
      clearTimeout(until);
      stop.abort();
      watched.delete(row.id);
    }
  };

  const look = async () => {
    const live = await db
      .select()
      .from(deployments)
      .where(and(isNotNull(deployments.watchUntil), gt(deployments.watchUntil, clock()), eq(deployments.status, "succeeded"), eq(deployments.failed, false)));
    for (const row of live) if (!watched.has(row.id)) void watch(row);
    const present = new Set(live.map((row) => row.id));
    for (const [id, stop] of watched) if (!present.has(id)) stop.abort();
  };
  const wake = () => void look().catch((error: unknown) => log.warn({ err: error }, "live releases not looked at"));
  const timer = setInterval(wake, LOOK_MS);
  return {
    wake,
    close() {
      clearInterval(timer);
      for (const stop of watched.values()) stop.abort();
    },
  };
}

/** `cause`: that a task ended is sometimes told later than the errors that it made; null when none did. */
type Trouble = { reason: string; cause: Promise<string | null> };

/** Why the release must go; null when its time passed without trouble, or another release has taken its place. */
async function untilTrouble(worker: WorkerContext, row: DeploymentRow, signal: AbortSignal): Promise<Trouble | null> {
  const { slot } = row;
  const place = await readAppPlace(worker.services, row.appId);
  if (!place || slot === null || place.app.activeSlot !== slot || place.app.releaseId !== row.releaseId) return null;
  const { app } = place;
  const settings = canarySchema.parse(app.canary);
  const ended = worker.ports.slots.firstFailure({ name: serviceOf(app, slot), signal }).then(
    (found) => {
      const { what, why } = crashOf(found, app.slots[slot].port).explanation;
      return `${what.replace(" before it was healthy", " after it went live")} ${why ?? ""}`.trim();
    },
    () => null,
  );
  const worse = async () => {
    const first = await worker.ports.edge.traffic({ appId: app.id, signal });
    while (!signal.aborted) {
      await pause(LOOK_MS, signal);
      if (signal.aborted) return null;
      const now = await worker.ports.edge.traffic({ appId: app.id, signal });
      // the old release has no traffic now: its own record is what it answered before
      const why = complaint(settings, between(first[slot], now[slot]), first[otherSlot(slot)]);
      if (why) return `Its error rate or its answer times jumped: ${why}.`;
    }
    return null;
  };
  const reason = await Promise.race([ended, worse().catch(() => ended)]);
  return reason === null ? null : { reason, cause: ended };
}

/** A crash says more than the errors that were seen first. */
async function explain({ services }: WorkerContext, row: DeploymentRow, reason: string, cause: string): Promise<void> {
  if (cause === reason) return;
  await services.db
    .update(deployments)
    .set({ failedReason: cause })
    .where(and(eq(deployments.id, row.id), eq(deployments.failedReason, reason)));
}

async function takeBack(worker: WorkerContext, row: DeploymentRow, reason: string): Promise<void> {
  const { db, log } = worker.services;
  const [mine] = await db
    .update(deployments)
    .set({ failed: true, failedReason: reason, failedMethod: "measured", watchUntil: null })
    .where(and(eq(deployments.id, row.id), eq(deployments.failed, false), isNotNull(deployments.watchUntil)))
    .returning({ id: deployments.id });
  const place = mine ? await readAppPlace(worker.services, row.appId) : null;
  const [app] = await db.select({ releaseId: apps.releaseId }).from(apps).where(eq(apps.id, row.appId)).limit(1);
  if (!place || app?.releaseId !== row.releaseId) return;
  log.warn({ deployment: row.id, reason }, "a live release failed; rolling back");
  try {
    await rollback(actingFor(worker.services, place, "watch"), { app: row.appId, trigger: "watch" });
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    log.warn({ deployment: row.id, reason: error.explanation.what }, "nothing to roll back to");
  }
}
