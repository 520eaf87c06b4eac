import { and, eq, isNull } from "drizzle-orm";
import { apps, releases } from "../../db/schema";
import type { AppRow } from "../apps/find";
import type { TeamContext } from "../context";
import { AppError } from "../errors";
import { type Deployment, type DeploymentTrigger, isFinal } from "./schema";
import { acceptDeployment, releaseBefore, rollback } from "./service";
import { type DeploymentRow, findDeployment } from "./view";

/** What can be done about a deployment now. */
export type Offers = {
  /** Its release has the traffic. */
  isLive: boolean;
  cancel: boolean;
  retry: boolean;
  /** The release that a rollback from here would bring back. */
  rollBackTo: number | null;
};
type ReleaseRow = typeof releases.$inferSelect;
const NOTHING: Offers = { isLive: false, cancel: false, retry: false, rollBackTo: null };

export async function offersFor(ctx: TeamContext, id: string): Promise<Offers> {
  const { deployment } = await findDeployment(ctx, id);
  const app = await ctx.team.first(apps, and(eq(apps.id, deployment.appId), isNull(apps.deletedAt)));
  if (!app) return NOTHING;
  // Once traffic has moved, a running deployment ends by itself; it can be rolled back then.
  if (!isFinal(deployment.status)) return { ...NOTHING, cancel: deployment.cancelRequestedAt === null && deployment.liveAt === null };
  const own = deployment.releaseId ? await ctx.team.first(releases, eq(releases.id, deployment.releaseId)) : null;
  const isLive = deployment.status === "succeeded" && own !== null && own.id === app.releaseId;
  const target = isLive ? await releaseBefore(ctx, app) : deployment.status === "succeeded" && !deployment.failed ? own : null;
  return { isLive, cancel: false, retry: canRetry(deployment, app, own), rollBackTo: target && target.prunedAt === null ? target.number : null };
}

/** What failed or was cancelled can be tried again, as long as what it needs is still there. */
function canRetry(deployment: DeploymentRow, app: AppRow, own: ReleaseRow | null): boolean {
  if (deployment.status !== "failed" && deployment.status !== "cancelled") return false;
  if (deployment.kind === "rollback" || deployment.kind === "promote") return own !== null && own.prunedAt === null && own.id !== app.releaseId;
  if (deployment.kind === "config") return app.releaseId !== null;
  return deployment.commitSha !== null || deployment.ref !== null;
}

/** The same wish once more: the same commit where one was found, else the same ref; the same release; the present configuration. @throws AppError `conflict` */
export async function retryDeployment(ctx: TeamContext, id: string, trigger: DeploymentTrigger): Promise<Deployment> {
  const receivedAt = ctx.now();
  const { deployment } = await findDeployment(ctx, id);
  if (!(await offersFor(ctx, id)).retry) {
    throw new AppError("conflict", {
      what: `Deployment #${deployment.number} cannot be tried again.`,
      why: "Only one that failed or was cancelled can, while its application and what it deploys are there.",
      fix: "Deploy the application instead.",
    });
  }
  const { appId, kind, commitSha, ref, noCache } = deployment;
  if (kind === "rollback") {
    const target = await ctx.team.first(releases, eq(releases.id, deployment.releaseId ?? ""));
    return rollback(ctx, { app: appId, to: target?.number, trigger });
  }
  if (kind === "promote" && deployment.releaseId)
    return acceptDeployment(ctx, appId, { kind, trigger, ref: null, receivedAt, releaseId: deployment.releaseId });
  if (kind === "config") return acceptDeployment(ctx, appId, { kind, trigger, ref: null, receivedAt });
  return acceptDeployment(ctx, appId, { kind: "code", trigger, ref: commitSha ? { kind: "sha", name: commitSha } : ref, noCache, receivedAt });
}
