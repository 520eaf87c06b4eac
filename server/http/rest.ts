import { createHash } from "node:crypto";
import { and, eq } from "drizzle-orm";
import type { Request, Response, Router } from "express";
import express from "express";
import { idempotencyKeys } from "../../db/schema";
import { teamContext } from "../context";
import { toCsv } from "../csv";
import { AppError } from "../errors";
import { appRouter, type Caller, createCaller } from "../router";
import type { RequestContext, RestMeta } from "../trpc";
import { toProblem } from "./map-error";
import { openApiDocument } from "./openapi";
import { streamAppLog, streamDeploymentLog } from "./rest-streams";

const MAX_BODY = "2mb";
export type RestProcedure = { name: string; rest: NonNullable<RestMeta["rest"]>; input: unknown };

/** The procedures that carry a REST address. The same code answers `/api/trpc` and `/api/v1`. */
export function restProcedures(): RestProcedure[] {
  return Object.entries(appRouter._def.procedures as unknown as Record<string, { _def: { meta?: RestMeta; inputs?: unknown[] } }>).flatMap(
    ([name, procedure]) => (procedure._def.meta?.rest ? [{ name, rest: procedure._def.meta.rest, input: procedure._def.inputs?.[0] }] : []),
  );
}

export function restRouter(contextOfRequest: (req: Request, res: Response) => Promise<RequestContext>): Router {
  const rest = express.Router();
  rest.get("/openapi.json", (_req, res) => void res.json(openApiDocument(restProcedures())));
  rest.use(express.json({ limit: MAX_BODY, type: ["application/json", "application/*+json"] }));

  for (const { name, rest: address } of restProcedures()) {
    const method = address.method.toLowerCase() as "get" | "post" | "patch" | "put" | "delete";
    rest[method](address.path.replace(/\{(\w+)\}/g, ":$1"), async (req, res) => {
      try {
        const ctx = await contextOfRequest(req, res);
        if (wantsStream(req) && name === "deployments.logs") return await streamDeploymentLog(ctx, req, res);
        if (wantsStream(req) && name === "logs.app") return await streamAppLog(ctx, req, res);
        if (wantsCsv(req)) return await sendCsv(ctx, req, res, name, address);
        const call = () => callByName(createCaller(ctx), name, inputOf(req, name));
        const answer = method === "get" ? { status: 200, body: await call() } : await once(ctx, req, address.status ?? 200, call);
        res.status(answer.status).json(answer.body);
      } catch (error) {
        sendProblem(req, res, error);
      }
    });
  }
  rest.use((req, res) =>
    sendProblem(
      req,
      res,
      new AppError("not_found", { what: `There is no ${req.method} ${req.baseUrl}${req.path}.`, fix: "GET /api/v1/openapi.json lists what there is." }),
    ),
  );
  return rest;
}

export function sendProblem(req: Request, res: Response, error: unknown): void {
  const { status, body } = toProblem(error);
  if (status >= 500) req.app.locals.log?.error({ err: error, path: req.path }, "request failed");
  if (status === 503) res.setHeader("Retry-After", "5");
  res.status(status).type("application/problem+json").send(JSON.stringify(body));
}

/** By the address, so that a link can ask for it; or by what the client accepts first. */
const wantsCsv = (req: Request) => req.query.format === "csv" || (req.headers.accept ?? "").startsWith("text/csv");

async function sendCsv(ctx: RequestContext, req: Request, res: Response, name: string, { csv, path }: RestProcedure["rest"]): Promise<void> {
  if (!csv) throw new AppError("unsupported", { what: `${path} has no table to give as CSV.`, fix: "Ask for it without format=csv: it answers JSON." });
  const input = { ...(inputOf(req, name) as object), ...csv.input };
  const table = csv.table(await callByName(createCaller(ctx), name, input), input);
  const file = path
    .replace(/\{\w+\}/g, "")
    .split("/")
    .filter(Boolean)
    .join("-");
  res.setHeader("Content-Disposition", `attachment; filename="${file}.csv"`);
  res.type("text/csv").send(toCsv(table));
}

const wantsStream = (req: Request) => req.headers.accept?.includes("text/event-stream") === true;

function callByName(caller: Caller, name: string, input: unknown): Promise<unknown> {
  const procedure = name.split(".").reduce<unknown>((at, part) => (at as Record<string, unknown> | undefined)?.[part], caller);
  if (typeof procedure !== "function") throw new AppError("not_found", { what: `There is no procedure ${name}.` });
  return (procedure as (input: unknown) => Promise<unknown>)(input);
}

/** Path, query and body as one input. `PATCH /apps/{app}` carries the settings as its whole body. */
function inputOf(req: Request, name: string): unknown {
  const body: unknown = req.body;
  const fields = typeof body === "object" && body !== null && !Array.isArray(body) ? body : {};
  if (name === "apps.update") return { ...req.params, settings: fields };
  return { ...req.query, ...fields, ...req.params };
}

/** `Idempotency-Key`: the first answer to a write is kept for its repetitions. */
async function once(ctx: RequestContext, req: Request, status: number, call: () => Promise<unknown>): Promise<{ status: number; body: unknown }> {
  const key = req.header("idempotency-key");
  if (!key || !ctx.identity) return { status, body: await call() };
  if (key.length > 200) throw new AppError("bad_request", { what: "The Idempotency-Key is longer than 200 characters." });
  const { team, now } = teamContext(ctx.services, ctx.identity);
  const requestHash = createHash("sha256")
    .update(JSON.stringify([req.method, req.originalUrl, req.body ?? null]))
    .digest("hex");
  const mine = and(eq(idempotencyKeys.key, key));

  if (!(await team.insert(idempotencyKeys, { key, requestHash, createdAt: now() }))) {
    const first = await team.first(idempotencyKeys, mine);
    if (first?.requestHash !== requestHash)
      throw new AppError("conflict", { what: "This Idempotency-Key was used for another request.", fix: "Use a new key for each request." });
    if (first.status === null)
      throw new AppError("conflict", { what: "The first request with this Idempotency-Key is still under way.", fix: "Ask again in a moment." });
    return { status: first.status, body: first.answer };
  }
  try {
    const body = await call();
    await team.update(idempotencyKeys, { status, answer: body as object }, mine);
    return { status, body };
  } catch (error) {
    await team.remove(idempotencyKeys, mine);
    throw error;
  }
}
