import type { Request, Response } from "express";
import { findApp } from "../apps/find";
import { signedInTeam, type TeamContext } from "../context";
import { isFinal } from "../deployments/schema";
import { findDeployment } from "../deployments/view";
import { parseDuration } from "../duration";
import { appLog, deploymentLog, type LogLine } from "../logs/codec";
import { followLines } from "../logs/follow";
import { lastLine, lineAt } from "../logs/read";
import { appLogsSchema, lineFilter } from "../logs/router";
import type { RequestContext } from "../trpc";

/** `text/event-stream` of a deployment's log: `data:` holds a JSON array of lines, `id:` the last line's number, `event: end` closes it. */
export async function streamDeploymentLog(ctx: RequestContext, req: Request, res: Response): Promise<void> {
  const own = signedInTeam(ctx, "read");
  const { deployment } = await findDeployment(own, req.params.deployment ?? "");
  const isOver = async () => isFinal((await findDeployment(own, deployment.id)).deployment.status);
  await stream(own, req, res, deploymentLog(deployment.id), resumeFrom(req) ?? 1, isOver, () => true);
}

/** `text/event-stream` of an application's log, from `since` or from now on. */
export async function streamAppLog(ctx: RequestContext, req: Request, res: Response): Promise<void> {
  const own = signedInTeam(ctx, "read");
  const input = appLogsSchema.parse({ ...req.query, ...req.params });
  const { app } = await findApp(own, input.app);
  const log = appLog(app.id);
  const since = input.since ? await lineAt(own, log, own.now() - parseDuration(input.since) * 1_000_000) : null;
  const from = resumeFrom(req) ?? input.from ?? since ?? Math.max(1, (await lastLine(own, log)) - 9);
  await stream(own, req, res, log, from, async () => false, lineFilter(input));
}

function resumeFrom(req: Request): number | null {
  const last = Number(req.header("last-event-id"));
  return Number.isInteger(last) && last > 0 ? last + 1 : null;
}

async function stream(
  ctx: TeamContext,
  req: Request,
  res: Response,
  log: string,
  from: number,
  isOver: () => Promise<boolean>,
  keep: (line: LogLine) => boolean,
): Promise<void> {
  const gone = new AbortController();
  req.on("close", () => gone.abort());
  res.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no" });
  const ping = setInterval(() => res.write(": ping\n\n"), 10_000);
  try {
    for await (const lines of followLines(ctx, log, from, gone.signal, isOver)) {
      const kept = lines.filter(keep);
      const isRoomy = kept.length === 0 || res.write(`id: ${lines.at(-1)?.n}\ndata: ${JSON.stringify(kept)}\n\n`);
      if (!isRoomy && !gone.signal.aborted) await drained(res, gone.signal);
    }
    if (!gone.signal.aborted) res.write("event: end\ndata: []\n\n");
  } catch (error) {
    ctx.services.log.warn({ err: error, log }, "stream ended");
  } finally {
    clearInterval(ping);
    res.end();
  }
}

function drained(res: Response, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    res.once("drain", resolve);
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
