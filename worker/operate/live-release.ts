import { eq } from "drizzle-orm";
import { releases } from "../../db/schema";
import type { WorkerContext } from "../context";
import { type AppPlace, actingFor } from "../data";
import { openConfig, type ReleaseConfig } from "../deploy/release-config";
import { type ReleaseFacts, serviceOf, slotSpecOf } from "../deploy/slot-spec";
import type { SlotSpec } from "../ports";

/** What the active slot runs, read from the release's own snapshot; null before the first release. */
export async function liveSlotSpec(
  worker: WorkerContext,
  place: AppPlace,
  replicas: number,
): Promise<{ spec: SlotSpec; config: ReleaseConfig; release: ReleaseFacts } | null> {
  const { app } = place;
  if (app.releaseId === null || app.activeSlot === null) return null;
  const ctx = actingFor(worker.services, place);
  const row = await ctx.team.first(releases, eq(releases.id, app.releaseId));
  if (!row) return null;
  const config = openConfig(ctx, app.id, row.config);
  const release = { id: row.id, number: row.number, deploymentId: row.deploymentId, image: row.imageDigest ?? row.imageId, commitSha: row.commitSha };
  return {
    spec: slotSpecOf(worker, place, app.activeSlot, release, config, app.slots[app.activeSlot].port, replicas, app.epoch),
    config,
    release,
  };
}

export const bothServices = ({ app }: AppPlace): string[] => [serviceOf(app, "a"), serviceOf(app, "b")];
