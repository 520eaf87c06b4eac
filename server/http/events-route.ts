import express, { type Request, type Response, type Router } from "express";
import { signedInTeam } from "../context";
import { takeEvent } from "../imports/cdevents";
import { ourEvents } from "../imports/our-events";
import { teamStream } from "../live/events";
import { readInstant } from "../metrics/calendar";
import type { RequestContext } from "../trpc";
import { sendProblem } from "./rest";

const text = (value: unknown) => (typeof value === "string" && value !== "" ? value : undefined);
const PING_MS = 10_000;

/** `POST /api/v1/events` takes CDEvents in; `GET` gives ours out, as a list since an instant or as they happen. */
export function eventsRouter(contextOfRequest: (req: Request, res: Response) => Promise<RequestContext>): Router {
  const router = express.Router();
  router.use(express.json({ limit: "1mb", type: ["application/json", "application/*+json"] }));
  const own = async (req: Request, res: Response, scope: "read" | "write") => signedInTeam(await contextOfRequest(req, res), scope);
  router.post("/", async (req, res) => {
    try {
      const ctx = await own(req, res, "write");
      const list: unknown[] = Array.isArray(req.body) ? req.body : [req.body];
      const place = { project: text(req.query.project), app: text(req.query.app) };
      const taken = [];
      for (const one of list) taken.push(await takeEvent(ctx, place, one));
      res.status(202).json(Array.isArray(req.body) ? { items: taken } : taken[0]);
    } catch (error) {
      sendProblem(req, res, error);
    }
  });
  router.get("/", async (req, res) => {
    try {
      const ctx = await own(req, res, "read");
      const asked = text(req.query.since);
      if (!req.headers.accept?.includes("text/event-stream")) {
        const { events } = await ourEvents(ctx, asked === undefined ? 0 : readInstant(asked, "UTC", "since"));
        res.json({ items: events, nextCursor: null });
        return;
      }
      const from = req.header("last-event-id") ?? asked;
      let position = from === undefined ? ctx.now() : readInstant(from, "UTC", "since");
      res.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no" });
      res.write(": ours\n\n");
      let turn = Promise.resolve();
      const send = () => {
        turn = turn
          .then(async () => {
            const { events, last } = await ourEvents(ctx, position);
            position = last;
            for (const event of events) res.write(`id: ${event.time}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
          })
          .catch((error: unknown) => ctx.services.log.warn({ err: error }, "events not sent; the next look sends them"));
      };
      const stop = ctx.services.reader.follow(teamStream(ctx.services.env.DOKPLOY_HOME_ID, ctx.team.id), send, send);
      const ping = setInterval(() => res.write(": ping\n\n"), PING_MS);
      req.on("close", () => {
        clearInterval(ping);
        stop();
      });
      send();
    } catch (error) {
      sendProblem(req, res, error);
    }
  });
  return router;
}
