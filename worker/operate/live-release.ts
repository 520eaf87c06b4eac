import { and, eq } from "drizzle-orm";
import { releases } from "../../db/schema";
import type { Slot } from "../../server/apps/schema";
import type { WorkerContext } from "../context";
import { type AppPlace, actingFor } from "../data";
import { deliverFiles } from "../deploy/deliver-files";
import { openConfig, type ReleaseConfig } from "../deploy/release-config";
import { type ReleaseFacts, serviceOf, slotSpecOf } from "../deploy/slot-spec";
import type { SlotSpec } from "../ports";

export type SlotContent = { spec: SlotSpec; config: ReleaseConfig; release: ReleaseFacts };

/** What the active slot runs, read from the release's own snapshot; null before the first release. */
export async function liveSlotSpec(worker: WorkerContext, place: AppPlace, replicas: number): Promise<SlotContent | null> {
  const { releaseId, activeSlot, slots } = place.app;
  if (releaseId === null || activeSlot === null) return null;
  return slotContent(worker, place, { releaseId, slot: activeSlot, port: slots[activeSlot].port, replicas });
}

/** What a slot runs for a release; null when there is no such release of the application. */
export async function slotContent(
  worker: WorkerContext,
  place: AppPlace,
  { releaseId, slot, port, replicas }: { releaseId: string; slot: Slot; port: number; replicas: number },
): Promise<SlotContent | null> {
  const { app } = place;
  const ctx = actingFor(worker.services, place);
  const row = await ctx.team.first(releases, and(eq(releases.id, releaseId), eq(releases.appId, app.id)));
  if (!row) return null;
  const config = openConfig(ctx, app.id, row.config);
  const release = { id: row.id, number: row.number, deploymentId: row.deploymentId, image: row.imageDigest ?? row.imageId, commitSha: row.commitSha };
  return { spec: slotSpecOf(worker, place, slot, release, config, port, replicas, app.epoch), config, release };
}

/** The slot runs that content: its files are there before it. */
export async function ensureSlot(
  worker: WorkerContext,
  place: AppPlace,
  { spec, config }: Pick<SlotContent, "spec" | "config">,
  signal?: AbortSignal,
): Promise<void> {
  await deliverFiles(worker, actingFor(worker.services, place), place.app.id, config);
  await worker.ports.slots.ensure(spec, signal);
}

export const bothServices = ({ app }: AppPlace): string[] => [serviceOf(app, "a"), serviceOf(app, "b")];
