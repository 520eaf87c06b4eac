import { eq } from "drizzle-orm";
import { apps } from "../../db/schema";
import type { WorkerContext } from "../context";
import { type AppPlace, isBusy, readAppPlace, readAppPlaces } from "../data";
import { serviceOf } from "../deploy/slot-spec";
import { renderEdge } from "../edge-file";
import { ensureNetwork } from "../environment-network";
import { ensureSlot, liveSlotSpec, type SlotContent } from "./live-release";
import { trialSlot } from "./split";

/**
 * Makes the engine agree with the database, after a start of the worker or of the engine: networks, services of the live
 * releases, edge files. An application whose deployment is running is left to its pipeline.
 */
export async function reconcile(worker: WorkerContext): Promise<void> {
  for (const { app } of await readAppPlaces(worker.services)) {
    try {
      // read anew: while the others were looked at, a deployment may have come and gone
      const place = await readAppPlace(worker.services, app.id);
      if (place && place.app.deletedAt === null) await reconcileApp(worker, place);
    } catch (error) {
      worker.services.log.warn({ err: error, app: app.id }, "application not reconciled");
    }
  }
}

async function reconcileApp(worker: WorkerContext, place: AppPlace): Promise<void> {
  const { app } = place;
  if (await isBusy(worker.services, app.id)) return;
  const live = await liveSlotSpec(worker, place, app.replicas);
  if (live && app.activeSlot !== null && app.desired === "running") {
    await ensureNetwork(worker, place);
    await bringBack(worker, place, live);
    const trial = await trialSlot(worker, place);
    if (trial) await bringBack(worker, place, trial);
  }
  await renderEdge(worker, app.id);
}

async function bringBack(worker: WorkerContext, place: AppPlace, content: SlotContent): Promise<void> {
  const { spec, release } = content;
  const present = await worker.ports.slots.state(spec.name);
  if (!present || present.replicas !== spec.replicas || present.labels["dokploy.release"] !== String(release.number)) await ensureSlot(worker, place, content);
}

/** Keeps `running_replicas` true to what the engine reports. */
export async function observeApps(worker: WorkerContext): Promise<void> {
  for (const { app } of await readAppPlaces(worker.services)) {
    if (app.activeSlot === null) continue;
    const state = await worker.ports.slots.state(serviceOf(app, app.activeSlot));
    const running = state?.running ?? 0;
    if (running === app.runningReplicas) continue;
    await worker.services.db.update(apps).set({ runningReplicas: running }).where(eq(apps.id, app.id));
    worker.services.events.publish(app.teamId, { type: "app", app: app.id });
  }
}
