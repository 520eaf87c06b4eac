import { desc, eq, sql } from "drizzle-orm";
import { apps, releases } from "../../../db/schema";
import type { Slot } from "../../../server/apps/schema";
import { scheduleOf, scheduleWords } from "../../../server/deployments/strategy";
import type { TrafficSplit } from "../../../server/traffic/schema";
import { renderEdge, setSlots, untilServed } from "../../edge-file";
import { DeployError } from "../../errors";
import type { SlotState } from "../../ports";
import { drainSlot, endBakes } from "../bake";
import { carryImage } from "../carry-image";
import { deliverFiles } from "../deliver-files";
import { fenced, writeFenced } from "../lease";
import { leaveSplit } from "../leave-split";
import { runReleaseCommand } from "../release-command";
import { openConfig, sealConfig } from "../release-config";
import { goesBack, isRebuild, type Results, type Run } from "../run";
import { imageHere, portOf } from "../slot-port";
import { environmentOf, labelsOf, otherSlot, type ReleaseFacts, serviceOf, slotSpecOf } from "../slot-spec";

const RUNNING_TIMEOUT_MS = 120_000;
const STOP_TIMEOUT_MS = 15_000;
type ReleaseRow = typeof releases.$inferSelect;

/** Puts the release into the idle slot and waits until its tasks run. The slot that serves is left alone. */
export async function release(run: Run, signal: AbortSignal): Promise<NonNullable<Results["release"]>> {
  const { worker, place, deployment, config } = run;
  const { slots } = worker.ports;
  const row = await carryImage(worker, run.ctx, await releaseRow(run), signal);
  const image = row.imageDigest ?? row.imageId;
  const port = await portOf(worker, config, row, signal);
  const slot = place.app.activeSlot === null ? "a" : otherSlot(place.app.activeSlot);
  const name = serviceOf(place.app, slot);
  const [written, present] = await Promise.all([
    writeFenced(worker.services.db, deployment, { releaseId: row.id, release: row.number, image, slot }),
    slots.state(name),
    run.networkReady(),
  ]);
  run.deployment = written;

  const trial = await endOtherTrial(run, row.id, signal);

  const facts = { id: row.id, number: row.number, deploymentId: row.deploymentId, image, commitSha: row.commitSha };
  if (config.releaseCommand && isRebuild(run)) {
    await imageHere(worker, row, signal);
    await runReleaseCommand(
      run,
      {
        image,
        command: config.releaseCommand,
        network: place.environment.network,
        env: environmentOf(place, facts, config, port),
        labels: labelsOf(worker.env.DOKPLOY_HOME_ID, place),
      },
      signal,
    );
  }

  const schedule = scheduleOf(config.strategy, config.replicas, config.canary);
  const [first] = schedule;
  const before = place.app.activeSlot === null ? null : { slot: place.app.activeSlot, releaseId: place.app.releaseId };
  if (before) run.say(trial ? `Release ${row.number} is on trial; it gets all of the traffic.` : scheduleWords(config.strategy, schedule));
  const gapSince = before && config.strategy === "recreate" ? await endOldRelease(run, before.slot, signal) : null;
  const replicas = place.app.activeSlot === null || trial ? config.replicas : (first?.newReplicas ?? config.replicas);
  await fillSlot(run, { slot, present, facts, port, replicas }, signal);

  const weights = { ...place.app.slots, [slot]: { port, weight: trial ? place.app.slots[slot].weight : 0 } };
  place.app.split = trial;
  if (!(await setSlots(worker, place.app.id, deployment.epoch, weights, place.app.split))) throw fenced();
  place.app.slots = weights;
  const edge = renderEdge(worker, place.app.id);
  await Promise.all([edge, slots.untilRunning({ name, replicas, timeoutMs: RUNNING_TIMEOUT_MS, signal })]);
  run.detail({ slot, release: row.number, replicas, port });
  return { slot, releaseId: row.id, number: row.number, port, replicas, before, gapSince };
}

/** The release that is on trial keeps its share until `route` gives it everything; another one's trial ends here, since its slot is needed. */
async function endOtherTrial({ worker, place, deployment, say }: Run, releaseId: string, signal: AbortSignal): Promise<TrafficSplit | null> {
  const { split } = place.app;
  if (split === null || (split.phase === "running" && split.releaseId === releaseId)) return split;
  await leaveSplit(worker, place, { actor: deployment.actor, by: `deployment #${deployment.number}` }, signal);
  say(`The trial of release ${split.release} has ended: this deployment needs its slot.`);
  return null;
}

type Filling = { slot: Slot; present: SlotState | null; facts: ReleaseFacts; port: number; replicas: number };

/** The slot runs the release: it does already, or what it held before is drained and replaced. */
async function fillSlot(run: Run, { slot, present, facts, port, replicas }: Filling, signal: AbortSignal): Promise<void> {
  const { worker, place, deployment, config } = run;
  const { image, number } = facts;
  const isStillThere = present !== null && present.labels["dokploy.release"] === String(number) && present.running >= replicas && present.image === image;
  if (isStillThere) {
    run.say(`Slot ${slot} still runs release ${number}: nothing to start.`);
    await endBakes(worker, place.app.id);
  } else {
    if (present !== null && present.running > 0) await drainSlot(worker, place, slot, config.drainS, signal);
    await endBakes(worker, place.app.id);
    run.say(
      `Release ${number} goes into slot ${slot}: ${replicas} ${replicas === 1 ? "replica" : "replicas"} of ${image.replace(/(sha256:[0-9a-f]{12})[0-9a-f]+/, "$1")}, port ${port}`,
    );
    await deliverFiles(worker, run.ctx, place.app.id, config);
    await worker.ports.slots.ensure(slotSpecOf(worker, place, slot, facts, config, port, replicas, deployment.epoch), signal);
  }
}

/**
 * For `recreate`: the edge says that a release is being replaced, what is in flight ends, then the old tasks do.
 * @returns since when nothing answers, in ms since the epoch
 */
async function endOldRelease(run: Run, old: Slot, signal: AbortSignal): Promise<number> {
  const { worker, place, deployment, config } = run;
  const name = serviceOf(place.app, old);
  const gapSince = Date.now();
  const weights = { a: { ...place.app.slots.a, weight: 0 }, b: { ...place.app.slots.b, weight: 0 } };
  if (!(await setSlots(worker, place.app.id, deployment.epoch, weights))) throw fenced();
  place.app.slots = weights;
  const generation = await renderEdge(worker, place.app.id);
  if (generation) await untilServed(worker, place.app.id, generation, STOP_TIMEOUT_MS, signal);
  await drainSlot(worker, place, old, config.drainS, signal);
  await worker.ports.slots.scale(name, 0, deployment.epoch);
  await worker.ports.slots.untilStopped({ name, timeoutMs: STOP_TIMEOUT_MS + config.stopGraceS * 1000, signal });
  run.say(`Slot ${old} has ended; nothing answers until the new release does.`);
  return gapSince;
}

/** The release of this deployment: of an earlier one for a rollback, the present image with new configuration for `config`, else what was built. */
async function releaseRow(run: Run): Promise<ReleaseRow> {
  const { ctx, deployment, place } = run;
  if (goesBack(run)) {
    const row = deployment.releaseId ? await ctx.team.first(releases, eq(releases.id, deployment.releaseId)) : null;
    if (!row || row.prunedAt !== null)
      throw new DeployError("image_not_found", { what: "The release to go back to is no longer kept.", fix: "Deploy its commit again." });
    run.config = { ...openConfig(ctx, place.app.id, row.config), replicas: place.app.replicas };
    return row;
  }
  const existing = await ctx.team.first(releases, eq(releases.deploymentId, deployment.id));
  if (existing) return existing;

  const image = await imageOf(run);
  return ctx.team.transaction(async (rows) => {
    const [counted] = await rows.update(apps, { releaseCount: sql`${apps.releaseCount} + 1` }, eq(apps.id, place.app.id));
    const row = await rows.insert(releases, {
      appId: place.app.id,
      number: counted?.releaseCount ?? 1,
      deploymentId: deployment.id,
      ...image,
      config: sealConfig(ctx, place.app.id, run.config),
      createdAt: ctx.now(),
    });
    if (!row) throw new DeployError("internal", { what: "The release could not be numbered." }, { kind: "ours" });
    return row;
  });
}

async function imageOf(run: Run): Promise<Pick<ReleaseRow, "imageId" | "imageDigest" | "imageBytes" | "commitSha">> {
  const { fetch, build } = run.results;
  const commitSha = run.deployment.commitSha;
  if (build) return { imageId: build.imageId, imageDigest: run.results["push-image"]?.digest ?? null, imageBytes: build.sizeBytes, commitSha };
  if (fetch && "imageId" in fetch) {
    const image = await run.worker.ports.images.inspect(fetch.imageId);
    return { imageId: fetch.imageId, imageDigest: fetch.digest, imageBytes: image?.sizeBytes ?? 0, commitSha: null };
  }
  const wanted = run.deployment.releaseId ?? run.place.app.releaseId;
  const live = wanted
    ? await run.ctx.team.first(releases, eq(releases.id, wanted))
    : (await run.ctx.team.list(releases, { where: eq(releases.appId, run.place.app.id), orderBy: desc(releases.number), limit: 1 }))[0];
  if (!live) throw new DeployError("image_not_found", { what: "There is no release whose configuration could change.", fix: "Deploy the application first." });
  return { imageId: live.imageId, imageDigest: live.imageDigest, imageBytes: live.imageBytes, commitSha: live.commitSha };
}
