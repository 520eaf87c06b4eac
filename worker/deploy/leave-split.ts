import { and, eq } from "drizzle-orm";
import { apps } from "../../db/schema";
import type { Slots } from "../../server/apps/schema";
import type { WorkerContext } from "../context";
import { type AppPlace, actingFor } from "../data";
import { renderEdge, untilServed } from "../edge-file";
import { DeployError } from "../errors";
import { fenced } from "./lease";
import { otherSlot } from "./slot-spec";

const ROUTE_TIMEOUT_MS = 10_000;

/**
 * Nothing new goes to the release on trial from here on; recorded with who or what ended it. The split stays written, as `ending`,
 * until its slot is empty or filled anew. Repeated, only the edge is looked at. @throws DeployError `fenced` `route_failed`
 */
export async function leaveSplit(worker: WorkerContext, place: AppPlace, { actor, by }: { actor: string; by: string }, signal: AbortSignal): Promise<void> {
  const { app } = place;
  const { split } = app;
  if (split?.phase === "running") {
    const live = otherSlot(split.slot);
    const slots: Slots = { ...app.slots, [split.slot]: { ...app.slots[split.slot], weight: 0 }, [live]: { ...app.slots[live], weight: 100 } };
    const ending = { ...split, phase: "ending" as const };
    const ctx = actingFor(worker.services, place, actor);
    await ctx.team.transaction(async (rows) => {
      const changed = await rows.update(apps, { slots, split: ending }, and(eq(apps.id, app.id), eq(apps.epoch, app.epoch)));
      if (changed.length === 0) throw fenced();
      await ctx.audit("traffic.ended", app, { release: split.release, kind: split.kind, by }, rows);
    });
    app.slots = slots;
    app.split = ending;
  }
  await servedAnew(worker, app.id, signal);
}

/** @throws DeployError `route_failed` when the edge does not take the file that the database asks for */
export async function servedAnew(worker: WorkerContext, appId: string, signal: AbortSignal): Promise<void> {
  const generation = await renderEdge(worker, appId);
  if (generation && !(await untilServed(worker, appId, generation, ROUTE_TIMEOUT_MS, signal)))
    throw new DeployError("route_failed", { what: "The edge did not take the new shares.", why: "It may be stopped or overloaded." }, { kind: "temporary" });
}
