import { accountsRouter, tokensRouter } from "./accounts/router";
import { appsRouter } from "./apps/router";
import { nodesRouter } from "./cluster/router";
import { credentialsRouter } from "./credentials/router";
import { deploymentsRouter } from "./deployments/router";
import { domainsRouter } from "./edge/router";
import { experimentsRouter, manualStepsRouter, outcomesRouter, targetsRouter } from "./improvement/router";
import { liveRouter } from "./live/router";
import { logsRouter } from "./logs/router";
import { metricsRouter } from "./metrics/router";
import { noticesRouter } from "./notices/router";
import { overviewRouter } from "./overview/router";
import { projectsRouter } from "./projects/router";
import { trafficRouter } from "./traffic/router";
import { createCallerFactory, router } from "./trpc";
import { usageRouter } from "./usage/router";
import { webhooksRouter } from "./webhooks/router";

export const appRouter = router({
  accounts: accountsRouter,
  tokens: tokensRouter,
  projects: projectsRouter,
  apps: appsRouter,
  credentials: credentialsRouter,
  deployments: deploymentsRouter,
  domains: domainsRouter,
  logs: logsRouter,
  live: liveRouter,
  metrics: metricsRouter,
  nodes: nodesRouter,
  targets: targetsRouter,
  experiments: experimentsRouter,
  outcomes: outcomesRouter,
  manualSteps: manualStepsRouter,
  notices: noticesRouter,
  overview: overviewRouter,
  traffic: trafficRouter,
  usage: usageRouter,
  webhooks: webhooksRouter,
});
export type AppRouter = typeof appRouter;
export const createCaller = createCallerFactory(appRouter);
export type Caller = ReturnType<typeof createCaller>;
