// @ts-check
/** `bin/test [unit|integration|engine|browser|faults]… [--full]`: the whole truth, or the named levels. */
import fs from "node:fs";
import path from "node:path";
import { checkout } from "../up/home.mjs";
import { locked } from "../up/lock.mjs";
import { installPackages } from "../up/packages.mjs";
import { refuseOldNode } from "../up/preflight.mjs";
import { ensureBuild, ensurePackages } from "../up/programs.mjs";
import { REDIS_PACKAGE, redisProgram } from "../up/redis.mjs";
import { endRunning } from "../up/run.mjs";
import { errorLine, Refusal, say } from "../up/say.mjs";
import { staticChecks } from "./checks.mjs";
import { startPlatform, startStores, testFolder } from "./platform.mjs";
import { endVitest, runLevel } from "./vitest-run.mjs";

export const LEVELS = ["unit", "integration", "engine", "browser", "faults"];
const ON_PLATFORM = ["engine", "browser", "faults"];
const RESULTS = path.join(checkout, "test-results");
const GIT = { program: "git", packages: ["git"], purpose: "the tests push and fetch" };
const CHROMIUM = { program: "chromium", packages: ["chromium"], purpose: "the browser tests" };
const SSH_KEYGEN = { program: "ssh-keygen", packages: ["openssh-client"], purpose: "reads the deploy keys that are made" };
const SSH_SERVER = { program: "sshd", packages: ["openssh-server"], purpose: "a server for private repositories" };
const DOCKER_CLIENT = { program: "docker", packages: ["docker.io"], purpose: "a client that we did not write" };

const IP = { program: "ip", packages: ["iproute2"], purpose: "networks for several machines on this one" };
const ENGINE = { program: "dockerd", packages: ["docker.io"], purpose: "an engine for each of them" };

/** @typedef {import("./vitest-run.mjs").Count} Count */

/** @param {string[]} argv @returns {{ levels: string[], isWhole: boolean, isFull: boolean }} @throws {Refusal} */
export function readLevels(argv) {
  const unknown = argv.find((argument) => argument !== "--full" && !LEVELS.includes(argument));
  if (unknown) throw new Refusal(`there is no level ${unknown}`, "tests are run by level", `use ${LEVELS.join(" ")} [--full]`);
  const named = LEVELS.filter((level) => argv.includes(level));
  return { levels: named.length > 0 ? named : LEVELS, isWhole: named.length === 0, isFull: argv.includes("--full") };
}

/** @type {import("./platform.mjs").Stand[]} */
const standing = [];
/** @type {Count} */
const total = { passed: 0, failed: 0, skipped: 0 };

/** @param {string[]} argv @param {NodeJS.ProcessEnv} env @returns {Promise<number>} the exit status */
export async function test(argv, env) {
  for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) process.on(signal, () => void stop(signal));
  try {
    const asked = readLevels(argv);
    const lock = `${testFolder("test", env)}.lock`;
    fs.mkdirSync(path.dirname(lock), { recursive: true, mode: 0o711 });
    await locked(lock, () => runAll(asked, env), { onWait: () => say("another bin/test of this checkout is at work: waiting for it") });
  } catch (error) {
    total.failed++;
    process.stderr.write(`${errorLine(error)}\n`);
  }
  process.stdout.write(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped\n`);
  return total.failed === 0 && total.passed > 0 ? 0 : 1;
}

/** @param {ReturnType<typeof readLevels>} asked @param {NodeJS.ProcessEnv} env */
async function runAll({ levels, isWhole, isFull }, env) {
  try {
    await prepare(levels);
    if (isWhole || levels.includes("unit")) await runChecks();
    await runLevels(levels, { ...env, ...(isFull ? { DOKPLOY_TEST_FULL: "1" } : {}) });
  } finally {
    await closeAll();
  }
}

/** @param {string[]} levels */
async function prepare(levels) {
  refuseOldNode(process.version);
  await installPackages([
    GIT,
    SSH_KEYGEN,
    ...(levels.includes("integration") && !redisProgram() ? [REDIS_PACKAGE] : []),
    ...(levels.includes("browser") ? [CHROMIUM] : []),
    ...(levels.includes("engine") ? [DOCKER_CLIENT, SSH_SERVER] : []),
    ...(levels.includes("faults") || levels.includes("browser") ? [DOCKER_CLIENT, ENGINE, IP] : []),
  ]);
  await ensurePackages();
  await ensureBuild();
  fs.rmSync(RESULTS, { recursive: true, force: true });
  fs.mkdirSync(RESULTS, { recursive: true });
}

async function runChecks() {
  const results = await Promise.all(staticChecks(checkout).map(async ({ name, check }) => ({ name, problem: await check() })));
  for (const { name, problem } of results) {
    process.stdout.write(`${problem === null ? "✓" : "✗"} ${name}\n${problem === null ? "" : `${problem}\n`}`);
    total[problem === null ? "passed" : "failed"]++;
  }
}

/** A level that cannot be stood up is a failure, not a skip; the others still run. @param {string[]} levels @param {NodeJS.ProcessEnv} env */
async function runLevels(levels, env) {
  /** @type {NodeJS.ProcessEnv | null} */
  let onPlatform = null;
  for (const level of levels) {
    try {
      if (level === "unit") add(await runLevel(checkout, level, env));
      else if (level === "integration") add(await runLevel(checkout, level, { ...env, ...(await stand(startStores(env))) }));
      else if (ON_PLATFORM.includes(level)) {
        onPlatform ??= { ...env, ...(await stand(startPlatform(env, RESULTS))) };
        add(await runLevel(checkout, level, onPlatform));
      }
    } catch (error) {
      total.failed++;
      process.stderr.write(`${errorLine(error)}\n`);
    }
  }
}

/** @param {Promise<import("./platform.mjs").Stand>} starting */
async function stand(starting) {
  const started = await starting;
  standing.push(started);
  return started.env;
}

/** @param {Count} count */
function add(count) {
  total.passed += count.passed;
  total.failed += count.failed;
  total.skipped += count.skipped;
}

async function closeAll() {
  for (const one of standing.splice(0).reverse()) {
    try {
      await one.close({ keepLogs: total.failed > 0 ? path.join(RESULTS, "logs") : null });
    } catch (error) {
      total.failed++;
      process.stderr.write(`${errorLine(error)}\n`);
    }
  }
}

let isStopping = false;
/** @param {NodeJS.Signals} signal */
async function stop(signal) {
  if (isStopping) return;
  isStopping = true;
  say(`\n${signal}: stopping what was started`);
  await endRunning();
  await endVitest();
  await closeAll();
  process.exit(130);
}
