import { createInterface } from "node:readline";
import type { Request, Response } from "express";
import { signedInTeam } from "../context";
import { AppError } from "../errors";
import { importLines } from "../imports/import";
import type { RequestContext } from "../trpc";
import { sendProblem } from "./rest";

const MAX_LINE_BYTES = 4 * 1024 * 1024;

/** `POST /api/v1/import`: newline-delimited JSON, read as it comes. 200 after the commit, with what was not taken and why. */
export function importRoute(contextOfRequest: (req: Request, res: Response) => Promise<RequestContext>) {
  return async (req: Request, res: Response): Promise<void> => {
    try {
      const ctx = signedInTeam(await contextOfRequest(req, res), "write");
      const type = (req.header("content-type") ?? "").split(";")[0]?.trim();
      if (type !== "application/x-ndjson" && type !== "application/ndjson" && type !== "application/jsonl")
        throw new AppError("bad_request", {
          what: "The body is not NDJSON.",
          why: `Its type is ${type || "not said"}.`,
          fix: "Send one JSON object a line as application/x-ndjson.",
        });
      const result = await importLines(ctx, linesOf(req));
      await ctx.audit("import.taken", null, { accepted: result.accepted, duplicates: result.duplicates, rejected: result.rejected.length });
      res.json(result);
    } catch (error) {
      sendProblem(req, res, error);
    }
  };
}

/** Lines of the body; one that is too long for memory ends the import. */
async function* linesOf(req: Request): AsyncGenerator<string> {
  for await (const line of createInterface({ input: req, crlfDelay: Number.POSITIVE_INFINITY })) {
    if (line.length > MAX_LINE_BYTES) throw new AppError("too_large", { what: "A line is longer than 4 MB.", fix: "Split what it holds into several lines." });
    yield line;
  }
}
