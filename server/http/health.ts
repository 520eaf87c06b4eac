import { desc } from "drizzle-orm";
import type { Express, Request } from "express";
import { collectDefaultMetrics, Histogram, Registry } from "prom-client";
import { workers } from "../../db/schema";
import { identifyToken } from "../accounts/tokens";
import { type Identity, type Services, teamContext } from "../context";
import { createGauges } from "../metrics/gauges";

const WORKER_ALIVE_MICROS = 15_000_000;
const CHECK_MS = 2_000;

/** `/healthz`: the process. `/readyz`: what it needs, 503 that says which part is gone. `/metrics`: Prometheus, of a token's team DORA too. */
export function healthRoutes(app: Express, services: Services): void {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const durations = new Histogram({
    name: "dokploy_http_request_duration_seconds",
    help: "Time to answer, by method and status",
    labelNames: ["method", "status"],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    registers: [registry],
  });

  app.use((req, res, next) => {
    const end = durations.startTimer({ method: req.method });
    res.on("finish", () => end({ status: String(res.statusCode) }));
    next();
  });
  app.get("/healthz", (_req, res) => void res.json({ status: "ok" }));
  app.get("/readyz", async (_req, res) => {
    const parts = await readiness(services);
    const isReady = Object.values(parts).every((part) => part === "ok");
    res.status(isReady ? 200 : 503).json({ status: isReady ? "ready" : "not ready", parts });
  });
  const gauges = createGauges();
  app.get("/metrics", async (req, res) => {
    const identity = await identityOf(services, req);
    if (identity === null && !isLoopback(req)) {
      res.status(401).json({ error: { code: "not_signed_in", what: "Metrics need a token.", fix: "Send Authorization: Bearer …, or ask from this machine." } });
      return;
    }
    const parts = [registry.metrics(), ...(identity === null ? [] : [gauges(teamContext(services, identity))])];
    res.type(registry.contentType).send((await Promise.all(parts)).join("\n"));
  });
}

async function readiness(services: Services): Promise<Record<"postgresql" | "redis" | "worker", string>> {
  const within = <T>(work: Promise<T>) =>
    Promise.race([work, new Promise<never>((_, reject) => setTimeout(() => reject(new Error("no answer in 2 s")), CHECK_MS).unref())]);
  const said = (result: PromiseSettledResult<unknown>) => (result.status === "fulfilled" ? "ok" : String((result.reason as Error).message || result.reason));
  const [database, redis] = await Promise.allSettled([
    within(services.db.select().from(workers).orderBy(desc(workers.reportedAt)).limit(1)),
    within(services.redis.ping()),
  ]);
  const newest = database.status === "fulfilled" ? database.value[0] : undefined;
  const isAlive = newest !== undefined && services.clock() - newest.reportedAt < WORKER_ALIVE_MICROS;
  return {
    postgresql: said(database),
    redis: said(redis),
    worker: database.status === "rejected" ? "unknown" : isAlive ? "ok" : "no worker has reported for 15 s",
  };
}

/** This machine itself, not through a proxy: it may read what the process says of itself, and of no team. */
const isLoopback = (req: Request): boolean =>
  /^(::ffff:)?127\.|^::1$/.test(req.socket.remoteAddress ?? "") && !req.headers.forwarded && !req.headers["x-forwarded-for"];

async function identityOf(services: Services, req: Request): Promise<Identity | null> {
  const bearer = /^Bearer\s+(\S+)$/i.exec(req.headers.authorization ?? "")?.[1];
  return bearer === undefined ? null : identifyToken(services, bearer);
}
