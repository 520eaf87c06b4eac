import { and, eq, inArray, isNull } from "drizzle-orm";
import type { Transaction } from "../../db/client";
import { apps, teams, webhookDeliveries } from "../../db/schema";
import type { Micros } from "../../db/schema/columns";
import type { AppRow } from "../apps/find";
import type { Provider } from "../apps/view";
import { createBatches } from "../batches";
import { contextOf, type Services, type TeamContext } from "../context";
import { asTeam, type TeamRows, withSettings } from "../data/team-data";
import { type AcceptancePlan, announceAccepted, lockApp } from "../deployments/service";
import { isUuid } from "../projects/service";
import { answerDeliveries, deploymentOf, keptBody, readFacts, UNANSWERED, type WebhookAnswer } from "./answer";
import { carriedBody, deliveryKey, eventOf, type Headers, isSigned } from "./payload";

type Sender = { ctx: TeamContext; secret: string };
type Request = { provider: Provider; appId: string; headers: Headers; body: Buffer; receivedAt: Micros };
type Receive = (request: Request) => Promise<WebhookAnswer>;

const DECOY_SECRET = "0".repeat(64);
const unauthorized: WebhookAnswer = {
  status: 401,
  body: {
    error: {
      code: "not_signed_in",
      what: "The signature is missing or wrong.",
      fix: "Copy the secret from the application's settings into the Git host's webhook.",
    },
  },
};

/**
 * Receives Git hosts' deliveries. 202 with the deployment, 200 with the reason why it is ignored, 401 for a bad signature and for an
 * unknown application alike. A repeated delivery answers as the first did. Deliveries of one application that arrive together are
 * answered in one transaction.
 */
export function createReceiver(services: Services): Receive {
  const receive = createBatches<Request, WebhookAnswer>(async (appId, requests, answer) => {
    const done = await withSettings(services.db, { app: appId }, async (tx) => {
      const sender = await findSender(services, tx, appId);
      const signed = requests.map(({ provider, headers, body }) => isSigned(provider, headers, body, sender?.secret ?? DECOY_SECRET) && sender !== null);
      for (const [index, isOurs] of signed.entries()) if (!isOurs) answer(index, unauthorized);
      const trusted = requests.filter((_, index) => signed[index]);
      if (!sender || trusted.length === 0) return null;
      return asTeam(tx, sender.ctx.team.id, async (rows) => {
        const app = await lockApp(rows, appId);
        if (!app) return null;
        return { sender, ...(await answerOnce(sender.ctx, rows, app, trusted)), indexes: requests.flatMap((_, index) => (signed[index] ? [index] : [])) };
      });
    });
    if (!done) {
      for (const index of requests.keys()) answer(index, unauthorized);
      return;
    }
    await announceAccepted(done.sender.ctx, done.acceptance);
    for (const [position, index] of done.indexes.entries()) answer(index, done.answers[position] ?? UNANSWERED);
  });
  return (request) => receive(isUuid(request.appId) ? request.appId : "", request);
}

async function findSender(services: Services, tx: Transaction, appId: string): Promise<Sender | null> {
  if (appId === "") return null;
  const [found] = await tx
    .select({ team: teams.id, wrappedKey: teams.wrappedKey, secret: apps.webhookSecret })
    .from(apps)
    .innerJoin(teams, eq(teams.id, apps.teamId))
    .where(and(eq(apps.id, appId), isNull(apps.deletedAt)))
    .limit(1);
  if (!found) return null;
  const ctx = contextOf(services, found.team, found.wrappedKey, "webhook");
  return { ctx, secret: ctx.key.open(found.secret, `webhook:${appId}`) };
}

/** What tells one delivery of an application from another. */
const identityOf = ({ provider, key }: { provider: string; key: string }) => `${provider}:${key}`;

/** Answers each delivery; one that was answered before as it was then. @param app locked, so that one delivery is not answered by two processes */
async function answerOnce(
  ctx: TeamContext,
  rows: TeamRows,
  app: AppRow,
  requests: Request[],
): Promise<{ answers: WebhookAnswer[]; acceptance: AcceptancePlan }> {
  const named = requests.map((request) => {
    const { provider, headers, body } = request;
    return { request, provider, key: deliveryKey(provider, headers, body) ?? crypto.randomUUID(), event: eventOf(headers), body: carriedBody(headers, body) };
  });
  const [known, facts] = await Promise.all([answeredBefore(rows, app.id, named), readFacts(ctx, rows, app)]);
  const fresh = named.filter((one, index) => !known.has(identityOf(one)) && named.findIndex((other) => identityOf(other) === identityOf(one)) === index);
  const deliveries = fresh.map(({ provider, event, body, request }) => ({ provider, event, body, receivedAt: request.receivedAt, isRedelivered: false }));
  const { answers, acceptance } = answerDeliveries(ctx, app, facts, deliveries);

  // a refusal that may pass (503) is not kept: the Git host's next try is looked at anew
  const kept = fresh.flatMap((one, index) => {
    const answer = answers[index] ?? UNANSWERED;
    known.set(identityOf(one), answer);
    return answer.status === 503 ? [] : [{ one, answer }];
  });
  const stored = kept.map(({ one: { provider, key, event, body, request }, answer }) => ({
    appId: app.id,
    provider,
    deliveryKey: key,
    event,
    body: keptBody(body),
    receivedAt: request.receivedAt,
    status: answer.status,
    answer: answer.body,
    deploymentId: deploymentOf(answer),
  }));
  await Promise.all([acceptance.write(rows), rows.insertMany(webhookDeliveries, stored)]);
  return { answers: named.map((one) => known.get(identityOf(one)) ?? UNANSWERED), acceptance };
}

async function answeredBefore(rows: TeamRows, appId: string, named: { provider: string; key: string }[]): Promise<Map<string, WebhookAnswer>> {
  const { provider, deliveryKey: key, status, answer } = webhookDeliveries;
  const mine = and(
    eq(webhookDeliveries.appId, appId),
    inArray(
      key,
      named.map((one) => one.key),
    ),
  );
  const found = await rows.query((db, own) => db.select({ provider, key, status, answer }).from(webhookDeliveries).where(own(webhookDeliveries, mine)));
  return new Map(found.map((one) => [identityOf(one), { status: one.status, body: one.answer }]));
}
