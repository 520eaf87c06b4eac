// @ts-check
/** A home from nothing to serving, in the order in which it is told. Running it again changes nothing that is right. */
import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { ensureCluster } from "./database.mjs";
import { ensureDemoBase, ensureDemoRepository } from "./demo.mjs";
import { ensureEdgeImage } from "./edge-image.mjs";
import { ensureEngine } from "./engine.mjs";
import { readJson, writeJson } from "./files.mjs";
import { checkout, ensureSecrets, isSupervised, lastLines, readState } from "./home.mjs";
import { endLeftovers } from "./leftovers.mjs";
import { installPackages } from "./packages.mjs";
import { environments, rolesOf, writePlan } from "./plan.mjs";
import { keepPort } from "./ports.mjs";
import { isAlive, recordOf } from "./processes.mjs";
import { copyPrograms, ensureBuild, ensurePackages, removeOldPrograms } from "./programs.mjs";
import { httpStatus } from "./ready.mjs";
import { ensureRedis } from "./redis.mjs";
import { ensureRegistry } from "./registry.mjs";
import { keepAdvertised } from "./registry-certificate.mjs";
import { refuseWhileEnding, run } from "./run.mjs";
import { Refusal, say } from "./say.mjs";
import { ensureUser, nodeForAll } from "./users.mjs";

/** Young objects get 3 MiB in place of 48: measured, web 118 → 101 MiB and worker 140 → 108 MiB resident, idle. */
const NODE_FLAGS = ["--enable-source-maps", "--max-semi-space-size=4"];
/** The worker's heap is collected when it has grown by half, not fourfold, and when work has ended (worker/idle-memory.ts). */
const WORKER_FLAGS = [...NODE_FLAGS, "--heap-growing-percent=50", "--expose-gc"];
const ADMIN_EMAIL = "admin@dokploy.local";
const START_PATIENCE_MS = 120_000;
const EDGE_PATIENCE_MS = 60_000;

/** @typedef {import("./home.mjs").Home} Home */

/**
 * @param {Home} home
 * @param {{ env: NodeJS.ProcessEnv, engine: string | null, missing: { program: string, packages: string[], purpose: string }[], port: number, edgePort: number, wantsDemo: boolean }} given
 * @returns {Promise<object>} what the closing line says
 */
export async function bringUp(home, { env, engine, missing, port, edgePort, wantsDemo }) {
  await installPackages(missing);
  const isPrivate = engine === null;
  const [dockerHost, buildId] = await Promise.all([ensureEngine(engine, home.id, home.folder), ensurePackages().then(ensureBuild)]);
  const edgeImage = await ensureEdgeImage(dockerHost, env);
  const plan = await makePlan(home, { env, dockerHost, isPrivate, edgeImage, buildId, port, edgePort });
  await startSupervisor(home, plan);
  removeOldPrograms(home, plan.processes[0]?.cwd ?? "");
  return setUp(home, plan, { dockerHost, wantsDemo });
}

/**
 * PostgreSQL and Redis of a home: given, or its own.
 * @param {Home} home
 * @param {NodeJS.ProcessEnv} env
 */
export async function ensureStores(home, env) {
  const secrets = ensureSecrets(home);
  const known = isSupervised(home) ? readJson(home.plan) : null;
  const facts = path.join(home.folder, "ports.json");
  const ports = readJson(facts) ?? {};
  // A running home's ports are held by itself.
  const keep = async (/** @type {string} */ name) => (known && ports[name] ? ports[name] : keepPort(ports[name]));
  const next = { database: await keep("database"), redis: await keep("redis"), registry: await keep("registry"), probe: await keep("probe") };
  writeJson(facts, next);
  const database = env.DATABASE_URL
    ? { adminUrl: env.DATABASE_URL, process: null }
    : await ensureCluster(home, { password: secrets.database, port: next.database });
  const redis = env.REDIS_URL ? { url: env.REDIS_URL, process: null } : await ensureRedis(home, { password: secrets.redis, port: next.redis });
  return { secrets, ports: next, database, redis };
}

/**
 * @param {Home} home
 * @param {{ env: NodeJS.ProcessEnv, dockerHost: string, isPrivate: boolean, edgeImage: string, buildId: string, port: number, edgePort: number }} given
 * @returns {Promise<import("./plan.mjs").Plan>}
 */
async function makePlan(home, { env, dockerHost, isPrivate, edgeImage, buildId, port, edgePort }) {
  const { secrets, ports, database, redis } = await ensureStores(home, env);
  const registry = env.REGISTRY
    ? { address: env.REGISTRY, username: env.REGISTRY_USERNAME ?? "", password: env.REGISTRY_PASSWORD ?? "", certificate: "", process: null }
    : await ensureRegistry(home, { password: secrets.registry, salt: secrets.registrySalt, port: ports.registry, advertised: keepAdvertised(home, env) });
  const webUser = await ensureUser("dokploy-web");
  if (!webUser) say("not root: web runs as the same user as the worker");
  const app = copyPrograms(home, buildId);
  const listensForEdge = !["127.0.0.1", "localhost", "::1"].includes(env.DOKPLOY_LISTEN ?? "");
  const given = {
    env,
    home,
    secrets,
    app,
    port,
    edgePort,
    adminUrl: database.adminUrl,
    redisUrl: redis.url,
    dockerHost,
    registry,
    edgeImage,
    probePort: ports.probe,
  };
  const { web, worker } = environments({ ...given, pagesUrl: listensForEdge ? `http://dokploy-host:${port}` : "" });
  const node = nodeForAll(home.run);
  const asWeb = webUser ? { uid: webUser.uid, gid: webUser.gid } : {};
  const migrateEnv = { PATH: env.PATH ?? "", NODE_ENV: "production", DATABASE_ADMIN_URL: database.adminUrl };
  const input = JSON.stringify({ roles: rolesOf(home.id, secrets), migrations: path.join(app, "migrations") });
  return {
    home: home.folder,
    privateEngine: isPrivate,
    services: [database.process, redis.process, registry.process].filter((process_) => process_ !== null),
    migrate: { command: process.execPath, args: [path.join(app, "migrate.js")], env: migrateEnv, cwd: app, input },
    processes: [
      {
        name: "web",
        command: node,
        args: [...NODE_FLAGS, path.join(app, "web.js")],
        env: web,
        cwd: app,
        ...asWeb,
        stopSignal: "SIGTERM",
        graceMs: 10_000,
        ready: { kind: "http", port, path: "/healthz", status: 200 },
      },
      {
        name: "worker",
        command: process.execPath,
        args: [...WORKER_FLAGS, path.join(app, "worker.js")],
        env: worker,
        cwd: app,
        stopSignal: "SIGTERM",
        graceMs: 10_000,
        ready: { kind: "none" },
      },
    ],
    facts: {
      port,
      edgePort,
      dockerHost,
      adminUrl: database.adminUrl,
      redisUrl: redis.url,
      buildId,
      ...(registry.certificate ? { trustedRegistry: registry.address } : {}),
      setup: { command: node, args: [path.join(app, "setup.js")], env: web, cwd: app, input: "", ...asWeb },
    },
  };
}

/**
 * The supervisor follows this plan, and what it names answers.
 * @param {Home} home
 * @param {import("./plan.mjs").Plan} plan
 */
export async function startSupervisor(home, plan) {
  const digest = writePlan(home.plan, plan);
  const state = readState(home);
  const isRunning = isAlive(state?.supervisor);
  if (isRunning && state?.plan === digest && state?.status === "up") return;
  if (isRunning && state?.supervisor) process.kill(state.supervisor.pid, "SIGHUP");
  else {
    // Left by a supervisor that was killed: its processes hold the ports.
    await endLeftovers(home);
    fs.rmSync(home.state, { force: true });
    refuseWhileEnding();
    const log = fs.openSync(path.join(home.logs, "supervisor.log"), "a", 0o600);
    /** @type {any} */
    const env = { PATH: process.env.PATH ?? "", HOME: process.env.HOME ?? "/", LANG: "C.UTF-8" };
    const child = spawn(process.execPath, [path.join(checkout, "deploy/up/supervisor.mjs"), home.folder], {
      detached: true,
      stdio: ["ignore", log, log],
      cwd: "/",
      env,
    });
    fs.closeSync(log);
    child.unref();
    // Known before it has written anything itself: an interruption finds it.
    writeJson(home.state, { status: "starting", reason: null, plan: "", supervisor: recordOf(child.pid), processes: {} });
  }
  await untilUp(home, digest);
}

/** @param {Home} home @param {string} digest */
async function untilUp(home, digest) {
  for (const deadline = Date.now() + START_PATIENCE_MS; ; await wait(30)) {
    const state = readState(home);
    if (state?.plan === digest && state.status === "up") return;
    if (state?.plan === digest && state.status === "failed")
      throw new Refusal("the platform did not start", state.reason ?? "no reason is known", `see ${home.logs}, and run bin/up again`);
    if (Date.now() > deadline) throw new Refusal("the platform did not start in time", lastLines(home, "supervisor"), `see ${home.logs}, and run bin/up again`);
  }
}

/**
 * First administrator, token and demo; then until the edge serves.
 * @param {Home} home
 * @param {import("./plan.mjs").Plan} plan
 * @param {{ dockerHost: string, wantsDemo: boolean }} given
 */
async function setUp(home, plan, { dockerHost, wantsDemo }) {
  const known = readJson(home.setup) ?? {};
  const admin = { email: ADMIN_EMAIL, password: ensureSecrets(home).admin };
  const repository = wantsDemo ? await ensureDemoRepository(home) : null;
  if (repository) await ensureDemoBase(dockerHost);
  const input = JSON.stringify({ admin, token: known.token ?? null, demo: repository ? { repository } : null, edgePort: plan.facts.edgePort });
  await untilReady(home, plan.facts.port);
  const { command, args, ...how } = /** @type {import("./plan.mjs").Once} */ (plan.facts.setup);
  if (repository && !known.demo) say("deploying the demo");
  const { stdout } = await run(command, args, { ...how, input, doing: "setting up" });
  const answer = JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
  writeJson(home.setup, { ...known, token: answer.token, ...(answer.demo ? { demo: { ...answer.demo, repository } } : {}) });
  await untilEdgeServes(plan.facts.edgePort, answer.demo?.url ?? null);
  return describe(home);
}

/** Until web, PostgreSQL, Redis and a worker are there. @param {Home} home @param {number} port */
async function untilReady(home, port) {
  for (const deadline = Date.now() + START_PATIENCE_MS; (await httpStatus(port, "/readyz")) !== 200; await wait(50)) {
    if (Date.now() > deadline) throw new Refusal("the worker does not report", lastLines(home, "worker", 4), `see ${path.join(home.logs, "worker.log")}`);
  }
}

/** @param {number} edgePort @param {string | null} url the demo's */
async function untilEdgeServes(edgePort, url) {
  const host = url ? new URL(url).host : undefined;
  let status = 0;
  for (const deadline = Date.now() + EDGE_PATIENCE_MS; Date.now() < deadline; await wait(50)) {
    status = await httpStatus(edgePort, "/", host);
    if (host ? status === 200 : status > 0) return;
  }
  throw new Refusal(
    "the edge does not serve",
    status ? `the demo answers with status ${status}` : "nothing answers on its port",
    "see the worker's log in DOKPLOY_HOME/logs",
  );
}

/**
 * What the closing line says, with the pids of now.
 * @param {Home} home
 */
export function describe(home) {
  /** @type {import("./plan.mjs").Plan} */
  const plan = readJson(home.plan);
  const setup = readJson(home.setup) ?? {};
  const processes = readState(home)?.processes ?? {};
  const pid = (/** @type {string} */ name) => (isAlive(processes[name]) ? processes[name].pid : null);
  return {
    dashboard: `http://127.0.0.1:${plan.facts.port}`,
    edge: `http://127.0.0.1:${plan.facts.edgePort}`,
    token: setup.token ?? null,
    admin: { email: ADMIN_EMAIL, password: ensureSecrets(home).admin },
    demo: setup.demo ?? null,
    pids: { web: pid("web"), worker: pid("worker") },
    dockerHost: plan.facts.dockerHost,
  };
}
