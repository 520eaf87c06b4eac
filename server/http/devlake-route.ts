import express, { type Request, type Response, type Router } from "express";
import { signedInTeam, type TeamContext } from "../context";
import { closeDevlakeIssue, type DevlakePlace, devlakeDeployment, devlakeIssue } from "../imports/devlake";
import type { ImportResult } from "../imports/import";
import type { RequestContext } from "../trpc";
import { sendProblem } from "./rest";

const text = (value: unknown) => (typeof value === "string" && value !== "" ? value : undefined);

/** `POST /api/v1/ingest/devlake/…`: what sends to DevLake's incoming webhook can send here. */
export function devlakeRouter(contextOfRequest: (req: Request, res: Response) => Promise<RequestContext>): Router {
  const router = express.Router();
  router.use(express.json({ limit: "2mb", type: () => true }));
  const take = (work: (ctx: TeamContext, place: DevlakePlace, req: Request) => Promise<ImportResult>) => async (req: Request, res: Response) => {
    try {
      res.json(await work(signedInTeam(await contextOfRequest(req, res), "write"), { project: text(req.query.project), app: text(req.query.app) }, req));
    } catch (error) {
      sendProblem(req, res, error);
    }
  };
  router.post(
    "/deployments",
    take((ctx, place, req) => devlakeDeployment(ctx, place, req.body)),
  );
  router.post(
    "/issues",
    take((ctx, place, req) => devlakeIssue(ctx, place, req.body)),
  );
  router.post(
    "/issue/:key/close",
    take((ctx, place, req) => closeDevlakeIssue(ctx, place, String(req.params.key ?? ""))),
  );
  return router;
}
