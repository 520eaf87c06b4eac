import type { Request, Response } from "express";
import { signedInTeam } from "../context";
import { gitlabMetrics } from "../metrics/gitlab";
import type { RequestContext } from "../trpc";
import { sendProblem } from "./rest";

const text = (value: unknown) => (typeof value === "string" ? value : undefined);

/** `GET /api/v4/projects/{id or path}/dora/metrics`, so that what reads GitLab's metrics can read ours. */
export function gitlabRoute(contextOfRequest: (req: Request, res: Response) => Promise<RequestContext>) {
  return async (req: Request, res: Response): Promise<void> => {
    try {
      const token = req.header("private-token");
      if (token && !req.headers.authorization) req.headers.authorization = `Bearer ${token}`;
      const ctx = signedInTeam(await contextOfRequest(req, res), "read");
      const { metric, start_date, end_date, interval } = req.query;
      const query = { metric: text(metric), start_date: text(start_date), end_date: text(end_date), interval: text(interval) };
      res.json(await gitlabMetrics(ctx, req.params.project ?? "", query));
    } catch (error) {
      sendProblem(req, res, error);
    }
  };
}
