import { eq } from "drizzle-orm";
import { apps, releases, spans } from "../../db/schema";
import type { Micros } from "../../db/schema/columns";
import type { TeamContext } from "../../server/context";
import { isDatabaseAway } from "../../server/database-away";
import type { DeploymentRow } from "../../server/deployments/view";
import { deploymentLog } from "../../server/logs/codec";
import { pause } from "../../server/pause";
import { classOf, type WorkerStep } from "../../server/streams/definitions";
import { type NewSpan, recordSpans } from "../../server/streams/record";
import type { WorkerContext } from "../context";
import { type AppPlace, actingFor, readAppPlace } from "../data";
import { ensureNetwork } from "../environment-network";
import { DeployError } from "../errors";
import { imagesTravel } from "./carry-image";
import { fail, markLive, pruneReleases, restoreOldSlot, succeed } from "./finish";
import { fenced, keepLease, writeFenced } from "./lease";
import { openLogWriter } from "./log-writer";
import { deployPipeline } from "./pipeline";
import { changedKeys, configChanges, openConfig, type ReleaseConfig, sealConfig, secretValues, snapshotConfig } from "./release-config";
import { removeUnreleased } from "./remove-image";
import { goesBack, type Results, type Run, type Step } from "./run";
import { clearPredecessor, forgetLostSlot } from "./take-over";
import { removeWorkTree } from "./work-tree";

/** Long enough for the engine to come back. A Git host that is away holds a build slot meanwhile, so it gets less. */
const RETRY_MS = [500, 2_000, 5_000, 10_000, 10_000];
const RETRY_FETCH_MS = [500, 2_000, 5_000];
/** What a build slot is for; the steps after these wait for the application, not for the machine. */
const HOLDS_BUILD_SLOT = new Set<string>(["fetch", "plan", "build"]);
/** `cancel`: somebody wants it to end. `lost`: it is another worker's now. */
export type Stops = { cancel: AbortController; lost: AbortController };
type StoredResults = Results & { config?: string };

/**
 * Runs a claimed deployment to its end, from the first step without a result. Each step's span is written on success and on
 * failure, in the transaction that stores its result, so that the ledger and the state never disagree.
 * `onBuilt` is called when nothing is left to build.
 */
export async function runDeployment(worker: WorkerContext, claimed: DeploymentRow, { cancel, lost }: Stops, onBuilt: () => void): Promise<void> {
  const lease = keepLease(worker.services, claimed, {
    cancelRequested: () => cancel.abort(new DeployError("cancelled", { what: "Cancelled." })),
    lost: () => lost.abort(fenced()),
  });
  const signal = AbortSignal.any([cancel.signal, lost.signal]);
  let run: Run | null = null;
  try {
    run = await openRun(worker, claimed);
    if (claimed.cancelRequestedAt !== null) cancel.abort(new DeployError("cancelled", { what: "Cancelled." }));
    await runSteps(run, signal, lost.signal, onBuilt);
  } catch (error) {
    if (error instanceof DeployError && error.code === "fenced")
      worker.services.log.warn({ deployment: claimed.id }, "the lease is lost; whoever has it goes on");
    else if (isDatabaseAway(error))
      worker.services.log.warn({ err: error, deployment: claimed.id }, "the database is away; the deployment is taken over when it is back");
    else throw error;
  } finally {
    // what still runs for this attempt must end before another attempt begins
    if (!lost.signal.aborted) lost.abort(fenced());
    lease.stop();
    await run?.log.close();
    if (run) await removeWorkTree(run);
  }
}

async function openRun(worker: WorkerContext, claimed: DeploymentRow): Promise<Run> {
  const place = await readAppPlace(worker.services, claimed.appId);
  if (!place) throw new Error(`Deployment ${claimed.id} belongs to no application.`);
  const ctx = actingFor(worker.services, place);
  const log = await openLogWriter(worker.services, claimed.teamId, deploymentLog(claimed.id));
  const { config: sealed, ...results } = claimed.results as StoredResults;
  const config = sealed ? openConfig(ctx, place.app.id, sealed) : await configOf(ctx, place, claimed);
  log.mask(secretValues(config));
  const networkReady = networkFor(worker, place);
  const travels = imagesTravel(worker) || results.build?.node !== undefined;
  const run: Run = { worker, ctx, place, deployment: claimed, config, results, log, travels, networkReady, say: () => {}, child: () => {}, detail: () => {} };

  const isTakeover = sealed !== undefined || claimed.step !== null;
  await recordStart(run, isTakeover);
  if (claimed.attempt > 1) {
    await clearPredecessor(run);
    await forgetLostSlot(run).catch((error: unknown) => worker.services.log.warn({ err: error, deployment: claimed.id }, "the slot was not looked at"));
  }
  if (!sealed) {
    const live = place.app.releaseId ? await ctx.team.first(releases, eq(releases.id, place.app.releaseId)) : null;
    const changes = configChanges(live ? openConfig(ctx, place.app.id, live.config) : null, config);
    run.deployment = await writeFenced(worker.services.db, claimed, {
      results: { ...results, config: sealConfig(ctx, place.app.id, config) },
      changedKeys: goesBack({ deployment: claimed }) ? [] : changedKeys(changes),
      configChanges: changes,
    });
  }
  return run;
}

/** A rollback, and a release that is promoted, runs with the configuration of the release that it goes back to, and its secrets are the ones to mask. */
async function configOf(ctx: TeamContext, place: AppPlace, deployment: DeploymentRow): Promise<ReleaseConfig> {
  const { releaseId } = deployment;
  const target = goesBack({ deployment }) && releaseId ? await ctx.team.first(releases, eq(releases.id, releaseId)) : null;
  return target ? { ...openConfig(ctx, place.app.id, target.config), replicas: place.app.replicas } : snapshotConfig(ctx, place);
}

/** Needed by `release` only; a failure is thrown there, and each try of that step asks anew. */
function networkFor(worker: WorkerContext, place: AppPlace): () => Promise<void> {
  const begun = ensureNetwork(worker, place);
  begun.catch((error: unknown) => worker.services.log.warn({ err: error, network: place.environment.network }, "the environment's network is not ready"));
  return () => begun.catch(() => ensureNetwork(worker, place));
}

/** The end of `queue`, or of the attempt that was lost. */
async function recordStart(run: Run, isTakeover: boolean): Promise<void> {
  const { deployment, ctx, worker } = run;
  const now = ctx.now();
  if (!isTakeover) {
    const startedAt = deployment.startedAt ?? now;
    await ctx.team.transaction((rows) =>
      recordSpans(rows, deployment, now, [
        { step: "queue", startedAt: deployment.acceptedAt, finishedAt: startedAt, outcome: "ok", detail: { worker: worker.workerId } },
      ]),
    );
    return;
  }
  const step = deployment.step ?? "fetch";
  const startedAt = deployment.stepStartedAt ?? deployment.startedAt ?? now;
  await ctx.team.transaction((rows) =>
    recordSpans(rows, deployment, now, [
      { step, class: "wait", startedAt, finishedAt: now, outcome: "interrupted", attempt: deployment.attempt - 1, detail: { takenOverBy: worker.workerId } },
    ]),
  );
  run.deployment = await writeFenced(worker.services.db, deployment, { stepStartedAt: now });
  run.log.write({ at: now, step, text: `The worker was lost in ${step}; attempt ${deployment.attempt} goes on from there.` });
}

async function runSteps(run: Run, signal: AbortSignal, lost: AbortSignal, onBuilt: () => void): Promise<void> {
  const steps = deployPipeline.filter((step) => !(step.step in run.results) && !step.skipWhen?.(run));
  let boundary: Micros = run.deployment.stepStartedAt ?? run.deployment.startedAt ?? run.ctx.now();
  let wasLive = run.deployment.liveAt !== null;
  for (const [index, step] of steps.entries()) {
    if (!HOLDS_BUILD_SLOT.has(step.step)) onBuilt();
    try {
      boundary = await runStep(run, step, boundary, step.pointOfNoReturn && wasLive ? lost : signal, steps[index + 1]?.step ?? null);
      if (step.step === "route") wasLive = true;
    } catch (error) {
      if (isLost(error)) throw error;
      await endFailed(run, step.step, error, wasLive);
      return;
    }
  }
  await succeed(run, boundary);
  announce(run);
  await pruneReleases(run);
}

/** Nothing may be concluded from such an error: somebody else concludes, or this worker once it can. */
const isLost = (error: unknown) => (error instanceof DeployError && error.code === "fenced") || isDatabaseAway(error);

async function endFailed(run: Run, step: string, error: unknown, wasLive: boolean): Promise<void> {
  const finishedAt = run.ctx.now();
  // A worker that slept sees its gates' time pass at once: only who still holds the lease may empty a slot.
  run.deployment = await writeFenced(run.worker.services.db, run.deployment, { logLines: run.log.lines() });
  try {
    await restoreOldSlot(run);
  } catch (restoring) {
    if (isLost(restoring)) throw restoring;
    run.worker.services.log.error({ err: restoring, deployment: run.deployment.id }, "the failed release's slot could not be emptied; reconciliation will");
  }
  await fail(run, step, error, finishedAt, wasLive);
  announce(run);
  await removeUnreleased(run).catch((left: unknown) => run.worker.services.log.warn({ err: left }, "an image that nobody needs stays until the next sweep"));
}

/**
 * Runs one step; a temporary failure is tried again with backoff, each try a span of its own.
 * @returns the instant at which it ended, which is where the next one begins
 */
async function runStep(run: Run, step: Step, startedAt: Micros, signal: AbortSignal, next: WorkerStep | null): Promise<Micros> {
  run.deployment =
    run.deployment.step === step.step
      ? run.deployment
      : await writeFenced(run.worker.services.db, run.deployment, { step: step.step, stepStartedAt: startedAt, logLines: run.log.lines() });
  announce(run);
  for (let retry = 0; ; retry++) {
    const record = prepare(run, step.step);
    try {
      signal.throwIfAborted();
      const result = await step.run(run, signal);
      const finishedAt = run.ctx.now();
      await store(run, step, result, record.spans({ startedAt, finishedAt, outcome: "ok" }), next, finishedAt);
      return finishedAt;
    } catch (thrown) {
      const error = signal.aborted ? signal.reason : thrown;
      if (isLost(error)) throw error;
      const finishedAt = run.ctx.now();
      const isCancelled = error instanceof DeployError && error.code === "cancelled";
      await run.ctx.team.transaction((rows) =>
        recordSpans(rows, run.deployment, finishedAt, record.spans({ startedAt, finishedAt, outcome: isCancelled ? "cancelled" : "failed" })),
      );
      const waitMs = (step.step === "fetch" ? RETRY_FETCH_MS : RETRY_MS)[retry];
      if (!(error instanceof DeployError) || error.kind !== "temporary" || waitMs === undefined) throw error;
      run.log.write({ at: finishedAt, step: step.step, text: `${error.explanation.what} Trying again in ${waitMs / 1000} s.`, isError: true });
      await pause(waitMs, signal);
      startedAt = finishedAt;
      run.deployment = await writeFenced(run.worker.services.db, run.deployment, { stepStartedAt: finishedAt, attempt: run.deployment.attempt + 1 });
    }
  }
}

/** Connects the run's `say`, `child` and `detail` to one try of one step. */
function prepare(run: Run, step: WorkerStep) {
  const id = crypto.randomUUID();
  const children: Omit<NewSpan, "parent">[] = [];
  const facts: Record<string, unknown> = {};
  const { attempt } = run.deployment;
  run.say = (text) => run.log.write({ at: run.ctx.now(), step, text });
  run.child = (span) => children.push(span);
  run.detail = (more) => Object.assign(facts, more);
  return {
    spans: (ended: Pick<NewSpan, "startedAt" | "finishedAt" | "outcome">): NewSpan[] => [
      {
        id,
        step,
        class: classOf(step),
        ...ended,
        attempt,
        rework: attempt > 1,
        cached: children.length > 0 && children.every((child) => child.cached),
        detail: facts,
      },
      ...children.map((child) => ({ ...child, attempt, parent: id })),
    ],
  };
}

/** The result, the span and the next step's beginning, at once. */
async function store(run: Run, step: Step, result: object, list: NewSpan[], next: WorkerStep | null, finishedAt: Micros): Promise<void> {
  const { worker, deployment } = run;
  run.results = { ...run.results, [step.step]: result };
  run.deployment = await worker.services.db.transaction(async (tx) => {
    // The application's row is locked before the deployment's, as everywhere.
    if (step.step === "route") await tx.select({ id: apps.id }).from(apps).where(eq(apps.id, deployment.appId)).for("update");
    const row = await writeFenced(tx, deployment, {
      results: { ...(run.deployment.results as StoredResults), ...run.results },
      logLines: run.log.lines(),
      ...(next ? { step: next, stepStartedAt: finishedAt } : {}),
      ...(step.step === "route" ? { liveAt: finishedAt } : {}),
    });
    if (step.step === "route") await markLive(run, tx, finishedAt);
    await tx
      .insert(spans)
      .values(
        list.map((span) => ({
          ...span,
          teamId: row.teamId,
          stream: "deployment",
          subject: row.id,
          projectId: row.projectId,
          environmentId: row.environmentId,
          appId: row.appId,
          class: span.class ?? classOf(span.step),
          finishedAt: Math.max(span.startedAt, span.finishedAt),
          recordedAt: finishedAt,
        })),
      )
      .onConflictDoNothing();
    return row;
  });
}

function announce(run: Run): void {
  const { id, appId, teamId, status, step } = run.deployment;
  run.worker.services.events.publish(teamId, { type: "deployment", deployment: id, app: appId, status, step });
}

/** For deployments whose application vanished between claim and start. @throws DeployError `fenced` */
export async function failClaimed(worker: WorkerContext, claimed: DeploymentRow, error: unknown): Promise<void> {
  const why = error instanceof Error ? error.message : String(error);
  const reason = { code: "internal", what: "The deployment could not be started.", why, fix: "Deploy again." };
  await writeFenced(worker.services.db, claimed, {
    status: "failed",
    outcome: "deploy_failed",
    reason,
    finishedAt: worker.services.clock(),
    leaseUntil: null,
    step: null,
  });
}
