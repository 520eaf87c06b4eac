import type { Request, Response } from "express";
import { PROVIDERS, type Provider } from "../apps/view";
import type { Services } from "../context";
import { AppError } from "../errors";
import { rememberMissedPushes } from "../webhooks/missed";
import { createReceiver } from "../webhooks/receive";
import { toAppError } from "./map-error";
import { sendProblem } from "./rest";

const MAX_BYTES = 25 * 1024 * 1024;

export function webhookRoute(services: Services) {
  const receive = createReceiver(services);
  const missed = rememberMissedPushes(services);
  return async (req: Request, res: Response): Promise<void> => {
    const receivedAt = services.clock();
    try {
      const provider = PROVIDERS.find((known) => known === req.params.provider);
      const body = await readBody(req);
      if (body === null) {
        sendProblem(req, res, new AppError("too_large", { what: "The body is larger than 25 MB." }));
        return;
      }
      const input = { provider: (provider ?? "github") as Provider, appId: provider ? (req.params.app ?? "") : "", headers: req.headers, body, receivedAt };
      const answer = await receive(input);
      if (answer.status === 503) {
        missed();
        res.setHeader("Retry-After", "5");
      }
      res.status(answer.status).json(answer.body);
    } catch (error) {
      // Never accepted and lost: what we could not store is refused, and the Git host sends it again.
      const mapped = toAppError(error);
      if (mapped.code === "unavailable") missed();
      sendProblem(req, res, mapped.code === "internal" ? error : mapped);
    }
  };
}

/** The raw bytes, which are what was signed; null when there are more than 25 MB. */
async function readBody(req: Request): Promise<Buffer | null> {
  if (Number(req.headers["content-length"] ?? 0) > MAX_BYTES) {
    req.resume();
    return null;
  }
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of req) {
    size += (part as Buffer).length;
    if (size <= MAX_BYTES) parts.push(part as Buffer);
    else parts.length = 0;
  }
  return size > MAX_BYTES ? null : Buffer.concat(parts);
}
