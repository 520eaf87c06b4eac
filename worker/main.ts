import { mkdir } from "node:fs/promises";
import path from "node:path";
import { Worker } from "bullmq";
import { Redis } from "ioredis";
import { readWorkerEnv } from "../server/env";
import { parseAllowHosts } from "../server/git-hosts";
import { createLog } from "../server/log";
import { COMPARE_HEADS, DEPLOY_QUEUE, OPERATE_QUEUE } from "../server/queue";
import { createServices } from "../server/services";
import type { WorkerContext } from "./context";
import { createDispatcher } from "./deploy/dispatcher";
import { createLiveWatch } from "./deploy/watch";
import { createPorts } from "./engine/create-ports";
import { collectAppLogs } from "./node/app-logs";
import { reclaimRegularly } from "./node/reclaim";
import { reportWorker } from "./node/report";
import { collectUsage } from "./node/usage/collect";
import { watchAgents } from "./node/watch-agents";
import { watchNodes } from "./node/watch-nodes";
import { createAnnouncer } from "./notices/announce";
import { carryRegularly } from "./operate/carry-images";
import { compareHeads } from "./operate/compare-heads";
import { keepFactsRegularly } from "./operate/keep-facts";
import { createOperator } from "./operate/operator";
import { observeApps, reconcile } from "./operate/reconcile";
import { observeSplits } from "./operate/split-counts";
import { sweep } from "./operate/sweep";
import { sweepImages } from "./operate/sweep-images";
import { createTrialWatch } from "./operate/watch-trials";
import { createRunExporter, isTelemetryOn } from "./telemetry/export-runs";

const OBSERVE_MS = 5_000;
const SWEEP_MS = 120_000;

const env = readWorkerEnv();
const log = createLog("worker", env.DOKPLOY_LOG_LEVEL);
await mkdir(env.DOKPLOY_HOME, { recursive: true });
const services = await createServices(env, "worker", log);
const engine = await createPorts({
  dockerHost: env.DOCKER_HOST,
  homeId: env.DOKPLOY_HOME_ID,
  homeDirectory: env.DOKPLOY_HOME,
  allowHosts: parseAllowHosts(env.DOKPLOY_ALLOW_HOSTS),
  localRepositories: env.DOKPLOY_LOCAL_REPOSITORIES,
  registry: env.REGISTRY === "" ? null : { address: env.REGISTRY, username: env.REGISTRY_USERNAME, password: env.REGISTRY_PASSWORD },
  ownRegistryCertificate: env.REGISTRY_OWN === "1" ? Buffer.from(env.REGISTRY_CERTIFICATE, "base64").toString() : null,
  edge: {
    image: env.DOKPLOY_EDGE_IMAGE,
    publicPort: env.DOKPLOY_EDGE_PORT,
    probePort: env.DOKPLOY_PROBE_PORT,
    probeSecret: services.keyring.derive("edge-probe").toString("hex"),
  },
  agents: { port: env.DOKPLOY_AGENT_PORT, socket: env.DOKPLOY_AGENT_SOCKET, scratch: path.join(env.DOKPLOY_HOME, "agent-image", env.DOKPLOY_WORKER_ID) },
  buildResources: {
    memoryBytes: env.DOKPLOY_BUILD_MEMORY_MIB === undefined ? null : env.DOKPLOY_BUILD_MEMORY_MIB * 1024 ** 2,
    cpus: env.DOKPLOY_BUILD_CPUS ?? null,
  },
  pages: env.DOKPLOY_PAGES_URL === "" ? null : { url: env.DOKPLOY_PAGES_URL },
  log,
});
const nodes = watchNodes(services, engine.cluster);
const engineVersion = async () => String((await engine.docker.info()).ServerVersion);
const reporter = reportWorker(services, env, log, engineVersion, nodes.count);
const announcer = createAnnouncer(services);
const exporter = isTelemetryOn(process.env) ? createRunExporter(services) : null;
await nodes.refresh();
const agents = watchAgents({ services, env, agents: engine.agents, nodes });
const worker: WorkerContext = { services, announcer, exporter, env, ports: engine, workerId: env.DOKPLOY_WORKER_ID, nodes, agents };

const dispatcher = createDispatcher(worker);
const operator = createOperator(worker);
const liveWatch = createLiveWatch(worker);
const trialWatch = createTrialWatch(worker);
const carrying = carryRegularly(worker);
nodes.onCount(carrying.soon);
carrying.soon();
const reclaiming = reclaimRegularly(worker);
const keeping = keepFactsRegularly(worker);
await reporter.report();
await Promise.all([engine.edgeControl.reconcile(), agents.asked]);
dispatcher.wake();
operator.wake();
await reconcile(worker);
const appLogs = collectAppLogs(worker);
const usage = collectUsage(worker);
const safely = (what: string, work: () => Promise<void>) => () => void work().catch((error: unknown) => log.warn({ err: error }, what));
const observer = setInterval(
  safely("applications not observed", async () => {
    await observeApps(worker);
    await observeSplits(worker);
  }),
  OBSERVE_MS,
);
agents.onReady(safely("images of other nodes not swept", async () => void (await sweepImages(worker))));
const sweeper = setInterval(() => void sweep(worker), SWEEP_MS);
void sweep(worker);
engine.onEngineRestart(safely("applications not reconciled", () => reconcile(worker)));
safely("notices not queued", () => announcer.sweep())();
safely("traces not queued", async () => exporter?.sweep())();
safely("branch heads not compared", () => compareHeads(worker))();

const connection = () => new Redis(env.REDIS_URL, { maxRetriesPerRequest: null }).on("error", (error) => log.warn({ error: error.message }, "redis"));
const prefix = `{${env.DOKPLOY_HOME_ID}}`;
const wakers = [
  new Worker(DEPLOY_QUEUE, async () => dispatcher.wake(), { connection: connection(), prefix, concurrency: 50 }),
  new Worker<{ id: string }>(OPERATE_QUEUE, async (job) => (job.data.id === COMPARE_HEADS ? compareHeads(worker) : operator.wake()), {
    connection: connection(),
    prefix,
    concurrency: 50,
  }),
];
for (const waker of wakers) waker.on("error", (error) => log.warn({ error: error.message }, "wake-ups"));
const hints = connection();
hints.on("message", (_channel, appId: string) => dispatcher.cancelled(appId));
await hints.subscribe(`${env.DOKPLOY_HOME_ID}:cancel`);
log.info("worker is ready");

let isClosing = false;
async function close(): Promise<void> {
  if (isClosing) return;
  isClosing = true;
  clearInterval(observer);
  clearInterval(sweeper);
  liveWatch.close();
  trialWatch.close();
  reclaiming.close();
  await Promise.all([dispatcher.close(), operator.close()]);
  await announcer.close();
  await exporter?.close();
  await Promise.all([appLogs.close(), usage.close(), keeping.close()]);
  hints.disconnect();
  await Promise.allSettled(wakers.map((waker) => waker.close(true)));
  await agents.close();
  nodes.close();
  await carrying.close();
  await reporter.stop();
  await engine.close();
  await services.close();
  process.exit(0);
}
function onSignal(): void {
  close().catch((error: unknown) => {
    log.error({ err: error }, "closing failed");
    process.exit(1);
  });
}
process.on("SIGTERM", onSignal).on("SIGINT", onSignal);
process.on("unhandledRejection", (error) => log.error({ err: error }, "unhandled rejection"));
