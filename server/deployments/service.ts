import { and, asc, desc, eq, isNotNull, isNull, ne } from "drizzle-orm";
import { deployments, releases } from "../../db/schema";
import { type AppRow, findApp } from "../apps/find";
import type { TeamContext } from "../context";
import { AppError } from "../errors";
import { recordSpans } from "../streams/record";
import { acceptDeployment, announce, announceCancel } from "./accept";
import { type Deploy, type Deployment, type DeploymentTrigger, isFinal, type RequestedRef } from "./schema";
import { findDeployment, toView } from "./view";

export {
  type AcceptancePlan,
  acceptDeployment,
  announceAccepted,
  checkWish,
  type DeploymentWish,
  listUnfinished,
  lockApp,
  nothingAccepted,
  planAcceptance,
  type Unfinished,
} from "./accept";

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
