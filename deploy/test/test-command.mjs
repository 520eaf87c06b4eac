// @ts-check
/** `bin/test [unit|integration|engine|browser|faults]… [--full] [--fresh]`: the whole truth, or the named levels. */
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
import { add } from "./count.mjs";
import { tell } from "./failures.mjs";
import { greenBefore, rememberGreen, treeHash } from "./green.mjs";
import { startPlatform, startStores, testFolder } from "./platform.mjs";
import { secondGo } from "./second-go.mjs";
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

/** @typedef {import("./count.mjs").Count} Count */
/** @typedef {import("./vitest-run.mjs").LevelResult} LevelResult */

/** @typedef {{ levels: string[], isWhole: boolean, isFull: boolean, isFresh: boolean }} Asked */
const FLAGS = ["--full", "--fresh"];

/** @param {string[]} argv @returns {Asked} @throws {Refusal} */
export function readLevels(argv) {
  const unknown = argv.find((argument) => !FLAGS.includes(argument) && !LEVELS.includes(argument));
  if (unknown) throw new Refusal(`there is no level ${unknown}`, "tests are run by level", `use ${LEVELS.join(" ")} [${FLAGS.join("] [")}]`);
  const named = LEVELS.filter((level) => argv.includes(level));
  const isFull = argv.includes("--full");
  // who names a level, or asks for the long form, wants to see it run
  return { levels: named.length > 0 ? named : LEVELS, isWhole: named.length === 0, isFull, isFresh: named.length > 0 || isFull || argv.includes("--fresh") };
}

/** @type {import("./platform.mjs").Stand[]} */
const standing = [];
/** @type {Count} */
const total = { passed: 0, failed: 0, skipped: 0 };
/** Said once more at the very end: a long log is often read from there. @type {string[]} */
const said = [];

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
  // whoever stops the tests closes what stands, and ends the process
  if (isStopping) await new Promise(() => {});
  for (const one of said) process.stdout.write(`${one}\n`);
  process.stdout.write(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped\n`);
  return total.failed === 0 && total.passed > 0 ? 0 : 1;
}

/** @param {Asked} asked @param {NodeJS.ProcessEnv} env */
async function runAll({ levels, isWhole, isFull, isFresh }, env) {
  try {
    await prepare(levels);
    if (isWhole || levels.includes("unit")) await runChecks();
    const hash = isFull ? null : treeHash(checkout, env.DOCKER_HOST);
    const left = levels.filter((level) => isFresh || !ON_PLATFORM.includes(level) || !isKnownGreen(hash, level));
    await runLevels(left, { ...env, ...(isFull ? { DOKPLOY_TEST_FULL: "1" } : {}) }, hash, isWhole);
  } finally {
    await closeAll();
  }
}

/** @param {string | null} hash @param {string} level */
function isKnownGreen(hash, level) {
  const green = greenBefore(hash, level);
  if (!green) return false;
  process.stdout.write(`✓ ${level}: ${green.passed} passed at ${green.at}, and nothing has changed since: not run again (bin/test --fresh runs it)\n`);
  sum({ passed: green.passed, failed: 0, skipped: 0 });
  return true;
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
    if (problem !== null) said.push(`✗ ${name}, as told above`);
    total[problem === null ? "passed" : "failed"]++;
  }
}

/**
 * After the levels without an engine, two at once, each on a platform of its own: the faults mostly wait for leases and drains while the
 * engine's tests work. The browser's come after them, since Chromium gives requests up when the machine's networks change; what harms the
 * engine that all of them stand on comes last, alone.
 * @param {string[]} levels @param {NodeJS.ProcessEnv} env @param {string | null} hash @param {boolean} isWhole who names a level sees its failures at once
 */
async function runLevels(levels, env, hash, isWhole) {
  const only = (/** @type {string} */ name) => levels.filter((level) => level === name);
  await inTurn(only("unit"), async (level) => finish(level, await runLevel(checkout, level, env)));
  await inTurn(only("integration"), async (level) => finish(level, await runLevel(checkout, level, { ...env, ...(await stand(startStores(env))) })));

  const [faults, isCalm] = [only("faults"), only("engine").length + only("browser").length > 0];
  const platform = await standIf(isCalm, "test", env);
  const shaken = await standIf(faults.length > 0, "faults", env);
  /** @type {import("./second-go.mjs").LevelRun[]} */
  const runs = [];
  const run = async (/** @type {string} */ level, /** @type {NodeJS.ProcessEnv} */ on, isBeside = false) =>
    void runs.push({ level, env: on, result: await runLevel(checkout, level, on, { isBeside }) });
  const isBeside = only("engine").length > 0;
  await Promise.all([
    inTurn(only("engine"), async (level) => run(level, await platform())),
    inTurn(faults, async (level) => run(level, await shaken(), isBeside)),
  ]);
  await inTurn(only("browser"), async (level) => run(level, await platform()));
  await inTurn(faults, async () => run("alone", await shaken()));
  for (const one of runs) {
    const asItWas = { result: one.result, unsteady: [] };
    const { result, unsteady } = isWhole ? await secondGo(checkout, one).catch((error) => notAgain(one.level, error, asItWas)) : asItWas;
    for (const failure of unsteady) said.push(`~ passed only when it was run again. ${tell(one.level, failure, one.result.logs, checkout)}`);
    finish(one.level, result);
  }
  rememberLevels(runs, hash, env);
}

/** @template T @param {string} level @param {unknown} error @param {T} asItWas */
function notAgain(level, error, asItWas) {
  said.push(`✗ ${level} could not be run again: ${errorLine(error)}`);
  return asItWas;
}

/** @param {import("./second-go.mjs").LevelRun[]} runs as they went at first @param {string | null} hash @param {NodeJS.ProcessEnv} env */
function rememberLevels(runs, hash, env) {
  if (hash !== treeHash(checkout, env.DOCKER_HOST)) return;
  const of = (/** @type {string} */ level) => runs.find((run) => run.level === level)?.result.count;
  const [engine, browser, faults, alone] = [of("engine"), of("browser"), of("faults"), of("alone")];
  if (engine) rememberGreen(hash, "engine", engine);
  if (browser) rememberGreen(hash, "browser", browser);
  if (faults && alone) rememberGreen(hash, "faults", add(faults, alone));
}

/** Counts a level, and keeps what failed for the end. @param {string} level @param {LevelResult} result */
function finish(level, { count, failures, logs }) {
  sum(count);
  said.push(...failures.map((failure) => `✗ ${tell(level, failure, logs, checkout)}`));
}

/**
 * A platform, where one is wanted: one after another, since each may install and build what the next one finds. That it could not be
 * stood up is thrown to each level that asks for it.
 * @param {boolean} isWanted @param {string} name @param {NodeJS.ProcessEnv} env @returns {Promise<() => Promise<NodeJS.ProcessEnv>>}
 */
async function standIf(isWanted, name, env) {
  if (!isWanted) return () => Promise.reject(new Error(`the platform ${name} was not wanted`));
  const started = stand(startPlatform(name, env, RESULTS)).then((more) => ({ ...env, ...more }));
  await started.catch(() => {});
  return () => started;
}

/** A level that cannot be stood up is a failure, not a skip; the others still run. @param {string[]} levels @param {(level: string) => Promise<void>} run */
async function inTurn(levels, run) {
  for (const level of levels) {
    try {
      await run(level);
    } catch (error) {
      total.failed++;
      said.push(`✗ ${level}: ${errorLine(error)}`);
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
const sum = (count) => void Object.assign(total, add(total, count));

let closing = Promise.resolve();
/** Who stops the tests waits for what their own end has begun to close. */
const closeAll = () => {
  closing = closing.then(closeStanding);
  return closing;
};

async function closeStanding() {
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
