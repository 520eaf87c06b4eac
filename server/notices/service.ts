import { randomBytes } from "node:crypto";
import { eq } from "drizzle-orm";
import { apps, deployments, noticeTargets, projects } from "../../db/schema";
import { toIso } from "../../db/schema/columns";
import type { TeamContext } from "../context";
import { AppError } from "../errors";
import type { Notice, NoticeAnswer, NoticeTargetView, SetNoticeTarget } from "./schema";
import { sendMail } from "./send-mail";
import { refuseAddress, sendWebhook } from "./send-webhook";

type TargetRow = typeof noticeTargets.$inferSelect;
const addressPlace = (id: string) => `notice-address:${id}`;
const secretPlace = (id: string) => `notice-secret:${id}`;

function toView(ctx: TeamContext, row: TargetRow): NoticeTargetView {
  const address = ctx.key.open(row.address, addressPlace(row.id));
  return {
    id: row.id,
    kind: row.kind,
    address: row.kind === "mail" ? address : `${new URL(address).origin}/…`,
    createdAt: toIso(row.createdAt),
    last: row.lastAt === null ? null : { at: toIso(row.lastAt), answer: row.lastAnswer ?? "", isAccepted: row.lastAccepted === true },
  };
}

export async function readNoticeTarget(ctx: TeamContext): Promise<NoticeTargetView | null> {
  const row = await ctx.team.first(noticeTargets, undefined);
  return row && toView(ctx, row);
}

/** Puts the team's target in place of the one before. The signing secret is in this answer only. @throws AppError `bad_request` */
export async function setNoticeTarget(ctx: TeamContext, input: SetNoticeTarget): Promise<NoticeTargetView & { secret: string }> {
  if (input.kind === "webhook") refuseAddress(ctx.services.env.DOKPLOY_ALLOW_HOSTS, input.address);
  if (input.kind === "mail" && ctx.services.env.SMTP_URL === "")
    throw new AppError("bad_request", {
      what: "This Dokploy cannot send mail.",
      why: "No mail server is set.",
      fix: "Start it with SMTP_URL, or use a webhook.",
    });
  const id = crypto.randomUUID();
  const secret = randomBytes(32).toString("hex");
  const row = await ctx.team.transaction(async (rows) => {
    await rows.remove(noticeTargets, undefined);
    return rows.insert(noticeTargets, {
      id,
      kind: input.kind,
      address: ctx.key.seal(input.address, addressPlace(id)),
      secret: ctx.key.seal(secret, secretPlace(id)),
      createdAt: ctx.now(),
    });
  });
  if (!row) throw new AppError("conflict", { what: "Somebody else set the notices at the same moment.", fix: "Look at what they set, and try again." });
  await ctx.audit("notices.set", row, { kind: row.kind });
  return { ...toView(ctx, row), secret };
}

export async function removeNoticeTarget(ctx: TeamContext): Promise<{ id: string }> {
  const [row] = await ctx.team.remove(noticeTargets, undefined);
  if (!row) throw new AppError("not_found", { what: "No notices are sent." });
  await ctx.audit("notices.removed", row);
  return { id: row.id };
}

/** Sends an example to the team's target and answers what it said. @throws AppError `not_found` */
export async function testNoticeTarget(ctx: TeamContext): Promise<NoticeAnswer> {
  const answer = await sendNotice(ctx, {
    event: "test",
    deployment: {
      id: crypto.randomUUID(),
      number: 0,
      app: "example",
      project: "example",
      reason: { what: "This is a test: nothing failed.", why: null, fix: null },
      url: `${ctx.services.env.DOKPLOY_PUBLIC_URL}/settings`,
    },
  });
  if (!answer) throw new AppError("not_found", { what: "No notices are sent.", fix: "Name a webhook or an e-mail address first." });
  return answer;
}

/** Null when the team wants no notices. The answer is kept for the settings page. */
export async function sendNotice(ctx: TeamContext, notice: Notice): Promise<NoticeAnswer | null> {
  const row = await ctx.team.first(noticeTargets, undefined);
  if (!row) return null;
  const { env } = ctx.services;
  const address = ctx.key.open(row.address, addressPlace(row.id));
  const answer =
    row.kind === "mail"
      ? await sendMail(env, address, notice)
      : await sendWebhook(env.DOKPLOY_ALLOW_HOSTS, { address, secret: ctx.key.open(row.secret, secretPlace(row.id)) }, notice);
  const kept = { lastAnswer: answer.answer.slice(0, 500), lastAccepted: answer.isAccepted, lastAt: ctx.now() };
  await ctx.team.update(noticeTargets, kept, eq(noticeTargets.id, row.id));
  return answer;
}

/** What is told of a failed deployment; null when it is gone or did not fail. */
export async function noticeOf(ctx: TeamContext, deploymentId: string): Promise<Notice | null> {
  const [found] = await ctx.team.query((db, own) =>
    db
      .select({
        id: deployments.id,
        number: deployments.number,
        status: deployments.status,
        reason: deployments.reason,
        app: apps.name,
        project: projects.name,
      })
      .from(deployments)
      .leftJoin(apps, eq(apps.id, deployments.appId))
      .leftJoin(projects, eq(projects.id, deployments.projectId))
      .where(own(deployments, eq(deployments.id, deploymentId))),
  );
  if (found?.status !== "failed") return null;
  const { id, number, app, project, reason } = found;
  return {
    event: "deployment.failed",
    deployment: {
      id,
      number,
      app: app ?? "(deleted)",
      project: project ?? "(deleted)",
      reason: { what: reason?.what ?? "It failed.", why: reason?.why ?? null, fix: reason?.fix ?? null },
      url: `${ctx.services.env.DOKPLOY_PUBLIC_URL}/deployments/${id}`,
    },
  };
}
