import { and, eq } from "drizzle-orm";
import { apps } from "../db/schema";
import type { TrafficSplit } from "../server/traffic/schema";
import type { WorkerContext } from "./context";
import { readAppPlace, readDomains } from "./data";
import type { EdgeApp, EdgeSplit } from "./ports";

const turns = new Map<string, Promise<unknown>>();
let counter = 0;

/**
 * Renders an application's edge file from the database: routes, slots, weights. One at a time for each application, so that the
 * last rendering is of the newest facts. Answers the generation that the edge will serve, null when the application has no route.
 */
export function renderEdge(worker: WorkerContext, appId: string): Promise<string | null> {
  const turn = (turns.get(appId) ?? Promise.resolve()).then(() => render(worker, appId));
  // The caller of this turn is given its error; the next turn only waits for its end.
  const settled = turn.catch(() => null);
  turns.set(appId, settled);
  void settled.then(() => {
    if (turns.get(appId) === settled) turns.delete(appId);
  });
  return turn;
}

async function render(worker: WorkerContext, appId: string): Promise<string | null> {
  const place = await readAppPlace(worker.services, appId);
  if (!place || place.app.deletedAt !== null) {
    await worker.ports.edge.remove(appId);
    return null;
  }
  const routes = await readDomains(worker.services, appId);
  if (routes.length === 0) {
    await worker.ports.edge.remove(appId);
    return null;
  }
  const { app } = place;
  const isServed = app.slots.a.weight + app.slots.b.weight > 0;
  const file: EdgeApp = {
    appId,
    generation: `${app.epoch}-${Date.now().toString(36)}-${(counter++).toString(36)}`,
    epoch: app.epoch,
    routes: routes.map(({ host, path }) => ({ host, path })),
    slots: { a: { service: app.slotA, ...app.slots.a }, b: { service: app.slotB, ...app.slots.b } },
    split: app.split?.phase === "running" ? edgeSplit(app.split) : null,
    unavailable: app.desired === "stopped" ? "stopped" : isServed ? null : "never_deployed",
  };
  await worker.ports.edge.write(file);
  return file.generation;
}

const edgeSplit = ({ id, kind, slot, weight, header, cookie, sticky }: TrafficSplit): EdgeSplit => ({ id, kind, slot, weight, header, cookie, sticky });

/** Waits until the edge serves a generation. The file's event takes some 100 ms to become routes. */
export async function untilServed(worker: WorkerContext, appId: string, generation: string, timeoutMs: number, signal: AbortSignal): Promise<boolean> {
  for (const deadline = Date.now() + timeoutMs; Date.now() < deadline; ) {
    signal.throwIfAborted();
    if ((await worker.ports.edge.servedGeneration({ appId, signal })) === generation) return true;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return false;
}

/**
 * Writes ports and weights of the slots while the epoch is still the caller's.
 * @param split what goes on beside the live release: whoever moves the traffic otherwise ends a split by that
 * @returns false when the epoch is another's
 */
export async function setSlots(
  worker: WorkerContext,
  appId: string,
  epoch: number,
  slots: typeof apps.$inferSelect.slots,
  split: TrafficSplit | null = null,
): Promise<boolean> {
  const rows = await worker.services.db
    .update(apps)
    .set({ slots, split })
    .where(and(eq(apps.id, appId), eq(apps.epoch, epoch)))
    .returning({ id: apps.id });
  return rows.length > 0;
}
