import { and, asc, desc, eq, inArray, isNotNull, isNull, ne, sql } from "drizzle-orm";
import { apps, deployments, releases, spans } from "../../db/schema";
import type { Micros } from "../../db/schema/columns";
import { type AppRow, findApp } from "../apps/find";
import type { TeamContext } from "../context";
import type { TeamRows } from "../data/team-data";
import { AppError } from "../errors";
import { type NewSpan, recordSpans, spanRows } from "../streams/record";
import { type Deploy, type Deployment, type DeploymentKind, type DeploymentTrigger, isFinal, type RequestedRef } from "./schema";
import { MAX_QUEUED, validateDeployment } from "./validate";
import { type DeploymentRow, findDeployment, toView } from "./view";

export type DeploymentWish = {
  kind: DeploymentKind;
  trigger: DeploymentTrigger;
  ref: RequestedRef | null;
  noCache?: boolean;
  /** When the request reached us; the start of `validate`. */
  receivedAt: Micros;
  /** When the Git host was pushed to; the start of `webhook`. */
  pushedAt?: Micros | null;
  /** A retained release to go back to. */
  releaseId?: string;
  remediates?: string | null;
};

const ROLLBACK_PRIORITY = 10;

/** Accepts a wish to deploy: `validate`, then `queue`. @throws AppError as `validateDeployment` and `findApp` do */
export async function deploy(ctx: TeamContext, input: Deploy): Promise<Deployment> {
  const receivedAt = ctx.now();
  const { app } = await findApp(ctx, input.app);
  const ref = requestedRef(input);
  return acceptDeployment(ctx, app.id, { kind: "code", trigger: input.trigger, ref: ref ?? trackedRef(app), noCache: input.noCache, receivedAt });
}

export function trackedRef(app: AppRow): RequestedRef | null {
  if (app.gitUrl !== null) return { kind: "branch", name: app.gitBranch ?? "main" };
  return app.imageReference === null ? null : { kind: "image", name: app.imageReference };
}

function requestedRef(input: Deploy): RequestedRef | null {
  if (input.commit) return { kind: "sha", name: input.commit };
  if (input.branch) return { kind: "branch", name: input.branch };
  if (input.tag) return { kind: "tag", name: input.tag };
  return input.image ? { kind: "image", name: input.image } : null;
}

/**
 * One transaction: lock the application, validate, supersede what this one overtakes, insert, record `webhook` and `validate`.
 * A change of configuration joins a deployment that has not begun: it will read the configuration when it starts.
 */
export async function acceptDeployment(ctx: TeamContext, appId: string, wish: DeploymentWish): Promise<Deployment> {
  return toView(await findDeployment(ctx, await acceptWish(ctx, appId, wish)));
}

/** The same, answering the deployment's id alone. */
export async function acceptWish(ctx: TeamContext, appId: string, wish: DeploymentWish): Promise<string> {
  const accepted = await ctx.team.transaction(async (rows) => {
    const app = await rows.first(apps, and(eq(apps.id, appId), isNull(apps.deletedAt)));
    if (!app) throw noSuchApp();
    return acceptIn(ctx, rows, app, wish, await checkWish(ctx, rows, app, wish));
  });
  await announceAccepted(ctx, accepted);
  return accepted.row.id;
}

export type Accepted = { row: DeploymentRow; superseded: DeploymentRow[]; isNew: boolean };

/** The `validate` step. Answers what an accepted deployment needs of it: the application's address. @throws AppError as `validateDeployment` does */
export async function checkWish(ctx: TeamContext, rows: TeamRows, app: AppRow, wish: DeploymentWish): Promise<{ url: string | null }> {
  const builds = wish.kind === "code" || wish.kind === "redeploy";
  return { url: await validateDeployment(ctx, rows, app, { builds, hasRef: wish.ref !== null && wish.ref.kind !== "image" }) };
}

/**
 * Accepts within the caller's transaction; `announceAccepted` follows its commit. All pushes of one application pass here one after
 * another, so the statements under its lock go to PostgreSQL in two rounds. Locks are taken application first, then deployments: the
 * worker's claims keep the same order.
 */
export async function acceptIn(ctx: TeamContext, rows: TeamRows, found: AppRow, wish: DeploymentWish, { url }: { url: string | null }): Promise<Accepted> {
  const isThere = and(eq(apps.id, found.id), isNull(apps.deletedAt));
  const isWaiting = and(eq(deployments.appId, found.id), eq(deployments.status, "queued"));
  const [[app], queued] = await Promise.all([
    rows.update(apps, { deploymentCount: sql`${apps.deploymentCount} + 1` }, isThere),
    rows.list(deployments, { where: isWaiting, orderBy: asc(deployments.createdAt) }),
  ]);
  if (!app) throw noSuchApp();
  const joined = wish.kind === "config" ? queued.find((one) => one.kind === "config" || one.kind === "code") : undefined;
  if (joined) {
    await rows.update(apps, { deploymentCount: sql`${apps.deploymentCount} - 1` }, eq(apps.id, app.id));
    return { row: joined, superseded: [], isNew: false };
  }
  if (queued.length >= MAX_QUEUED)
    throw new AppError("too_many", { what: `${queued.length} deployments of ${app.name} are waiting.`, fix: "Wait for them, or cancel some." });

  const acceptedAt = ctx.now();
  const overtaken = queued.filter((one) => isOvertaken(one, wish));
  const subject = { id: crypto.randomUUID(), number: app.deploymentCount, projectId: app.projectId, environmentId: app.environmentId, appId: app.id };
  const [row] = await Promise.all([
    rows.insert(deployments, {
      ...subject,
      kind: wish.kind,
      trigger: wish.trigger,
      strategy: app.strategy,
      status: "queued",
      ref: wish.ref,
      noCache: wish.noCache ?? false,
      releaseId: wish.releaseId ?? null,
      remediates: wish.remediates ?? null,
      url,
      actor: ctx.actor,
      priority: wish.kind === "rollback" ? ROLLBACK_PRIORITY : 0,
      pushedAt: wish.pushedAt ?? null,
      createdAt: wish.receivedAt,
      acceptedAt,
    }),
    markSuperseded(rows, overtaken, subject.number, acceptedAt),
    rows.insertMany(spans, [
      ...overtaken.flatMap((one) => spanRows(one, acceptedAt, [overtakenSpan(one, subject.number, acceptedAt)])),
      ...spanRows(subject, acceptedAt, arrivalSpans(wish, acceptedAt)),
    ]),
    wish.kind === "rollback"
      ? rows.update(deployments, { cancelRequestedAt: acceptedAt }, and(eq(deployments.appId, app.id), eq(deployments.status, "running")))
      : [],
    ctx.audit("deployment.accepted", { id: subject.id }, { number: subject.number, kind: wish.kind }, rows),
  ]);
  if (!row) throw new AppError("conflict", { what: "The deployment could not be numbered.", fix: "Try again." });
  return { row, superseded: overtaken, isNew: true };
}

function arrivalSpans(wish: DeploymentWish, acceptedAt: Micros): NewSpan[] {
  const { pushedAt, receivedAt } = wish;
  const validate: NewSpan = { step: "validate", startedAt: receivedAt, finishedAt: acceptedAt, outcome: "ok" };
  if (pushedAt === undefined || pushedAt === null) return [validate];
  return [{ step: "webhook", startedAt: Math.min(pushedAt, receivedAt), finishedAt: receivedAt, outcome: "ok" }, validate];
}

/** Tells the workers and the pages that watch. What is lost here is found by the sweep and by the next look. */
export async function announceAccepted(ctx: TeamContext, { row, superseded, isNew }: Accepted): Promise<void> {
  if (!isNew) return;
  ctx.services.queue.wakeDeployment(row.id);
  if (row.kind === "rollback") await announceCancel(ctx, row.appId);
  for (const one of [...superseded.map((old) => ({ ...old, status: "superseded" as const })), row]) announce(ctx, one);
}

const noSuchApp = () => new AppError("not_found", { what: "There is no such application." });

/** A waiting deployment of the same branch or image, or of configuration alone, has nothing left to do once a newer one waits. */
function isOvertaken(queued: DeploymentRow, wish: DeploymentWish): boolean {
  if (wish.kind !== "code" || queued.kind === "rollback") return false;
  if (queued.kind === "config") return true;
  const isMoving = wish.ref?.kind === "branch" || wish.ref?.kind === "image";
  return isMoving && queued.ref?.kind === wish.ref?.kind && queued.ref?.name === wish.ref?.name;
}

async function markSuperseded(rows: TeamRows, overtaken: DeploymentRow[], by: number, now: Micros): Promise<void> {
  if (overtaken.length === 0) return;
  const reason = { code: "superseded", what: `Deployment #${by} overtook this one while it waited.`, why: "It carries these commits too." };
  const ids = overtaken.map((one) => one.id);
  await rows.update(deployments, { status: "superseded", outcome: "superseded", reason, finishedAt: now }, inArray(deployments.id, ids));
}

const overtakenSpan = (one: DeploymentRow, by: number, now: Micros): NewSpan => ({
  step: "queue",
  startedAt: one.acceptedAt,
  finishedAt: now,
  outcome: "cancelled",
  detail: { supersededBy: by },
});

/** Ends a waiting deployment at once, a running one within a second. @throws AppError `conflict` when it has ended or is live already */
export async function cancelDeployment(ctx: TeamContext, id: string): Promise<Deployment> {
  const { deployment } = await findDeployment(ctx, id);
  if (isFinal(deployment.status)) throw new AppError("conflict", { what: `Deployment #${deployment.number} has ended: ${deployment.status}.` });
  if (deployment.liveAt !== null)
    throw new AppError("conflict", {
      what: `Deployment #${deployment.number} is live already: it is too late to cancel.`,
      fix: "Roll back once it has ended.",
    });
  const now = ctx.now();
  await ctx.team.transaction(async (rows) => {
    const reason = { code: "cancelled", what: `Cancelled by ${ctx.actor} while it waited.` };
    const [waiting] = await rows.update(
      deployments,
      { status: "cancelled", outcome: "cancelled", reason, finishedAt: now },
      and(eq(deployments.id, id), eq(deployments.status, "queued")),
    );
    if (waiting) await recordSpans(rows, waiting, now, [{ step: "queue", startedAt: waiting.acceptedAt, finishedAt: now, outcome: "cancelled" }]);
    else
      await rows.update(
        deployments,
        { cancelRequestedAt: now },
        and(eq(deployments.id, id), eq(deployments.status, "running"), isNull(deployments.cancelRequestedAt)),
      );
  });
  await announceCancel(ctx, deployment.appId);
  await ctx.audit("deployment.cancelled", { id }, { number: deployment.number });
  const fresh = await findDeployment(ctx, id);
  announce(ctx, fresh.deployment);
  return toView(fresh);
}

/**
 * Deploys a retained release again. Without `to`: the release that was live before the present one.
 * @param to a release number @throws AppError `not_found` `conflict`
 */
export async function rollback(ctx: TeamContext, input: { app: string; to?: number | undefined; trigger: DeploymentTrigger }): Promise<Deployment> {
  const receivedAt = ctx.now();
  const { app } = await findApp(ctx, input.app);
  const target =
    input.to === undefined ? await releaseBefore(ctx, app) : await ctx.team.first(releases, and(eq(releases.appId, app.id), eq(releases.number, input.to)));
  if (!target)
    throw new AppError("not_found", {
      what: input.to === undefined ? `${app.name} has no release before the present one.` : `${app.name} has no release ${input.to}.`,
      fix: "dokploy deployment list APP shows the releases.",
    });
  if (target.prunedAt !== null)
    throw new AppError("conflict", {
      what: `Release ${target.number} is no longer kept.`,
      why: `The newest ${app.retainedReleases} releases are.`,
      fix: "Deploy its commit again.",
    });
  const kind = target.id === app.releaseId ? "redeploy" : "rollback";
  const remediates = kind === "rollback" ? await firstLiveAfter(ctx, app.id, target.id) : null;
  return acceptDeployment(ctx, app.id, {
    kind: kind === "redeploy" ? "config" : "rollback",
    trigger: input.trigger,
    ref: null,
    receivedAt,
    releaseId: target.id,
    remediates,
  });
}

/** The release that was live before the present one, and stayed until it was replaced. */
export async function releaseBefore(ctx: TeamContext, app: AppRow) {
  const [previous] = await ctx.team.list(deployments, {
    where: and(
      eq(deployments.appId, app.id),
      eq(deployments.status, "succeeded"),
      isNotNull(deployments.liveAt),
      isNotNull(deployments.releaseId),
      app.releaseId ? ne(deployments.releaseId, app.releaseId) : undefined,
    ),
    orderBy: desc(deployments.liveAt),
    limit: 1,
  });
  return previous?.releaseId ? ctx.team.first(releases, eq(releases.id, previous.releaseId)) : null;
}

/** The release that a rollback marks as failed: the first to go live after the last time that the restored one was live (value-streams.md, Deployment facts). */
async function firstLiveAfter(ctx: TeamContext, appId: string, releaseId: string): Promise<string | null> {
  const live = await ctx.team.list(deployments, { where: and(eq(deployments.appId, appId), isNotNull(deployments.liveAt)), orderBy: asc(deployments.liveAt) });
  const last = live.findLastIndex((one) => one.releaseId === releaseId);
  return live.slice(last + 1).find((one) => one.kind === "code" || one.kind === "config" || one.kind === "promote")?.id ?? null;
}

/** The deployment that a webhook of the same commit would only repeat: one that has it and has not ended. */
export async function deploymentInProgress(rows: TeamRows, appId: string, sha: string): Promise<DeploymentRow | null> {
  return rows.first(deployments, and(eq(deployments.appId, appId), inArray(deployments.status, ["queued", "running"]), eq(deployments.commitSha, sha)));
}

/** A person's word on whether a deployment that was live failed; null takes it back. It goes before what was measured. @throws AppError `conflict` */
export async function markDeployment(ctx: TeamContext, input: { deployment: string; failed: boolean | null; reason: string }): Promise<Deployment> {
  const { deployment } = await findDeployment(ctx, input.deployment);
  if (deployment.liveAt === null)
    throw new AppError("conflict", { what: `Deployment #${deployment.number} never went live.`, why: "Only what had traffic can fail after it." });
  await ctx.team.update(deployments, { mark: input.failed, markReason: input.failed === null ? null : input.reason }, eq(deployments.id, deployment.id));
  await ctx.audit("deployment.marked", { id: deployment.id }, { number: deployment.number, failed: input.failed, reason: input.reason });
  const fresh = await findDeployment(ctx, deployment.id);
  announce(ctx, fresh.deployment);
  return toView(fresh);
}

function announce(ctx: TeamContext, row: DeploymentRow): void {
  ctx.services.events.publish(ctx.team.id, { type: "deployment", deployment: row.id, app: row.appId, status: row.status, step: row.step });
}

async function announceCancel(ctx: TeamContext, appId: string): Promise<void> {
  await ctx.services.redis
    .publish(`${ctx.services.env.DOKPLOY_HOME_ID}:cancel`, appId)
    .catch((error: Error) => ctx.services.log.warn({ error: error.message }, "cancel will be found by the lease's heartbeat"));
}
