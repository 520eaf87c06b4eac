import { and, eq } from "drizzle-orm";
import { apps, releases } from "../../db/schema";
import type { Slots } from "../../server/apps/schema";
import { AppError } from "../../server/errors";
import type { OperationRow } from "../../server/operations/service";
import { type SplitWish, splitWishSchema, type TrafficSplit } from "../../server/traffic/schema";
import type { WorkerContext } from "../context";
import { type AppPlace, actingFor } from "../data";
import { drainSlot, endBakes } from "../deploy/bake";
import { dropUnusedConfigs } from "../deploy/deliver-files";
import { passGate } from "../deploy/gate";
import { fenced } from "../deploy/lease";
import { leaveSplit, servedAnew } from "../deploy/leave-split";
import { portOf } from "../deploy/slot-port";
import { otherSlot, serviceOf } from "../deploy/slot-spec";
import { renderEdge, setSlots } from "../edge-file";
import { ensureNetwork } from "../environment-network";
import { DeployError } from "../errors";
import { ensureSlot, type SlotContent, slotContent } from "./live-release";
import { countNow } from "./split-counts";

const RUNNING_TIMEOUT_MS = 60_000;
const ROUTE_TIMEOUT_MS = 10_000;

/** What the idle slot runs while a split goes on; null without one, and while it ends. */
export async function trialSlot(worker: WorkerContext, place: AppPlace, replicas = place.app.replicas): Promise<SlotContent | null> {
  const { split, slots } = place.app;
  if (split?.phase !== "running") return null;
  return slotContent(worker, place, { releaseId: split.releaseId, slot: split.slot, port: slots[split.slot].port, replicas });
}

/**
 * Puts a retained release into the idle slot, through the same gate as a deployment, and gives it its share. Repeated, it goes on where
 * it was; for a release that is on trial already it changes the share. Until the flip nothing is sent to the slot.
 * @throws AppError `conflict` DeployError as the gate does
 */
export async function startSplit(worker: WorkerContext, place: AppPlace, operation: OperationRow, signal: AbortSignal): Promise<void> {
  const { app } = place;
  const wish = splitWishSchema.parse(operation.input);
  const { activeSlot, split } = app;
  if (activeSlot === null || app.desired === "stopped") throw new AppError("conflict", { what: `${app.name} does not run.`, fix: "Start it, or deploy it." });
  if (wish.releaseId === app.releaseId) throw new AppError("conflict", { what: "That release went live meanwhile.", fix: "Choose another release." });
  if (split && split.releaseId !== wish.releaseId) throw alreadySplit(app.name, split);
  const slot = otherSlot(activeSlot);
  const trial = await trialContent(worker, place, wish.releaseId);
  const name = trial.spec.name;
  const before: Slots = { ...app.slots, [slot]: { port: trial.port, weight: split?.phase === "running" ? app.slots[slot].weight : 0 } };
  try {
    await fillSlot(worker, place, trial, signal);
    if (!(await setSlots(worker, app.id, app.epoch, before, split))) throw fenced();
    await renderEdge(worker, app.id);
    await worker.ports.slots.untilRunning({ name, replicas: trial.spec.replicas, timeoutMs: RUNNING_TIMEOUT_MS, signal });
    await passGate({ worker, place, config: trial.config }, slot, trial.port, signal);
    signal.throwIfAborted();
    await flip(worker, place, wish, { operation, number: trial.release.number, port: trial.port }, signal);
  } catch (error) {
    // whoever has taken the operation over uses that slot; a share that could not be changed stays as it was
    if (!isFenced(error) && !signal.aborted && split === null) await emptySlot(worker, place, AbortSignal.timeout(ROUTE_TIMEOUT_MS));
    throw error;
  }
}

const isFenced = (error: unknown) => error instanceof DeployError && error.code === "fenced";

const alreadySplit = (name: string, split: TrafficSplit) =>
  new AppError("conflict", {
    what: `Release ${split.release} of ${name} is on trial already.`,
    why: "There is one slot beside the live one.",
    fix: "End it first: dokploy traffic end APP",
  });

async function trialContent(worker: WorkerContext, place: AppPlace, releaseId: string): Promise<SlotContent & { port: number }> {
  const { app } = place;
  const row = await actingFor(worker.services, place).team.first(releases, and(eq(releases.id, releaseId), eq(releases.appId, app.id)));
  const slot = otherSlot(app.activeSlot ?? "b");
  if (!row || row.prunedAt !== null) throw new AppError("conflict", { what: "That release is no longer kept.", fix: "Deploy its commit again." });
  const draft = await slotContent(worker, place, { releaseId, slot, port: 0, replicas: app.replicas });
  const port = draft && (await portOf(worker, draft.config, row));
  const content = port && (await slotContent(worker, place, { releaseId, slot, port, replicas: app.replicas }));
  if (!content) throw new AppError("conflict", { what: "That release is gone.", fix: "Choose another one." });
  return { ...content, port };
}

/** A bake that holds the slot ends; what it had in flight does too, unless it is this very release. */
async function fillSlot(worker: WorkerContext, place: AppPlace, trial: SlotContent, signal: AbortSignal): Promise<void> {
  const { app } = place;
  const { spec, release } = trial;
  await ensureNetwork(worker, place);
  const present = await worker.ports.slots.state(spec.name);
  const isThere = present?.labels["dokploy.release"] === String(release.number);
  if (present && present.running > 0 && !isThere && app.activeSlot) await drainSlot(worker, place, otherSlot(app.activeSlot), app.drainS, signal);
  await endBakes(worker, app.id);
  await ensureSlot(worker, place, trial, signal);
}

/** Weights, match and record in one write; then the edge serves them. */
async function flip(
  worker: WorkerContext,
  place: AppPlace,
  wish: SplitWish,
  { operation, number, port }: { operation: OperationRow; number: number; port: number },
  signal: AbortSignal,
): Promise<void> {
  const { app } = place;
  const live = app.activeSlot ?? "a";
  const slot = otherSlot(live);
  const weight = wish.kind === "mirror" ? 0 : wish.weight;
  const slots: Slots = { ...app.slots, [live]: { port: app.slots[live].port, weight: 100 - weight }, [slot]: { port, weight } };
  const startedAt = app.split?.startedAt ?? worker.services.clock();
  const split: TrafficSplit = { ...wish, id: app.split?.id ?? wish.id, phase: "running", slot, release: number, startedAt, actor: operation.actor };
  const counts = app.split && app.splitSeen ? app.splitSeen : await countNow(worker, app.id, signal);
  const ctx = actingFor(worker.services, place, operation.actor);
  await ctx.team.transaction(async (rows) => {
    const changed = await rows.update(apps, { slots, split, splitSeen: counts }, and(eq(apps.id, app.id), eq(apps.epoch, app.epoch)));
    if (changed.length === 0) throw fenced();
    const { kind, header, cookie, sticky } = split;
    // the same wish again, after a worker died, is no second event
    if (app.split?.id !== wish.id)
      await ctx.audit(app.split ? "traffic.changed" : "traffic.started", app, { kind, release: number, weight: wish.weight, header, cookie, sticky }, rows);
  });
  await servedAnew(worker, app.id, signal);
}

/** All traffic to the live release; what is in flight on the other one ends, then its slot is emptied. Without a split nothing is done. */
export async function endSplit(worker: WorkerContext, place: AppPlace, operation: OperationRow, signal: AbortSignal): Promise<void> {
  const { app } = place;
  if (app.split === null) return;
  const { reason } = operation.input as { reason?: string };
  await leaveSplit(worker, place, { actor: operation.actor, by: reason ?? "a person" }, signal);
  await drainSlot(worker, place, app.split.slot, app.drainS, signal);
  signal.throwIfAborted();
  await emptySlot(worker, place, signal);
}

/** The slot that is not live has no weight, no release and no split. */
async function emptySlot(worker: WorkerContext, { app }: AppPlace, signal: AbortSignal): Promise<void> {
  if (app.activeSlot === null) return;
  const slot = otherSlot(app.activeSlot);
  const live: Slots = { ...app.slots, [app.activeSlot]: { ...app.slots[app.activeSlot], weight: 100 }, [slot]: { ...app.slots[slot], weight: 0 } };
  if (!(await setSlots(worker, app.id, app.epoch, live, app.split))) throw fenced();
  await servedAnew(worker, app.id, signal);
  await worker.ports.slots.remove(serviceOf(app, slot), app.epoch);
  await dropUnusedConfigs(worker, app.id);
  if (!(await setSlots(worker, app.id, app.epoch, live))) throw fenced();
}
