import { and, eq, isNotNull, isNull } from "drizzle-orm";
import { apps, deployments, environments } from "../../db/schema";
import type { WorkerContext } from "../context";
import { isBusy, readAppPlace } from "../data";
import { releaseCommandName } from "../deploy/release-command";
import { otherSlot } from "../deploy/slot-spec";
import { listWorkTrees, removeUnheldWorkTrees } from "../deploy/work-tree";
import { removeUnusedNetwork } from "../environment-network";
import { sweepImages } from "./sweep-images";

/** A config comes before the service that uses it. */
const FRESH_CONFIG_MS = 60_000;

/**
 * Removes what this installation owns and nothing needs any more: what a killed worker left, or what could not be removed when it was
 * due. Each kind is listed first and compared with the database after that, so that what came into being meanwhile is not in the list.
 */
export async function sweep(worker: WorkerContext): Promise<void> {
  const { log } = worker.services;
  const kinds: Record<string, (worker: WorkerContext) => Promise<number>> = {
    slots,
    commands,
    images: sweepImages,
    networks,
    configs: () => worker.ports.configs.removeUnused({ olderThanMs: FRESH_CONFIG_MS }),
    workTrees,
    scratch: () => worker.ports.source.sweep(),
  };
  for (const [kind, sweepKind] of Object.entries(kinds)) {
    try {
      const count = await sweepKind(worker);
      if (count > 0) log.info({ kind, count }, "leftovers removed");
    } catch (error) {
      log.warn({ err: error, kind }, "leftovers not removed; the next sweep tries again");
    }
  }
}

/** A slot stays while it is live, bakes or holds a release on trial, and while something is under way that may fill it. */
async function slots(worker: WorkerContext): Promise<number> {
  const { ports, services } = worker;
  const found = new Set(await ports.slots.owned());
  const rows = await services.db.select({ id: apps.id, slotA: apps.slotA, slotB: apps.slotB }).from(apps);
  let count = 0;
  for (const { id, slotA, slotB } of rows.filter((row) => found.has(row.slotA) || found.has(row.slotB))) {
    const place = await readAppPlace(services, id);
    const idle = place ? idleSlots(place.app).filter((name) => found.has(name)) : [];
    for (const name of [slotA, slotB]) found.delete(name);
    if (!place || idle.length === 0 || (await isBusy(services, id)) || (place.app.deletedAt === null && (await isBaking(worker, id)))) continue;
    for (const name of idle) await ports.slots.remove(name, place.app.epoch);
    count += idle.length;
  }
  // what is left belongs to no application that there is
  for (const name of found) await ports.slots.remove(name, Number.MAX_SAFE_INTEGER);
  return count + found.size;
}

function idleSlots(app: typeof apps.$inferSelect): string[] {
  const names = { a: app.slotA, b: app.slotB };
  if (app.deletedAt !== null || app.activeSlot === null) return [names.a, names.b];
  return app.split ? [] : [names[otherSlot(app.activeSlot)]];
}

async function isBaking({ services }: WorkerContext, appId: string): Promise<boolean> {
  const baking = await services.db
    .select({ id: deployments.id })
    .from(deployments)
    .where(and(eq(deployments.appId, appId), isNotNull(deployments.bakeUntil)))
    .limit(1);
  return baking.length > 0;
}

const underWay = ({ services }: WorkerContext) =>
  services.db.select({ id: deployments.id, epoch: deployments.epoch }).from(deployments).where(eq(deployments.status, "running"));

async function commands(worker: WorkerContext): Promise<number> {
  const found = await worker.ports.oneOff.present();
  const held = new Set((await underWay(worker)).map(({ id, epoch }) => releaseCommandName(id, String(epoch))));
  const left = found.filter((name) => !held.has(name));
  for (const name of left) await worker.ports.oneOff.end(name);
  return left.length;
}

/** An environment's network goes with its last application. */
async function networks(worker: WorkerContext): Promise<number> {
  const found = await worker.ports.network.owned();
  const kept = await worker.services.db
    .select({ network: environments.network })
    .from(environments)
    .innerJoin(apps, and(eq(apps.environmentId, environments.id), isNull(apps.deletedAt)));
  const inUse = new Set(kept.map((row) => row.network));
  const left = found.filter((name) => !inUse.has(name));
  let removed = 0;
  for (const name of left) if (await removeUnusedNetwork(worker, name)) removed++;
  return removed;
}

async function workTrees(worker: WorkerContext): Promise<number> {
  const found = await listWorkTrees(worker.env.DOKPLOY_HOME);
  return removeUnheldWorkTrees(worker.env.DOKPLOY_HOME, found, await underWay(worker));
}
