import { and, desc, eq, isNotNull, isNull, or, sql } from "drizzle-orm";
import { deployments, webhookDeliveries } from "../../db/schema";
import { acceptDeployment, trackedRef } from "../../server/deployments/service";
import { PATH_FILTER } from "../../server/webhooks/answer";
import type { WorkerContext } from "../context";
import { type AppPlace, actingFor, readAppPlaces } from "../data";
import { repositoryOf } from "../deploy/source-access";

/**
 * Finds pushes whose webhook was lost while we were down: each tracked branch's head is compared with the newest commit that
 * was deployed from it. One `ls-remote` for each application; nothing is fetched.
 */
export async function compareHeads(worker: WorkerContext): Promise<void> {
  for (const place of await readAppPlaces(worker.services)) {
    if (place.app.gitUrl === null || !place.app.autoDeploy || place.app.releaseId === null || place.app.desired === "stopped") continue;
    try {
      await compareHead(worker, place);
    } catch (error) {
      worker.services.log.warn({ err: error, app: place.app.id }, "branch head not compared");
    }
  }
}

async function compareHead(worker: WorkerContext, place: AppPlace): Promise<void> {
  const ctx = actingFor(worker.services, place, "compare-heads");
  const ref = trackedRef(place.app);
  if (ref?.kind !== "branch") return;
  const [newest] = await ctx.team.list(deployments, {
    where: and(eq(deployments.appId, place.app.id), isNotNull(deployments.commitSha)),
    orderBy: desc(deployments.createdAt),
    limit: 1,
  });
  // One that waits, or runs and has not fetched yet, brings the head itself.
  const willFetch = or(eq(deployments.status, "queued"), and(eq(deployments.status, "running"), isNull(deployments.commitSha)));
  const open = await ctx.team.list(deployments, { where: and(eq(deployments.appId, place.app.id), willFetch), limit: 1 });
  if (!newest || open.length > 0) return;
  const head = (await worker.ports.source.heads(await repositoryOf(ctx, place.app))).get(ref.name);
  if (head === undefined || head === newest.commitSha) return;
  if (await wasFiltered(ctx, place.app.id, head)) return;
  worker.services.log.info({ app: place.app.id, head }, "a push was missed");
  await acceptDeployment(ctx, place.app.id, { kind: "code", trigger: "compare-heads", ref, receivedAt: ctx.now() });
}

/** Pushes of the last while that were ignored since they changed nothing of the application's. */
const LOOKED_AT = 20;
async function wasFiltered(ctx: ReturnType<typeof actingFor>, appId: string, head: string): Promise<boolean> {
  const ignored = and(eq(webhookDeliveries.appId, appId), sql`${webhookDeliveries.answer} ->> 'ignored' = ${PATH_FILTER}`);
  const found = await ctx.team.list(webhookDeliveries, { where: ignored, orderBy: desc(webhookDeliveries.receivedAt), limit: LOOKED_AT });
  return found.some((delivery) => delivery.body?.includes(head) === true);
}
