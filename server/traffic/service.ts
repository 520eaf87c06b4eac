import { randomBytes } from "node:crypto";
import { and, eq } from "drizzle-orm";
import { releases } from "../../db/schema";
import { toIso } from "../../db/schema/columns";
import { type AppRow, findApp } from "../apps/find";
import type { TeamContext } from "../context";
import type { Deployment, DeploymentTrigger } from "../deployments/schema";
import { acceptDeployment, checkWish } from "../deployments/service";
import { AppError } from "../errors";
import { operationDone, requestOperation } from "../operations/service";
import type { Match, SplitWish, Traffic } from "./schema";

/** A release may need its whole health time-out before it gets a share. */
const START_TIMEOUT_MS = 150_000;
const END_TIMEOUT_MS = 90_000;

export async function readTraffic(ctx: TeamContext, reference: string): Promise<Traffic> {
  const { app } = await findApp(ctx, reference);
  const live = app.releaseId === null ? null : await ctx.team.first(releases, eq(releases.id, app.releaseId));
  const { split, splitSeen, activeSlot } = app;
  const counted = (slot: "a" | "b") => ({ answers: splitSeen?.total[slot].answers ?? null, errors: splitSeen?.total[slot].errors ?? null });
  const nothing = { answers: null, errors: null };
  return {
    app: app.name,
    live:
      live && activeSlot ? { release: live.number, slot: activeSlot, weight: app.slots[activeSlot].weight, ...(split ? counted(activeSlot) : nothing) } : null,
    split: split && {
      kind: split.kind,
      phase: split.phase,
      release: split.release,
      slot: split.slot,
      weight: split.phase === "ending" ? 0 : split.weight,
      header: split.header,
      cookie: split.cookie,
      sticky: split.sticky,
      startedAt: toIso(split.startedAt),
      actor: split.actor,
      ...counted(split.slot),
    },
    seenAt: split && splitSeen ? toIso(splitSeen.at) : null,
  };
}

type Share = { kind: "split" | "mirror"; weight: number; header?: Match | undefined; cookie?: Match | undefined; sticky?: boolean };

/**
 * Gives a retained release a part of the requests, or copies of them, until somebody promotes or ends it. Answers when the edge does so.
 * For the release that is on trial already it changes the part. @throws AppError `not_found` `conflict` `unavailable`
 */
export async function shareTraffic(ctx: TeamContext, input: { app: string; release: number } & Share): Promise<Traffic> {
  const { app } = await findApp(ctx, input.app);
  refuseWithoutSlot(app);
  const target = await ctx.team.first(releases, and(eq(releases.appId, app.id), eq(releases.number, input.release)));
  if (!target)
    throw new AppError("not_found", { what: `${app.name} has no release ${input.release}.`, fix: "dokploy deployment list APP shows the releases." });
  if (target.prunedAt !== null)
    throw new AppError("conflict", {
      what: `Release ${target.number} is no longer kept.`,
      why: `The newest ${app.retainedReleases} releases are.`,
      fix: "Deploy its commit again.",
    });
  if (target.id === app.releaseId)
    throw new AppError("conflict", { what: `Release ${target.number} is the live one.`, why: "It has the traffic already.", fix: "Choose another release." });
  if (app.split && app.split.releaseId !== target.id)
    throw new AppError("conflict", {
      what: `Release ${app.split.release} is on trial already.`,
      why: "There is one slot beside the live one.",
      fix: `End it first: dokploy traffic end ${app.name}`,
    });
  // the memory that two slots need, as before a deployment
  if (app.split === null) await ctx.team.transaction((rows) => checkWish(ctx, rows, app, { kind: "rollback", ref: null }));
  const wish: SplitWish = {
    id: randomBytes(5).toString("hex"),
    kind: input.kind,
    releaseId: target.id,
    weight: input.weight,
    header: input.header ?? null,
    cookie: input.cookie ?? null,
    sticky: input.sticky ?? false,
  };
  const operation = await requestOperation(ctx, app.id, "split", wish);
  await operationDone(ctx, operation.id, START_TIMEOUT_MS);
  return readTraffic(ctx, app.id);
}

function refuseWithoutSlot({ name, releaseId, desired, strategy }: AppRow): void {
  if (releaseId === null) throw new AppError("conflict", { what: `${name} was never deployed.`, fix: `Deploy it first: dokploy deploy ${name}` });
  if (desired === "stopped") throw new AppError("conflict", { what: `${name} is stopped.`, fix: `Start it first: dokploy app start ${name}` });
  if (strategy === "recreate")
    throw new AppError("conflict", {
      what: `${name} runs one release at a time.`,
      why: "Its strategy is recreate.",
      fix: "Choose another strategy, if two releases may run at once.",
    });
}

/** All traffic goes back to the live release; answers when the other one's slot is empty. @throws AppError `conflict` without a split */
export async function endTraffic(ctx: TeamContext, reference: string): Promise<Traffic> {
  const { app } = await findApp(ctx, reference);
  if (app.split === null) throw nothingOnTrial(app.name);
  const operation = await requestOperation(ctx, app.id, "end-split");
  await operationDone(ctx, operation.id, END_TIMEOUT_MS + app.drainS * 1000);
  return readTraffic(ctx, app.id);
}

/** The release on trial gets all traffic: a deployment like any other, which finds its slot filled. @throws AppError `conflict` without a split */
export async function promoteTraffic(ctx: TeamContext, reference: string, trigger: DeploymentTrigger): Promise<Deployment> {
  const receivedAt = ctx.now();
  const { app } = await findApp(ctx, reference);
  if (app.split?.phase !== "running") throw nothingOnTrial(app.name);
  const { releaseId, release } = app.split;
  const deployment = await acceptDeployment(ctx, app.id, { kind: "promote", trigger, ref: null, receivedAt, releaseId });
  await ctx.audit("traffic.promote-requested", app, { release, deployment: deployment.number });
  return deployment;
}

const nothingOnTrial = (name: string) =>
  new AppError("conflict", {
    what: `No second release of ${name} gets traffic.`,
    fix: `Start one: dokploy traffic split ${name} --release N --weight 20`,
  });
