import { and, asc, eq, isNotNull, lt } from "drizzle-orm";
import type { Transaction } from "../../db/client";
import { deployments, spans } from "../../db/schema";
import type { Slot } from "../../server/apps/schema";
import type { Services } from "../../server/context";
import type { DeploymentRow } from "../../server/deployments/view";
import { BAKE } from "../../server/streams/definitions";
import { spanRows } from "../../server/streams/record";
import type { WorkerContext } from "../context";
import { type AppPlace, isBusy, readAppPlace } from "../data";
import { dropUnusedConfigs } from "./deliver-files";
import { otherSlot, serviceOf } from "./slot-spec";

const DRAIN_CHECK_MS = 100;
const CLAIM_MICROS = 10_000_000;
const CLAIM_EVERY_MS = 2_000;

/** Waits until a slot has no request in flight, at most `drainS` seconds. */
export async function drainSlot(worker: WorkerContext, place: AppPlace, slot: Slot, drainS: number, signal: AbortSignal): Promise<void> {
  for (const deadline = Date.now() + drainS * 1000; Date.now() < deadline && !signal.aborted; ) {
    if ((await worker.ports.edge.inFlight({ appId: place.app.id, slot })) === 0) return;
    await new Promise((resolve) => setTimeout(resolve, DRAIN_CHECK_MS));
  }
}

/** Whoever fills the idle slot ends a bake early. */
export async function endBakes(worker: WorkerContext, appId: string): Promise<void> {
  await worker.services.db
    .update(deployments)
    .set({ bakeUntil: null })
    .where(and(eq(deployments.appId, appId), isNotNull(deployments.bakeUntil)));
}

/**
 * Ends the bakes whose time has passed: requests in flight finish, then the old slot goes. Outside lead time. All at once, since a
 * drain may take its whole time.
 */
export async function endDueBakes(worker: WorkerContext): Promise<void> {
  const due = await worker.services.db
    .select()
    .from(deployments)
    .where(and(isNotNull(deployments.bakeUntil), lt(deployments.bakeUntil, worker.services.clock())))
    .orderBy(asc(deployments.bakeUntil))
    .limit(50);
  const ends = await Promise.allSettled(due.map((one) => endBake(worker, one)));
  for (const end of ends) if (end.status === "rejected") worker.services.log.warn({ err: end.reason as unknown }, "a bake is not ended yet");
}

/**
 * The row's `bake_until` is the claim: moved ahead while somebody ends the bake, taken away when the slot is gone. A worker that dies in
 * between leaves it to lapse, and another one ends the bake. A deployment that ends it early takes it away, which is seen here.
 */
async function endBake(worker: WorkerContext, one: DeploymentRow): Promise<void> {
  const { services, ports } = worker;
  const place = await readAppPlace(services, one.appId);
  if (!place || place.app.deletedAt !== null || place.app.activeSlot !== one.slot || one.slot === null) return void (await moveBake(services, one, null));
  if (await isBusy(services, one.appId)) return;
  let claimed = await moveBake(services, one, services.clock() + CLAIM_MICROS);
  const stop = new AbortController();
  const keep = setInterval(async () => {
    const kept = claimed && (await moveBake(services, claimed, services.clock() + CLAIM_MICROS).catch(() => claimed));
    claimed = kept;
    if (!kept) stop.abort();
  }, CLAIM_EVERY_MS);
  const old = otherSlot(one.slot);
  try {
    if (claimed) await drainSlot(worker, place, old, place.app.drainS, stop.signal);
  } finally {
    clearInterval(keep);
  }
  if (!claimed || stop.signal.aborted || (await isBusy(services, one.appId))) return;
  await ports.slots.remove(serviceOf(place.app, old), place.app.epoch);
  await dropUnusedConfigs(worker, one.appId);
  if (!(await services.db.transaction((tx) => recordEnd(tx, one, services.clock())))) return;
  services.events.publish(one.teamId, { type: "app", app: one.appId });
}

async function recordEnd(tx: Transaction, one: DeploymentRow, finishedAt: number): Promise<boolean> {
  const [ended] = await tx
    .update(deployments)
    .set({ bakeUntil: null })
    .where(and(eq(deployments.id, one.id), isNotNull(deployments.bakeUntil)))
    .returning({ id: deployments.id });
  if (!ended || one.slot === null) return false;
  const span = {
    step: BAKE,
    class: "wait" as const,
    startedAt: one.finishedAt ?? finishedAt,
    finishedAt,
    outcome: "ok" as const,
    detail: { slot: otherSlot(one.slot) },
  };
  await tx
    .insert(spans)
    .values(spanRows(one, finishedAt, [span]).map((row) => ({ ...row, teamId: one.teamId })))
    .onConflictDoNothing();
  return true;
}

/** @returns the row as it is now, null when somebody else moved it */
async function moveBake(services: Services, one: DeploymentRow, to: number | null): Promise<DeploymentRow | null> {
  const [moved] = await services.db
    .update(deployments)
    .set({ bakeUntil: to })
    .where(and(eq(deployments.id, one.id), one.bakeUntil === null ? undefined : eq(deployments.bakeUntil, one.bakeUntil)))
    .returning();
  return moved ?? null;
}
