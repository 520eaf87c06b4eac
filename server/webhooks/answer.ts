import type { Micros } from "../../db/schema/columns";
import type { AppRow } from "../apps/find";
import type { Provider } from "../apps/view";
import type { TeamContext } from "../context";
import type { TeamRows } from "../data/team-data";
import {
  type AcceptancePlan,
  checkWish,
  type DeploymentWish,
  listUnfinished,
  nothingAccepted,
  planAcceptance,
  trackedRef,
  type Unfinished,
} from "../deployments/service";
import { AppError } from "../errors";
import { readDelivery, touches } from "./payload";

export type WebhookAnswer = { status: number; body: Record<string, unknown> };
/** A delivery whose sender is known. `event` as `eventOf` answers, `body` as `carriedBody` does. */
export type TrustedDelivery = { provider: Provider; event: string | null; body: Buffer; receivedAt: Micros; isRedelivered: boolean };

/** What is answered to each delivery, once `acceptance` is written; it is announced after the commit. */
export type Answered = { answers: WebhookAnswer[]; acceptance: AcceptancePlan };
/** What the answers to pushes depend on: read once for all of them, under the application's lock. */
export type Facts = { check: { url: string | null } | WebhookAnswer; unfinished: Unfinished[] };
/** Of a delivery that nothing was said to. */
export const UNANSWERED: WebhookAnswer = { status: 0, body: {} };

/** @param app locked by this transaction */
export async function readFacts(ctx: TeamContext, rows: TeamRows, app: AppRow): Promise<Facts> {
  const checking = checkWish(ctx, rows, app, { kind: "code", ref: trackedRef(app) }).catch((error: unknown) => refusalOf(error));
  const [check, unfinished] = await Promise.all([checking, listUnfinished(rows, app.id)]);
  return { check, unfinished };
}

/**
 * Answers deliveries of one application, arrived now or stored before: 202 with the deployment, 200 with the reason why it is ignored,
 * 400 for a body that cannot be read, 422 or 503 for what is refused.
 */
export function answerDeliveries(ctx: TeamContext, app: AppRow, { check, unfinished }: Facts, deliveries: readonly TrustedDelivery[]): Answered {
  const wanted = deliveries.map((delivery) => wishOf(app, delivery));
  const begun = (one: Wanted) => (one.sha === null ? undefined : unfinished.find((other) => other.commitSha === one.sha)?.id);
  const fresh = "status" in check ? [] : wanted.flatMap((one) => ("wish" in one && begun(one) === undefined ? [one] : []));
  const wishes = fresh.map((one) => one.wish);
  const acceptance = "status" in check ? nothingAccepted : planAcceptance(ctx, app, unfinished, wishes, check);
  const answers = wanted.map((one) => {
    if ("status" in one) return one;
    if ("status" in check) return check;
    const answer = begun(one) ?? acceptance.accepted[fresh.indexOf(one)];
    if (answer === undefined) return UNANSWERED;
    return answer instanceof AppError ? refusalOf(answer) : { status: 202, body: { deployment: answer } };
  });
  return { answers, acceptance };
}

/** 422 and 503 for what was refused. @throws the error itself when it is no refusal but a fault */
export function refusalOf(error: unknown): WebhookAnswer {
  if (!(error instanceof AppError) || error.code === "internal") throw error;
  const isPassing = error.code === "unavailable" || error.code === "too_many";
  return { status: isPassing ? 503 : 422, body: { error: { code: error.code, ...error.explanation } } };
}

type Wanted = { sha: string | null; wish: DeploymentWish };

function wishOf(app: AppRow, { provider, event, body, receivedAt, isRedelivered }: TrustedDelivery): WebhookAnswer | Wanted {
  let json: unknown = {};
  if (provider !== "generic") {
    try {
      json = JSON.parse(body.toString("utf8"));
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      return {
        status: 400,
        body: { error: { code: "bad_request", what: "The body is not JSON.", fix: "Set the webhook's content type to application/json." } },
      };
    }
  }
  const delivery = readDelivery(provider, event, json);
  if (delivery.kind === "ignored") return ignored(delivery.reason);

  const { push } = delivery;
  const ref = trackedRef(app);
  if (!ref) return ignored("no source");
  if (!app.autoDeploy && provider !== "generic") return ignored("auto-deploy is off");
  if (provider !== "generic") {
    if (ref.kind !== "branch") return ignored("not deployed from Git");
    if (push.deleted) return ignored("branch deleted");
    if (push.branch !== ref.name) return ignored(push.branch === null ? "not a branch" : `other branch: ${push.branch.slice(0, 100)}`);
    if (/\[(skip ci|ci skip|skip deploy|no ci)\]/i.test(push.message)) return ignored("[skip ci]");
    if (push.changed !== null && !touches(push.changed, app.watchPaths)) return ignored(PATH_FILTER);
  }
  // The time since the push is the Git host's only on the first arrival; afterwards it is how long somebody thought about it.
  const pushedAt = isRedelivered ? null : push.pushedAt;
  return { sha: push.sha, wish: { kind: "code", trigger: "webhook", ref, receivedAt, pushedAt } };
}

/** Why a push was ignored that changes nothing of the application's. */
export const PATH_FILTER = "path filter";

const ignored = (reason: string): WebhookAnswer => ({ status: 200, body: { ignored: reason } });
/** The deployment that an answer names. */
export const deploymentOf = (answer: WebhookAnswer): string | null => (typeof answer.body.deployment === "string" ? answer.body.deployment : null);

const MAX_KEPT_BYTES = 262_144;
/** What is stored of a body, for people to read and to deliver again: nothing beyond 256 KiB. */
export const keptBody = (body: Buffer): Buffer | null => (body.length <= MAX_KEPT_BYTES ? body : null);
