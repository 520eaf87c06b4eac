import { and, asc, eq, inArray, isNull } from "drizzle-orm";
import { apps, auditEvents, deployments, spans } from "../../db/schema";
import type { Micros } from "../../db/schema/columns";
import type { AppRow } from "../apps/find";
import type { TeamContext } from "../context";
import type { TeamRows } from "../data/team-data";
import { AppError } from "../errors";
import { type NewSpan, spanRows } from "../streams/record";
import type { Deployment, DeploymentKind, DeploymentStatus, DeploymentTrigger, RequestedRef } from "./schema";
import { MAX_QUEUED, validateDeployment } from "./validate";
import { findDeployment, toView } from "./view";

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

/** A deployment of the application that has not ended, as far as accepting another one needs it. */
export type Unfinished = {
  id: string;
  status: DeploymentStatus;
  kind: DeploymentKind;
  ref: RequestedRef | null;
  commitSha: string | null;
  projectId: string;
  environmentId: string;
  appId: string;
  acceptedAt: Micros;
};
/** `accepted`: the deployment that answers each wish, or why it is refused. `changed`: what `announceAccepted` tells after the commit. */
export type Acceptance = { accepted: (string | AppError)[]; changed: Changed[] };
/** `write` sends all statements in one round, each for all wishes, within the transaction that locked the application. */
export type AcceptancePlan = Acceptance & { write: (rows: TeamRows) => Promise<void> };
export const nothingAccepted: AcceptancePlan = { accepted: [], changed: [], write: async () => {} };
type Changed = Pick<Unfinished, "id" | "appId" | "kind" | "status">;
type Waiting = Unfinished & { number: number; wish: DeploymentWish };

const ROLLBACK_PRIORITY = 10;
const noSuchApp = () => new AppError("not_found", { what: "There is no such application." });

/**
 * One transaction: lock the application, validate, supersede what this one overtakes, insert, record `webhook` and `validate`.
 * A change of configuration joins a deployment that has not begun: it will read the configuration when it starts.
 */
export async function acceptDeployment(ctx: TeamContext, appId: string, wish: DeploymentWish): Promise<Deployment> {
  const acceptance = await ctx.team.transaction(async (rows) => {
    const app = await lockApp(rows, appId);
    if (!app) throw noSuchApp();
    const [check, unfinished] = await Promise.all([checkWish(ctx, rows, app, wish), listUnfinished(rows, appId)]);
    const plan = planAcceptance(ctx, app, unfinished, [wish], check);
    await plan.write(rows);
    return plan;
  });
  await announceAccepted(ctx, acceptance);
  const [id = noSuchApp()] = acceptance.accepted;
  if (id instanceof AppError) throw id;
  return toView(await findDeployment(ctx, id));
}

/** Taken before any other lock of the application's deployments: the worker's claims keep the same order. */
export const lockApp = (rows: TeamRows, appId: string): Promise<AppRow | null> =>
  rows.first(apps, and(eq(apps.id, appId), isNull(apps.deletedAt)), { lock: "update" });

/** Those that wait or run, the oldest first. */
export function listUnfinished(rows: TeamRows, appId: string): Promise<Unfinished[]> {
  const { id, status, kind, ref, commitSha, projectId, environmentId, acceptedAt } = deployments;
  return rows.query((db, own) =>
    db
      .select({ id, status, kind, ref, commitSha, projectId, environmentId, appId: deployments.appId, acceptedAt })
      .from(deployments)
      .where(own(deployments, and(eq(deployments.appId, appId), inArray(status, ["queued", "running"]))))
      .orderBy(asc(deployments.createdAt)),
  );
}

/** The `validate` step. Answers what an accepted deployment needs of it: the application's address. @throws AppError as `validateDeployment` does */
export async function checkWish(ctx: TeamContext, rows: TeamRows, app: AppRow, wish: Pick<DeploymentWish, "kind" | "ref">): Promise<{ url: string | null }> {
  const builds = wish.kind === "code" || wish.kind === "redeploy";
  return { url: await validateDeployment(ctx, rows, app, { builds, hasRef: wish.ref !== null && wish.ref.kind !== "image" }) };
}

/**
 * Accepts wishes for one application, in their order, as if each had come alone: a later one overtakes an earlier one of the same branch.
 * An error stands for a wish that is refused; the others are accepted.
 * @param app locked by the transaction that writes @param unfinished as `listUnfinished` answers under that lock
 */
export function planAcceptance(
  ctx: TeamContext,
  app: AppRow,
  unfinished: readonly Unfinished[],
  wishes: readonly DeploymentWish[],
  { url }: { url: string | null },
): AcceptancePlan {
  const acceptedAt = ctx.now();
  let queue = unfinished.filter((one) => one.status === "queued");
  let number = app.deploymentCount;
  const made: Waiting[] = [];
  const overtakenBy = new Map<Unfinished, number>();
  const accepted = wishes.map((wish) => {
    const joined = wish.kind === "config" ? queue.find((one) => one.kind === "config" || one.kind === "code") : undefined;
    if (joined) return joined.id;
    if (queue.length >= MAX_QUEUED)
      return new AppError("too_many", { what: `${queue.length} deployments of ${app.name} are waiting.`, fix: "Wait for them, or cancel some." });
    const { projectId, environmentId } = app;
    const row: Waiting = {
      id: crypto.randomUUID(),
      projectId,
      environmentId,
      appId: app.id,
      number: ++number,
      status: "queued",
      kind: wish.kind,
      ref: wish.ref,
      commitSha: null,
      acceptedAt,
      wish,
    };
    for (const one of queue) if (isOvertaken(one, wish)) overtakenBy.set(one, number);
    queue = [...queue.filter((one) => !overtakenBy.has(one)), row];
    made.push(row);
    return row.id;
  });
  const overtaken = [...overtakenBy.keys()].map((one) => ({ ...one, status: "superseded" as const }));
  return {
    accepted,
    changed: [...overtaken, ...made.filter((one) => !overtakenBy.has(one))],
    write: async (rows) => {
      if (made.length > 0) await write(ctx, rows, app, { made, overtakenBy, acceptedAt, url });
    },
  };
}

type Writing = { made: Waiting[]; overtakenBy: Map<Unfinished, number>; acceptedAt: Micros; url: string | null };

async function write(ctx: TeamContext, rows: TeamRows, app: AppRow, { made, overtakenBy, acceptedAt, url }: Writing): Promise<void> {
  const isMade = new Set<Unfinished>(made);
  const [, written] = await Promise.all([
    rows.query((db, own) =>
      db
        .update(apps)
        .set({ deploymentCount: app.deploymentCount + made.length })
        .where(own(apps, eq(apps.id, app.id))),
    ),
    rows.insertMany(
      deployments,
      made.map((one) => {
        const { wish, ...row } = one;
        return {
          ...row,
          trigger: wish.trigger,
          strategy: app.strategy,
          noCache: wish.noCache ?? false,
          releaseId: wish.releaseId ?? null,
          remediates: wish.remediates ?? null,
          url,
          actor: ctx.actor,
          priority: wish.kind === "rollback" ? ROLLBACK_PRIORITY : 0,
          pushedAt: wish.pushedAt ?? null,
          createdAt: wish.receivedAt,
          ...endOf(overtakenBy.get(one), acceptedAt),
        };
      }),
    ),
    ...[...overtakenBy]
      .filter(([one]) => !isMade.has(one))
      .map(([one, by]) =>
        rows.query((db, own) =>
          db
            .update(deployments)
            .set(endOf(by, acceptedAt))
            .where(own(deployments, eq(deployments.id, one.id))),
        ),
      ),
    rows.insertMany(spans, [
      ...[...overtakenBy].flatMap(([one, by]) => spanRows(one, acceptedAt, [overtakenSpan(one, by, acceptedAt)])),
      ...made.flatMap((one) => spanRows(one, acceptedAt, arrivalSpans(one.wish, acceptedAt))),
    ]),
    made.some((one) => one.kind === "rollback")
      ? rows.update(deployments, { cancelRequestedAt: acceptedAt }, and(eq(deployments.appId, app.id), eq(deployments.status, "running")))
      : [],
    rows.insertMany(
      auditEvents,
      made.map((one) => ({ actor: ctx.actor, event: "deployment.accepted", target: one.id, detail: { number: one.number, kind: one.kind }, at: acceptedAt })),
    ),
  ]);
  if (written !== made.length) throw new Error(`${made.length} deployments of ${app.id} were accepted, ${written} could be stored.`);
}

function arrivalSpans(wish: DeploymentWish, acceptedAt: Micros): NewSpan[] {
  const { pushedAt, receivedAt } = wish;
  const validate: NewSpan = { step: "validate", startedAt: receivedAt, finishedAt: acceptedAt, outcome: "ok" };
  if (pushedAt === undefined || pushedAt === null) return [validate];
  return [{ step: "webhook", startedAt: Math.min(pushedAt, receivedAt), finishedAt: receivedAt, outcome: "ok" }, validate];
}

/** A waiting deployment of the same branch or image, or of configuration alone, has nothing left to do once a newer one waits. */
function isOvertaken(queued: Unfinished, wish: DeploymentWish): boolean {
  if (wish.kind !== "code" || queued.kind === "rollback") return false;
  if (queued.kind === "config") return true;
  const isMoving = wish.ref?.kind === "branch" || wish.ref?.kind === "image";
  return isMoving && queued.ref?.kind === wish.ref?.kind && queued.ref?.name === wish.ref?.name;
}

/** How a deployment ends that another one overtook; nothing for one that was not. */
function endOf(by: number | undefined, now: Micros) {
  if (by === undefined) return {};
  const reason = { code: "superseded", what: `Deployment #${by} overtook this one while it waited.`, why: "It carries these commits too." };
  return { status: "superseded" as const, outcome: "superseded" as const, reason, finishedAt: now };
}

const overtakenSpan = (one: Unfinished, by: number, now: Micros): NewSpan => ({
  step: "queue",
  startedAt: one.acceptedAt,
  finishedAt: now,
  outcome: "cancelled",
  detail: { supersededBy: by },
});

/** Tells the workers and the pages that watch. What is lost here is found by the sweep and by the next look. */
export async function announceAccepted(ctx: TeamContext, { changed }: Acceptance): Promise<void> {
  const newest = changed.findLast((one) => one.status === "queued");
  if (newest) ctx.services.queue.wakeDeployment(newest.id);
  const rollback = changed.find((one) => one.kind === "rollback");
  if (rollback) await announceCancel(ctx, rollback.appId);
  for (const one of changed) announce(ctx, { ...one, step: null });
}

/** One event for the pages that watch the team. */
export function announce(ctx: TeamContext, row: { id: string; appId: string; status: DeploymentStatus; step: string | null }): void {
  ctx.services.events.publish(ctx.team.id, { type: "deployment", deployment: row.id, app: row.appId, status: row.status, step: row.step });
}

export async function announceCancel(ctx: TeamContext, appId: string): Promise<void> {
  await ctx.services.redis
    .publish(`${ctx.services.env.DOKPLOY_HOME_ID}:cancel`, appId)
    .catch((error: Error) => ctx.services.log.warn({ error: error.message }, "cancel will be found by the lease's heartbeat"));
}
