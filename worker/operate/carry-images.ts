import { and, desc, eq, inArray, isNull } from "drizzle-orm";
import { operations, releases } from "../../db/schema";
import { pause } from "../../server/pause";
import type { WorkerContext } from "../context";
import { type AppPlace, actingFor, readAppPlaces } from "../data";
import { carryImage, imagesTravel, isBound } from "../deploy/carry-image";
import { serviceOf } from "../deploy/slot-spec";
import { liveSlotSpec } from "./live-release";

const EVERY_MS = 60_000;
const LOOK_MS = 250;
const ACTOR = "cluster";

/**
 * As soon as there is a second machine, every release that is kept goes to the registry, newest first, so that a rollback works wherever
 * Swarm puts it; then what runs from an image that only this machine has is moved onto the one in the registry, one application after the
 * other, as a restart does it. What is done is in the rows: a worker that is killed in between is followed by one that goes on.
 */
export function carryRegularly(worker: WorkerContext): { soon(): void; close(): Promise<void> } {
  const { log } = worker.services;
  const closing = new AbortController();
  const failed = new Set<string>();
  let turn: Promise<void> = Promise.resolve();
  let isWaiting = false;

  const run = async () => {
    isWaiting = false;
    if (!imagesTravel(worker)) return;
    for (const place of await readAppPlaces(worker.services)) {
      if (closing.signal.aborted) return;
      try {
        await carryApp(worker, place, closing.signal);
        failed.delete(place.app.id);
      } catch (error) {
        if (closing.signal.aborted) return;
        // said once: the next round tries again
        if (!failed.has(place.app.id)) log.warn({ err: error, app: place.app.id }, "images not carried to the registry");
        failed.add(place.app.id);
      }
    }
  };
  const soon = () => {
    if (isWaiting || closing.signal.aborted) return;
    isWaiting = true;
    turn = turn.then(run).catch((error: unknown) => log.warn({ err: error }, "images not carried to the registry"));
  };
  const timer = setInterval(soon, EVERY_MS);
  return {
    soon,
    async close() {
      clearInterval(timer);
      closing.abort();
      await turn;
    },
  };
}

async function carryApp(worker: WorkerContext, place: AppPlace, signal: AbortSignal): Promise<void> {
  const ctx = actingFor(worker.services, place);
  const kept = await ctx.team.list(releases, { where: and(eq(releases.appId, place.app.id), isNull(releases.prunedAt)), orderBy: desc(releases.number) });
  for (const row of kept.filter((one) => isBound(worker.env.REGISTRY, one))) {
    signal.throwIfAborted();
    const carried = await carryImage(worker, ctx, row, signal);
    worker.services.log.info({ app: place.app.id, release: row.number, image: carried.imageDigest }, "a release's image is in the registry");
  }
  if (await runsBound(worker, place)) await renew(worker, place, signal);
}

/** Whether what runs names an image that only this machine has. An application with a volume stays on its node, which has the image. */
export async function runsBound(worker: WorkerContext, place: AppPlace): Promise<boolean> {
  const { app } = place;
  if (app.activeSlot === null || app.desired !== "running" || app.volumes.length > 0) return false;
  const [live, present] = await Promise.all([liveSlotSpec(worker, place, app.replicas), worker.ports.slots.state(serviceOf(app, app.activeSlot))]);
  return live !== null && present !== null && present.replicas > 0 && live.config.volumes.length === 0 && present.image !== live.spec.image;
}

async function renew(worker: WorkerContext, { app }: AppPlace, signal: AbortSignal): Promise<void> {
  const { db, clock, queue } = worker.services;
  const isOpen = and(eq(operations.appId, app.id), eq(operations.kind, "move"), inArray(operations.status, ["queued", "running"]));
  const [open] = await db.select({ id: operations.id }).from(operations).where(isOpen).limit(1);
  if (!open) {
    const [made] = await db
      .insert(operations)
      .values({ teamId: app.teamId, appId: app.id, kind: "move", input: { onto: "registry" }, actor: ACTOR, createdAt: clock() })
      .returning({ id: operations.id });
    if (made) queue.wakeOperation(made.id);
  }
  while (!signal.aborted && (await db.select({ id: operations.id }).from(operations).where(isOpen).limit(1)).length > 0) await pause(LOOK_MS, signal);
}
