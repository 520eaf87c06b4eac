import { and, eq, isNull } from "drizzle-orm";
import type { Transaction } from "../../db/client";
import { apps, teams, webhookDeliveries } from "../../db/schema";
import type { Micros } from "../../db/schema/columns";
import type { AppRow } from "../apps/find";
import type { Provider } from "../apps/view";
import { contextOf, type Services, type TeamContext } from "../context";
import { asTeam, type TeamRows, withSettings } from "../data/team-data";
import { announceAccepted } from "../deployments/service";
import { isUuid } from "../projects/service";
import { type Answered, answerDelivery, deploymentOf, keptBody, refusalOf, type WebhookAnswer } from "./answer";
import { carriedBody, deliveryKey, eventOf, type Headers, isSigned } from "./payload";

type NewDelivery = Omit<typeof webhookDeliveries.$inferInsert, "teamId">;
type Sender = { ctx: TeamContext; app: AppRow };
type Request = { provider: Provider; appId: string; headers: Headers; body: Buffer; receivedAt: Micros };
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
 * A Git host's delivery. 202 with the deployment, 200 with the reason why it is ignored, 401 for a bad signature and for an
 * unknown application alike. A repeated delivery answers as the first did. All of it is one transaction.
 */
export async function receiveWebhook(services: Services, input: Request): Promise<WebhookAnswer> {
  const inside: { sender: Sender | null } = { sender: null };
  try {
    const { answer, accepted } = await withSettings(services.db, { app: isUuid(input.appId) ? input.appId : "" }, async (tx) => {
      const sender = await findSender(services, tx, input);
      if (!sender) return { answer: unauthorized, accepted: null };
      inside.sender = sender;
      return answerOnce(sender, await asTeam(tx, sender.app.teamId), input);
    });
    if (accepted && inside.sender) await announceAccepted(inside.sender.ctx, accepted);
    return answer;
  } catch (error) {
    const answer = refusalOf(error);
    // A refusal that may pass (503) is not kept: the Git host's next try is looked at anew.
    if (answer.status !== 503 && inside.sender) {
      const record = recordOf(inside.sender.app, input);
      await inside.sender.ctx.team.insertMany(webhookDeliveries, [{ ...record, status: answer.status, answer: answer.body }]);
    }
    return answer;
  }
}

/** The application that a delivery is for, when its signature says that it comes from who knows the secret. */
async function findSender(services: Services, tx: Transaction, { provider, appId, headers, body }: Request): Promise<Sender | null> {
  const [found] = isUuid(appId)
    ? await tx
        .select()
        .from(apps)
        .innerJoin(teams, eq(teams.id, apps.teamId))
        .where(and(eq(apps.id, appId), isNull(apps.deletedAt)))
        .limit(1)
    : [];
  const ctx = found ? contextOf(services, found.teams.id, found.teams.wrappedKey, "webhook") : null;
  const secret = found && ctx ? ctx.key.open(found.apps.webhookSecret, `webhook:${found.apps.id}`) : DECOY_SECRET;
  return isSigned(provider, headers, body, secret) && found && ctx ? { ctx, app: found.apps } : null;
}

function recordOf(app: AppRow, { provider, headers, body, receivedAt }: Request): NewDelivery & { deliveryKey: string } {
  return {
    id: crypto.randomUUID(),
    appId: app.id,
    provider,
    deliveryKey: deliveryKey(provider, headers, body) ?? crypto.randomUUID(),
    event: eventOf(headers),
    body: keptBody(carriedBody(headers, body)),
    receivedAt,
    status: 0,
    answer: {},
  };
}

/** Takes the delivery, or waits for the request that took it and answers as that one did. */
async function answerOnce({ ctx, app }: Sender, rows: TeamRows, input: Request): Promise<Answered> {
  const record = recordOf(app, input);
  const taken = await rows.query((db) =>
    db
      .insert(webhookDeliveries)
      .values({ ...record, teamId: app.teamId })
      .onConflictDoNothing()
      .returning({ id: webhookDeliveries.id }),
  );
  const id = taken[0]?.id;
  if (id === undefined) return { answer: await firstAnswer(rows, record), accepted: null };
  const { provider, receivedAt } = input;
  const body = carriedBody(input.headers, input.body);
  const answered = await answerDelivery(ctx, rows, app, { provider, event: eventOf(input.headers), body, receivedAt, isRedelivered: false });
  const values = { status: answered.answer.status, answer: answered.answer.body, deploymentId: deploymentOf(answered.answer) };
  await rows.query((db, own) =>
    db
      .update(webhookDeliveries)
      .set(values)
      .where(own(webhookDeliveries, eq(webhookDeliveries.id, id))),
  );
  return answered;
}

async function firstAnswer(rows: TeamRows, { appId, provider, deliveryKey: key }: NewDelivery & { deliveryKey: string }): Promise<WebhookAnswer> {
  const mine = and(eq(webhookDeliveries.appId, appId), eq(webhookDeliveries.provider, provider), eq(webhookDeliveries.deliveryKey, key));
  const first = await rows.first(webhookDeliveries, mine);
  return { status: first?.status ?? 200, body: first?.answer ?? {} };
}
