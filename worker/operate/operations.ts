import { and, eq } from "drizzle-orm";
import { appFiles, apps, appVariables, domains, releases } from "../../db/schema";
import { AppError } from "../../server/errors";
import type { OperationRow } from "../../server/operations/service";
import type { WorkerContext } from "../context";
import { type AppPlace, actingFor, readAppPlace } from "../data";
import { drainSlot } from "../deploy/bake";
import { passGate } from "../deploy/gate";
import { fenced } from "../deploy/lease";
import { leaveSplit } from "../deploy/leave-split";
import { removeImage } from "../deploy/remove-image";
import { otherSlot, serviceOf } from "../deploy/slot-spec";
import { renderEdge, setSlots, untilServed } from "../edge-file";
import { ensureNetwork, removeUnusedNetwork } from "../environment-network";
import { DeployError } from "../errors";
import { runsBound } from "./carry-images";
import { bothServices, ensureSlot, liveSlotSpec } from "./live-release";
import { performOnNode } from "./node-operations";
import { endSplit, startSplit } from "./split";

const RUNNING_TIMEOUT_MS = 60_000;
const STOPPED_TIMEOUT_MS = 30_000;
const ROUTE_TIMEOUT_MS = 10_000;

/** Does one operation. Each may be repeated: what is there already is left as it is. */
export async function perform(worker: WorkerContext, operation: OperationRow, lost: AbortSignal): Promise<void> {
  if (operation.appId === null) return performOnNode(worker, operation, lost);
  const place = await readAppPlace(worker.services, operation.appId);
  if (!place || (place.app.deletedAt !== null && operation.kind !== "delete")) throw new AppError("not_found", { what: "The application is gone." });
  const signal = AbortSignal.any([lost, AbortSignal.timeout(120_000)]);
  switch (operation.kind) {
    case "route":
      return applyRoutes(worker, place, signal);
    case "stop":
      return stop(worker, place, operation.actor, signal);
    case "start":
      return start(worker, place, signal);
    case "restart":
      return restart(worker, place, signal);
    case "move":
      return move(worker, place, operation.input, signal);
    case "scale":
      return scale(worker, place, Number(operation.input.replicas), signal);
    case "delete":
      return remove(worker, place, signal);
    case "split":
      // its steps have times of their own, as long as the application's health check and drain may take
      return startSplit(worker, place, operation, lost);
    case "end-split":
      return endSplit(worker, place, operation, lost);
    default:
      return;
  }
}

async function applyRoutes(worker: WorkerContext, place: AppPlace, signal: AbortSignal): Promise<void> {
  const generation = await renderEdge(worker, place.app.id);
  if (generation && place.app.activeSlot !== null) await untilServed(worker, place.app.id, generation, ROUTE_TIMEOUT_MS, signal);
}

/** The edge says “stopped” before the tasks end, so that nobody meets a broken answer. */
async function stop(worker: WorkerContext, place: AppPlace, actor: string, signal: AbortSignal): Promise<void> {
  if (place.app.split) await leaveSplit(worker, place, { actor, by: "a stop of the application" }, signal);
  await worker.services.db.update(apps).set({ desired: "stopped" }).where(eq(apps.id, place.app.id));
  await renderEdge(worker, place.app.id);
  for (const name of bothServices(place)) {
    if ((await worker.ports.slots.state(name)) === null) continue;
    await worker.ports.slots.scale(name, 0, place.app.epoch);
    await worker.ports.slots.untilStopped({ name, timeoutMs: STOPPED_TIMEOUT_MS, signal });
  }
  if (place.app.split && !(await setSlots(worker, place.app.id, place.app.epoch, place.app.slots))) throw fenced();
  await observed(worker, place, 0);
}

async function start(worker: WorkerContext, place: AppPlace, signal: AbortSignal): Promise<void> {
  const live = await liveSlotSpec(worker, place, place.app.replicas);
  if (!live) throw new AppError("conflict", { what: "The application was never deployed.", fix: "Deploy it." });
  await ensureNetwork(worker, place);
  await ensureSlot(worker, place, live, signal);
  await worker.ports.slots.untilRunning({ name: live.spec.name, replicas: live.spec.replicas, timeoutMs: RUNNING_TIMEOUT_MS, signal });
  await worker.services.db.update(apps).set({ desired: "running" }).where(eq(apps.id, place.app.id));
  await applyRoutes(worker, place, signal);
  await observed(worker, place, live.spec.replicas);
}

/** Without an unanswered request: the other slot takes over with the same release, then the first one ends. */
async function restart(worker: WorkerContext, place: AppPlace, signal: AbortSignal): Promise<void> {
  const { app } = place;
  const live = await liveSlotSpec(worker, place, app.replicas);
  if (!live || app.activeSlot === null) throw new AppError("conflict", { what: "The application was never deployed.", fix: "Deploy it." });
  if (app.split)
    throw new AppError("conflict", {
      what: `Release ${app.split.release} is on trial beside the live one.`,
      why: "A restart needs its slot.",
      fix: "End the trial first: dokploy traffic end APP",
    });
  const slot = otherSlot(app.activeSlot);
  const port = app.slots[app.activeSlot].port;
  const fresh = serviceOf(app, slot);
  await worker.ports.slots.remove(fresh, app.epoch);
  try {
    await ensureSlot(worker, place, { ...live, spec: { ...live.spec, name: fresh, labels: { ...live.spec.labels, "dokploy.slot": slot } } }, signal);
    if (!(await setSlots(worker, app.id, app.epoch, { ...app.slots, [slot]: { port, weight: 0 } }))) throw fenced();
    await renderEdge(worker, app.id);
    await worker.ports.slots.untilRunning({ name: fresh, replicas: app.replicas, timeoutMs: RUNNING_TIMEOUT_MS, signal });
    await passGate({ worker, place, config: live.config }, slot, port, signal);
    signal.throwIfAborted();
    const slots = { a: { port, weight: slot === "a" ? 100 : 0 }, b: { port, weight: slot === "b" ? 100 : 0 } };
    const where = and(eq(apps.id, app.id), eq(apps.epoch, app.epoch));
    const flipped = await worker.services.db
      .update(apps)
      .set({ slots, activeSlot: slot, desired: "running", split: null })
      .where(where)
      .returning({ id: apps.id });
    if (flipped.length === 0) throw fenced();
  } catch (error) {
    // whoever has taken the operation over uses that slot
    if (!(error instanceof DeployError && error.code === "fenced") && !signal.aborted) await worker.ports.slots.remove(fresh, app.epoch);
    throw error;
  }
  await applyRoutes(worker, place, signal);
  await drainSlot(worker, place, app.activeSlot, app.drainS, signal);
  await worker.ports.slots.remove(serviceOf(app, app.activeSlot), app.epoch);
  await observed(worker, place, app.replicas);
}

/** Away from a node that takes no new tasks, or onto the registry's image; nothing is done where a deployment has done it meanwhile. */
async function move(worker: WorkerContext, place: AppPlace, { node }: Record<string, unknown>, signal: AbortSignal): Promise<void> {
  const { app } = place;
  const isOn = async (id: unknown) =>
    (await worker.ports.cluster.placed()).some((task) => task.app === app.id && task.slot === app.activeSlot && task.node === id);
  const isDue = node === undefined ? await runsBound(worker, place) : await isOn(node);
  if (isDue && app.desired === "running") await restart(worker, place, signal);
}

async function scale(worker: WorkerContext, place: AppPlace, replicas: number, signal: AbortSignal): Promise<void> {
  const { app } = place;
  await worker.services.db.update(apps).set({ replicas }).where(eq(apps.id, app.id));
  if (app.activeSlot === null || app.desired === "stopped") return;
  const name = serviceOf(app, app.activeSlot);
  const names = app.split?.phase === "running" ? bothServices(place) : [name];
  for (const one of names) await worker.ports.slots.scale(one, replicas, app.epoch);
  for (const one of names) await worker.ports.slots.untilRunning({ name: one, replicas, timeoutMs: RUNNING_TIMEOUT_MS, signal });
  await observed(worker, place, replicas);
}

/** Services, volumes, network, edge file, images and what is kept of the build context go; deployments and the ledger stay. */
async function remove(worker: WorkerContext, place: AppPlace, signal: AbortSignal): Promise<void> {
  const { db, clock } = worker.services;
  const { app, environment } = place;
  await db
    .update(apps)
    .set({ deletedAt: app.deletedAt ?? clock() })
    .where(eq(apps.id, app.id));
  await worker.ports.edge.remove(app.id);
  const removeSlot = async (name: string) => {
    await worker.ports.slots.remove(name, app.epoch);
    await worker.ports.slots.untilStopped({ name, timeoutMs: STOPPED_TIMEOUT_MS, signal });
  };
  await Promise.all(bothServices(place).map(removeSlot));
  await worker.ports.volumes.removeAll({ appId: app.id, signal });
  await worker.ports.configs.removeUnused({ appId: app.id, olderThanMs: 0 });
  const ctx = actingFor(worker.services, place);
  const { team } = ctx;
  await removeUnusedNetwork(worker, environment.network);
  const kept = (await ctx.team.list(releases, { where: eq(releases.appId, app.id) })).filter((row) => row.prunedAt === null);
  for (const imageId of new Set(kept.map((row) => row.imageId))) await removeImage(worker, ctx, app.id, imageId);
  await team.update(releases, { prunedAt: clock() }, eq(releases.appId, app.id));
  await worker.ports.builder.forget(app.id);
  await team.remove(domains, eq(domains.appId, app.id));
  await team.remove(appVariables, eq(appVariables.appId, app.id));
  await team.remove(appFiles, eq(appFiles.appId, app.id));
}

const observed = (worker: WorkerContext, place: AppPlace, running: number) =>
  worker.services.db.update(apps).set({ runningReplicas: running }).where(eq(apps.id, place.app.id));
