import type { ServerBuild } from "@remix-run/node";
// The compiled pages: made by `remix build`, bundled into this process.
import * as build from "../build/index.js";
import { readEnv } from "./env";
import { createHttpApp } from "./http/app";
import { createLog } from "./log";
import { createServices } from "./services";

const env = readEnv();
const log = createLog("web", env.DOKPLOY_LOG_LEVEL);
if (env.NODE_ENV === "production" && (build as unknown as ServerBuild).mode !== "production")
  throw new Error("The pages were built for development: run npm run build.");

const services = await createServices(env, "web", log);
const server = createHttpApp(services, build as unknown as ServerBuild).listen(env.DOKPLOY_PORT, env.DOKPLOY_LISTEN, () =>
  log.info({ port: env.DOKPLOY_PORT }, "web is listening"),
);
server.keepAliveTimeout = 65_000;
// Pushes may have been missed while nobody listened: a worker compares branch heads.
services.queue
  .ready()
  .then(() => services.queue.compareHeads())
  .catch((error: unknown) => log.warn({ err: error }, "branch heads are compared when a worker starts"));

let isClosing = false;
async function close(): Promise<void> {
  if (isClosing) return;
  isClosing = true;
  const drained = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const patience = setTimeout(() => server.closeAllConnections(), 3_000);
  await drained;
  clearTimeout(patience);
  await services.close();
  process.exit(0);
}
process.on("SIGTERM", close).on("SIGINT", close);
process.on("unhandledRejection", (error) => log.error({ err: error }, "unhandled rejection"));
