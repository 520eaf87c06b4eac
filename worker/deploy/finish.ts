import { and, desc, eq, isNull, lt, ne } from "drizzle-orm";
import { apps, deployments, releases } from "../../db/schema";
import type { DeploymentOutcome, DeploymentStatus } from "../../server/deployments/schema";
import { renderEdge, setSlots, untilServed } from "../edge-file";
import { DeployError } from "../errors";
import { dropUnusedConfigs, forgetFiles } from "./deliver-files";
import { fenced, writeFenced } from "./lease";
import { removeImage } from "./remove-image";
import type { Run } from "./run";
import { serviceOf } from "./slot-spec";

const OUTCOME_OF_STEP: Record<string, DeploymentOutcome> = {
  fetch: "build_failed",
  plan: "build_failed",
  build: "build_failed",
  "push-image": "build_failed",
  health: "unhealthy",
};

/** In the transaction that ends `route`: what is live now is this release. */
export async function markLive(run: Run, tx: Parameters<Parameters<Run["worker"]["services"]["db"]["transaction"]>[0]>[0], liveAt: number): Promise<void> {
  const { release } = run.results;
  if (!release) return;
  await tx.update(apps).set({ activeSlot: release.slot, releaseId: release.releaseId, runningReplicas: release.replicas }).where(eq(apps.id, run.place.app.id));
  await tx.update(releases).set({ liveAt }).where(eq(releases.id, release.releaseId));
  const { remediates, kind } = run.deployment;
  if (kind === "rollback" && remediates) {
    await tx
      .update(deployments)
      .set({ failed: true, failedReason: `Rolled back by deployment #${run.deployment.number}`, failedMethod: "measured" })
      .where(and(eq(deployments.id, remediates), eq(deployments.failed, false)));
  }
}

/** The new release has the traffic and is verified. The old slot stays at full strength until the bake has passed. */
export async function succeed(run: Run, finishedAt: number): Promise<void> {
  const before = run.results.release?.before;
  const hasOldSlot = before === undefined ? run.place.app.activeSlot !== null : before !== null;
  const bakes = hasOldSlot && (run.config.strategy === "blue-green" || run.config.strategy === "canary");
  const isWatched = hasOldSlot && (run.deployment.kind === "code" || run.deployment.kind === "config") && run.config.bakeS > 0;
  run.say(bakes ? `Done. The old release is kept running for ${run.config.bakeS} s.` : "Done.");
  await run.log.flush();
  run.deployment = await writeFenced(run.worker.services.db, run.deployment, {
    status: "succeeded",
    outcome: "succeeded",
    finishedAt,
    step: null,
    stepStartedAt: null,
    leaseUntil: null,
    logLines: run.log.lines(),
    watchUntil: isWatched ? finishedAt + run.config.bakeS * 1_000_000 : null,
    bakeUntil: hasOldSlot ? finishedAt + (bakes ? run.config.bakeS * 1_000_000 : 0) : null,
  });
  run.worker.exporter?.ended(run.deployment);
}

/** Ends a deployment that did not go live, or went live and had to be taken back. The old release serves. */
export async function fail(run: Run, step: string, error: unknown, finishedAt: number, wasLive: boolean): Promise<void> {
  const isCancelled = error instanceof DeployError && error.code === "cancelled";
  const known =
    error instanceof DeployError
      ? error
      : new DeployError(
          "internal",
          {
            what: "Something went wrong on our side.",
            why: error instanceof Error ? error.message.slice(0, 300) : String(error),
            fix: "Deploy again; the worker's log says more.",
          },
          { kind: "ours", cause: error },
        );
  if (known.kind === "ours") run.worker.services.log.error({ err: error, deployment: run.deployment.id, step }, "deployment failed");
  for (const line of known.lastLines) run.log.write({ at: finishedAt, step, text: `  ${line}`, isError: true });
  const { what, why, fix } = known.explanation;
  run.log.write({ at: finishedAt, step, text: [what, why, fix].filter(Boolean).join(" — "), isError: !isCancelled });
  await run.log.flush();

  const status: DeploymentStatus = isCancelled ? "cancelled" : "failed";
  run.deployment = await writeFenced(run.worker.services.db, run.deployment, {
    status,
    outcome: isCancelled ? "cancelled" : known.code === "timed_out" ? "timed_out" : (OUTCOME_OF_STEP[step] ?? "deploy_failed"),
    reason: {
      code: known.code,
      what,
      ...(why ? { why } : {}),
      ...(fix ? { fix } : {}),
      step,
      ...(known.lastLines.length > 0 ? { lastLines: known.lastLines.slice(-40) } : {}),
    },
    ...(wasLive ? { failed: true, failedReason: what, failedMethod: "measured" } : {}),
    finishedAt,
    step: null,
    stepStartedAt: null,
    leaseUntil: null,
    logLines: run.log.lines(),
  });
  if (status === "failed") run.worker.announcer.failed(run.deployment);
  run.worker.exporter?.ended(run.deployment);
}

const RESTART_TIMEOUT_MS = 60_000;

/** The slot that this deployment filled is emptied; traffic that had moved goes back to the slot that served before. */
export async function restoreOldSlot(run: Run): Promise<void> {
  const { release } = run.results;
  const slot = release?.slot ?? run.deployment.slot;
  if (!slot) return;
  const { worker, place, config, deployment } = run;
  const { app } = place;
  const before = release?.before === undefined ? (app.activeSlot === null ? null : { slot: app.activeSlot, releaseId: app.releaseId }) : release.before;
  if (before?.slot === slot) return;
  const fresh = serviceOf(app, slot);
  if (before && config.strategy === "recreate") {
    // one task at a time: the new one ends before the old one starts again
    await worker.ports.slots.remove(fresh, deployment.epoch);
    await worker.ports.slots.untilStopped({ name: fresh, timeoutMs: RESTART_TIMEOUT_MS, signal: AbortSignal.timeout(RESTART_TIMEOUT_MS) });
  }
  if (before && config.strategy !== "blue-green" && config.strategy !== "canary") {
    const name = serviceOf(app, before.slot);
    await worker.ports.slots.scale(name, app.replicas, deployment.epoch);
    await worker.ports.slots.untilRunning({ name, replicas: 1, timeoutMs: RESTART_TIMEOUT_MS, signal: AbortSignal.timeout(RESTART_TIMEOUT_MS) });
  }
  const weights = { ...app.slots, [slot]: { ...app.slots[slot], weight: 0 } };
  if (before) weights[before.slot] = { ...app.slots[before.slot], weight: 100 };
  if (!(await setSlots(worker, app.id, deployment.epoch, weights))) throw fenced();
  // a release that was on trial and could not be promoted is gone from its slot too
  if (app.split) await run.ctx.audit("traffic.ended", app, { release: app.split.release, kind: app.split.kind, by: `deployment #${deployment.number}` });
  await worker.services.db
    .update(apps)
    .set({ activeSlot: before?.slot ?? null, releaseId: before?.releaseId ?? null })
    .where(and(eq(apps.id, app.id), eq(apps.epoch, deployment.epoch)));
  const generation = await renderEdge(worker, app.id);
  // the slot ends only when nobody is sent to it any more
  if (generation) await untilServed(worker, app.id, generation, RESTART_TIMEOUT_MS, AbortSignal.timeout(RESTART_TIMEOUT_MS));
  await worker.ports.slots.remove(fresh, deployment.epoch);
  await dropUnusedConfigs(worker, app.id);
}

/** Removes the images and files of releases beyond those retained, when no retained release uses them. */
export async function pruneReleases(run: Run): Promise<void> {
  await pruneImages(run);
  await forgetFiles(run.ctx, run.place.app.id);
}

async function pruneImages({ ctx, place, worker, results }: Run): Promise<void> {
  const kept = await ctx.team.list(releases, {
    where: and(eq(releases.appId, place.app.id), isNull(releases.prunedAt)),
    orderBy: desc(releases.number),
    limit: place.app.retainedReleases,
  });
  const oldest = kept.at(-1);
  if (!oldest || kept.length < place.app.retainedReleases) return;
  const live = results.release?.releaseId ?? "";
  const stale = await ctx.team.list(releases, {
    where: and(eq(releases.appId, place.app.id), isNull(releases.prunedAt), lt(releases.number, oldest.number), ne(releases.id, live)),
    limit: 20,
  });
  const keptImages = new Set(kept.map((row) => row.imageId));
  for (const row of stale) {
    if (!keptImages.has(row.imageId)) await removeImage(worker, ctx, place.app.id, row.imageId);
    await ctx.team.update(releases, { prunedAt: ctx.now() }, eq(releases.id, row.id));
  }
}
