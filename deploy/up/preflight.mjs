// @ts-check
/** Everything that can be known to fail, before anything is changed. Each failure is one line with the fix. */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { engineAnswers, engineRequest } from "../../e2e/support/engine-api.mjs";
import { systemPrograms } from "./database.mjs";
import { refuseWithoutEdge } from "./edge-image.mjs";
import { ENGINE_PACKAGE, findEngine, PRIVATE_ROOT } from "./engine.mjs";
import { findProgram } from "./files.mjs";
import { findHome, hasProcesses, isRoot } from "./home.mjs";
import { refuseWithoutApt } from "./packages.mjs";
import { whyPortIsTaken } from "./ports.mjs";
import { REDIS_PACKAGE, redisProgram } from "./redis.mjs";
import { REGISTRY_PACKAGE } from "./registry.mjs";
import { advertisedAddress, OPENSSL_PACKAGE } from "./registry-certificate.mjs";
import { Refusal } from "./say.mjs";
import { isAtLeast } from "./version.mjs";

const OLDEST_NODE = "20.0";
const LEAST_DISK_BYTES = 3 * 1024 ** 3;
const LEAST_MEMORY_BYTES = 900 * 1024 ** 2;
const GIT_PACKAGE = { program: "git", packages: ["git"], purpose: "fetches what is deployed" };
const SSH_PACKAGE = { program: "ssh", packages: ["openssh-client"], purpose: "reaches private repositories" };
const PERL_PACKAGE = { program: "perl", packages: ["perl-base"], purpose: "hashes the registry's password" };

/** @param {string} version */
export function refuseOldNode(version) {
  if (!isAtLeast(version, OLDEST_NODE))
    throw new Refusal(`Node ${version} is too old`, "Node 20 or later is needed", "install Node 20 or later and run bin/up again");
}

/**
 * The programs that are missing for what is not given.
 * @param {NodeJS.ProcessEnv} env
 * @param {{ engine: boolean }} wants whether a private engine is needed
 */
export function missingPrograms(env, { engine }) {
  const wanted = [
    GIT_PACKAGE,
    SSH_PACKAGE,
    ...(env.REDIS_URL || redisProgram() ? [] : [REDIS_PACKAGE]),
    ...(env.REGISTRY ? [] : [REGISTRY_PACKAGE, PERL_PACKAGE]),
    ...(env.REGISTRY || advertisedAddress(env) === null ? [] : [OPENSSL_PACKAGE]),
    ...(engine ? [ENGINE_PACKAGE] : []),
  ];
  return wanted.filter(({ program }) => findProgram(program) === null);
}

/**
 * @param {{ name: string, port: number, isOurs: () => Promise<boolean> }} claim
 */
async function refuseTakenPort({ name, port, isOurs }) {
  const why = await whyPortIsTaken(port);
  if (why === null || (why === "EADDRINUSE" && (await isOurs()))) return;
  if (why === "EACCES") throw new Refusal(`port ${port} cannot be opened`, "ports below 1024 need root", `run bin/up as root, or set ${name} to another port`);
  throw new Refusal(
    `port ${port} is taken`,
    why === "EADDRINUSE" ? "another program listens on it" : `it cannot be opened (${why})`,
    `end that program, or set ${name} to a free port`,
  );
}

/** The folder, or the first one above it that is there. @param {string} folder */
const existing = (folder) => {
  let at = folder;
  while (!fs.existsSync(at)) at = path.dirname(at);
  return at;
};

/** @param {string} folder */
function refuseSmallMachine(folder) {
  const at = existing(folder);
  const { bavail, bsize } = fs.statfsSync(at);
  const gib = (/** @type {number} */ bytes) => `${(bytes / 1024 ** 3).toFixed(1)} GiB`;
  if (bavail * bsize < LEAST_DISK_BYTES)
    throw new Refusal(
      `${at} is nearly full`,
      `${gib(bavail * bsize)} are free and ${gib(LEAST_DISK_BYTES)} are needed`,
      "free some space, or set DOKPLOY_HOME to a folder on a larger disk",
    );
  if (os.totalmem() < LEAST_MEMORY_BYTES)
    throw new Refusal(
      "this machine is too small",
      `it has ${gib(os.totalmem())} of memory and ${gib(LEAST_MEMORY_BYTES)} are needed`,
      "use a machine with 2 GiB or more",
    );
  try {
    fs.accessSync(at, fs.constants.W_OK);
  } catch {
    throw new Refusal(`${at} cannot be written`, "DOKPLOY_HOME is made there", "set DOKPLOY_HOME to a folder of your own, or run bin/up as root");
  }
}

/** Whether a container of this home holds the port. @param {string} dockerHost @param {string} homeId @param {number} port */
async function isHeldByContainer(dockerHost, homeId, port) {
  if (!(await engineAnswers(dockerHost))) return false;
  const filters = encodeURIComponent(JSON.stringify({ label: [`dokploy.home=${homeId}`] }));
  const { json } = await engineRequest(dockerHost, "GET", `/containers/json?filters=${filters}`, { timeoutMs: 10_000 });
  return Array.isArray(json) && json.some((container) => container.Ports?.some((/** @type {any} */ published) => published.PublicPort === port));
}

/**
 * @param {{ env: NodeJS.ProcessEnv, folder: string, homeId: string | null, isRunning: boolean, port: number, edgePort: number }} given
 * @returns {Promise<{ engine: string | null, missing: ReturnType<typeof missingPrograms> }>}
 * @throws {Refusal}
 */
export async function preflight({ env, folder, homeId, isRunning, port, edgePort }) {
  refuseOldNode(process.version);
  if (process.platform !== "linux")
    throw new Refusal(`${process.platform} is not supported`, "Swarm and its networks need Linux", "run bin/up on Debian or Ubuntu");
  if (port === edgePort)
    throw new Refusal(`DOKPLOY_PORT and DOKPLOY_EDGE_PORT are both ${port}`, "the dashboard and the edge need a port each", "set one of them to another port");
  refuseSmallMachine(folder);
  const engine = await findEngine(env);
  const missing = missingPrograms(env, { engine: engine === null });
  if (missing.length > 0) refuseWithoutApt(missing);
  if (engine === null && !isRoot())
    throw new Refusal("no engine answers and none can be started", "a private engine needs root", "run bin/up as root, or give DOCKER_HOST");
  if (!env.DATABASE_URL && !isRoot() && systemPrograms() === null && process.arch !== "x64" && process.arch !== "arm64")
    throw new Refusal("PostgreSQL is missing", `npm has none for ${process.arch}`, "install postgresql, or give DATABASE_URL");
  const privateEngine = `unix://${PRIVATE_ROOT}/docker.sock`;
  const present = engine ?? ((await engineAnswers(privateEngine)) ? privateEngine : null);
  // Another bin/up of this home may have got this far meanwhile, or its supervisor was killed and its processes were not.
  const isOurs = async () => isRunning || hasProcesses(findHome(folder));
  await refuseTakenPort({ name: "DOKPLOY_PORT", port, isOurs });
  await refuseTakenPort({
    name: "DOKPLOY_EDGE_PORT",
    port: edgePort,
    isOurs: async () => homeId !== null && present !== null && isHeldByContainer(present, homeId, edgePort),
  });
  await refuseWithoutEdge(env, present);
  return { engine, missing };
}
