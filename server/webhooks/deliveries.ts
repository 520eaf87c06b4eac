import { and, desc, eq, lt, or, type SQL } from "drizzle-orm";
import { deployments, webhookDeliveries } from "../../db/schema";
import { type Micros, toIso } from "../../db/schema/columns";
import { findApp } from "../apps/find";
import { PROVIDERS } from "../apps/view";
import type { TeamContext } from "../context";
import { announceAccepted, lockApp } from "../deployments/service";
import { AppError } from "../errors";
import { isUuid } from "../projects/service";
import { answerDeliveries, deploymentOf, readFacts, type TrustedDelivery, UNANSWERED } from "./answer";
import type { DeliveryView, DeliveryWithBody } from "./schema";

/** Newest first, without bodies. `cursor` is the id that the page before ended with. @throws AppError `not_found` */
export async function listDeliveries(ctx: TeamContext, input: { app: string; limit: number; cursor?: string | undefined }) {
  const { app } = await findApp(ctx, input.app);
  const last = input.cursor ? await findDelivery(ctx, app.id, input.cursor) : null;
  const older = last
    ? or(lt(webhookDeliveries.receivedAt, last.receivedAt), and(eq(webhookDeliveries.receivedAt, last.receivedAt), lt(webhookDeliveries.id, last.id)))
    : undefined;
  const rows = await readViews(ctx, and(eq(webhookDeliveries.appId, app.id), older), input.limit + 1);
  const items = rows.slice(0, input.limit);
  return { items, nextCursor: rows.length > input.limit ? (items.at(-1)?.id ?? null) : null };
}

/** One delivery with its body as text. @throws AppError `not_found`, also for another application's */
export async function readDelivery(ctx: TeamContext, input: { app: string; delivery: string }): Promise<DeliveryWithBody> {
  const { app } = await findApp(ctx, input.app);
  const { id, body } = await findDelivery(ctx, app.id, input.delivery);
  return { ...(await viewOf(ctx, id)), body: body?.toString("utf8") ?? null };
}

/**
 * Answers a stored delivery again, as the code stands and the application is set now; the answer is recorded as a delivery of its own.
 * @throws AppError `not_found`; `conflict` when the body was too large to be stored
 */
export async function redeliver(ctx: TeamContext, input: { app: string; delivery: string }): Promise<DeliveryView> {
  const receivedAt = ctx.now();
  const { app } = await findApp(ctx, input.app);
  const stored = await findDelivery(ctx, app.id, input.delivery);
  const provider = PROVIDERS.find((known) => known === stored.provider);
  if (stored.body === null || !provider)
    throw new AppError("conflict", {
      what: "This delivery cannot be answered again.",
      why: "Its body was not stored: bodies over 256 KiB are not kept.",
      fix: "Redeliver it from the Git host's webhook page, or press Deploy.",
    });
  const again: TrustedDelivery = { provider, event: stored.event, body: stored.body, receivedAt, isRedelivered: true };
  const { answers, acceptance } = await ctx.team.transaction(async (rows) => {
    const locked = await lockApp(rows, app.id);
    if (!locked) throw new AppError("not_found", { what: `There is no application ${input.app}.` });
    const answered = answerDeliveries(ctx, locked, await readFacts(ctx, rows, locked), [again]);
    await answered.acceptance.write(rows);
    return answered;
  });
  await announceAccepted(ctx, acceptance);
  const [answer = UNANSWERED] = answers;
  const row = await ctx.team.insert(webhookDeliveries, {
    appId: app.id,
    provider,
    deliveryKey: `redelivery:${crypto.randomUUID()}`,
    event: stored.event,
    status: answer.status,
    answer: answer.body,
    deploymentId: deploymentOf(answer),
    body: stored.body,
    receivedAt,
  });
  if (!row) throw new AppError("conflict", { what: "The delivery could not be recorded.", fix: "Try again." });
  await ctx.audit("webhook.redelivered", app, { delivery: stored.id, status: answer.status });
  return viewOf(ctx, row.id);
}

async function findDelivery(ctx: TeamContext, appId: string, id: string) {
  const row = isUuid(id) ? await ctx.team.first(webhookDeliveries, and(eq(webhookDeliveries.appId, appId), eq(webhookDeliveries.id, id))) : null;
  if (!row) throw new AppError("not_found", { what: `There is no delivery ${id}.`, fix: "The application's deliveries are listed under Deliveries." });
  return row;
}

async function viewOf(ctx: TeamContext, id: string): Promise<DeliveryView> {
  const [view] = await readViews(ctx, eq(webhookDeliveries.id, id), 1);
  if (!view) throw new AppError("not_found", { what: `There is no delivery ${id}.` });
  return view;
}

function readViews(ctx: TeamContext, where: SQL | undefined, limit: number): Promise<DeliveryView[]> {
  const { id, provider, event, status, answer, deploymentId, receivedAt } = webhookDeliveries;
  return ctx.team.query(async (db, own) => {
    const rows = await db
      .select({ id, provider, event, status, answer, deployment: deploymentId, deploymentNumber: deployments.number, receivedAt })
      .from(webhookDeliveries)
      .leftJoin(deployments, own(deployments, eq(deployments.id, deploymentId)))
      .where(own(webhookDeliveries, where))
      .orderBy(desc(receivedAt), desc(id))
      .limit(limit);
    return rows.map((row) => ({ ...row, reason: reasonOf(row), receivedAt: toIso(row.receivedAt as Micros) }));
  });
}

/** Why a delivery deployed nothing; null when it did. */
function reasonOf({ status, answer }: { status: number; answer: Record<string, unknown> }): string | null {
  if (typeof answer.ignored === "string") return `ignored: ${answer.ignored}`;
  const { error } = answer as { error?: { what?: unknown; why?: unknown } };
  if (error) return [error.what, error.why].filter((part) => typeof part === "string").join(" ");
  return status === 0 ? "not answered yet" : null;
}
