import path from "node:path";
import { createRequestHandler } from "@remix-run/express";
import type { ServerBuild } from "@remix-run/node";
import { createExpressMiddleware } from "@trpc/server/adapters/express";
import compression from "compression";
import express, { type Express } from "express";
import type { Services } from "../context";
import { edgePages } from "../edge/pages";
import { appRouter, createCaller } from "../router";
import { devlakeRouter } from "./devlake-route";
import { eventsRouter } from "./events-route";
import { gitlabRoute } from "./gitlab-route";
import { healthRoutes } from "./health";
import { importRoute } from "./import-route";
import { requestContext } from "./request-context";
import { restRouter, sendProblem } from "./rest";
import { webhookRoute } from "./webhook-route";

declare module "@remix-run/server-runtime" {
  interface AppLoadContext {
    trpc: import("../router").Caller;
    identity: import("../context").Identity | null;
    address: { dashboard: string; edgePort: number };
  }
}

/** The whole HTTP surface of the web process. */
export function createHttpApp(services: Services, build: ServerBuild): Express {
  const app = express();
  app.disable("x-powered-by");
  app.set("trust proxy", "loopback");
  app.locals.log = services.log;
  healthRoutes(app, services);
  app.use((_req, res, next) => {
    res.setHeader("X-Content-Type-Options", "nosniff");
    res.setHeader("Referrer-Policy", "same-origin");
    res.setHeader("X-Frame-Options", "DENY");
    next();
  });
  app.post("/webhooks/:provider/:app", webhookRoute(services));
  app.use("/edge-pages", edgePages);
  app.get(
    "/api/v4/projects/:project/dora/metrics",
    gitlabRoute((req, res) => requestContext(services, req, res)),
  );
  app.post(
    "/api/v1/import",
    importRoute((req, res) => requestContext(services, req, res)),
  );
  app.use(
    "/api/v1/events",
    eventsRouter((req, res) => requestContext(services, req, res)),
  );
  app.use(
    "/api/v1/ingest/devlake",
    devlakeRouter((req, res) => requestContext(services, req, res)),
  );
  app.use(
    "/api/v1",
    restRouter((req, res) => requestContext(services, req, res)),
  );
  app.use(
    "/api/trpc",
    createExpressMiddleware({
      router: appRouter,
      createContext: ({ req, res }) => requestContext(services, req, res),
      onError: ({ error, path: name }) => {
        if (error.code === "INTERNAL_SERVER_ERROR") services.log.error({ err: error.cause ?? error, procedure: name }, "procedure failed");
      },
    }),
  );

  app.use(compression());
  const publicDir = path.resolve(services.env.DOKPLOY_PUBLIC_DIR);
  app.use("/build", express.static(path.join(publicDir, "build"), { immutable: true, maxAge: "1y", fallthrough: false }));
  app.use(express.static(publicDir, { maxAge: "1h", redirect: false }));
  app.all(
    "*",
    createRequestHandler({
      build,
      mode: services.env.NODE_ENV,
      async getLoadContext(req, res) {
        const ctx = await requestContext(services, req, res);
        return {
          trpc: createCaller(ctx),
          identity: ctx.identity,
          address: { dashboard: services.env.DOKPLOY_PUBLIC_URL, edgePort: services.env.DOKPLOY_EDGE_PORT },
        };
      },
    }),
  );
  app.use((error: unknown, req: express.Request, res: express.Response, _next: express.NextFunction) => {
    if ((error as { status?: number }).status === 404) res.status(404).end();
    else sendProblem(req, res, error);
  });
  return app;
}
