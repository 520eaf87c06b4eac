// @ts-check
/** `bin/up [--detach] [--json] [--no-demo] [--status]`. */
import { setTimeout as wait } from "node:timers/promises";
import { readFlags, readPort } from "./arguments.mjs";
import { bringUp, describe } from "./bring-up.mjs";
import { readJson } from "./files.mjs";
import { ensureHome, findHome, homeFolder, isSupervised } from "./home.mjs";
import { locked } from "./lock.mjs";
import { preflight } from "./preflight.mjs";
import { endRunning } from "./run.mjs";
import { errorLine, Refusal, say } from "./say.mjs";
import { takeDown } from "./take-down.mjs";

const FLAGS = ["--detach", "--json", "--no-demo", "--status"];
const RESTART_PATIENCE_MS = 3_000;
const SIGNAL_PATIENCE_MS = 50;

/** @param {string[]} argv @param {NodeJS.ProcessEnv} env @returns {Promise<number>} the exit status */
export async function up(argv, env) {
  try {
    const flags = readFlags(argv, FLAGS);
    return flags.has("--status") ? await status(flags, env) : await start(flags, env);
  } catch (error) {
    process.stderr.write(`${errorLine(error)}\n`);
    return 1;
  }
}

/** @param {Set<string>} flags @param {NodeJS.ProcessEnv} env */
async function start(flags, env) {
  const folder = homeFolder(env);
  const before = findHome(folder);
  const wasRunning = before !== null && isSupervised(before);
  const running = wasRunning ? readJson(before.plan).facts : null;
  const port = readPort(env, "DOKPLOY_PORT", running?.port ?? 3000);
  const edgePort = readPort(env, "DOKPLOY_EDGE_PORT", running?.edgePort ?? 8080);
  if (running && (running.port !== port || running.edgePort !== edgePort))
    throw new Refusal(
      `this home runs on the ports ${running.port} and ${running.edgePort}`,
      "other ports are asked for",
      "run bin/down first, or unset DOKPLOY_PORT and DOKPLOY_EDGE_PORT",
    );
  const found = await preflight({ env, folder, homeId: before?.id ?? null, isRunning: wasRunning, port, edgePort });
  const home = ensureHome(folder);
  const { until } = onInterrupt(async () => {
    if (!wasRunning) await takeDown(home);
  });
  const begin = () => bringUp(home, { env, ...found, port, edgePort, wantsDemo: !flags.has("--no-demo") });
  const facts = await until(locked(home.lock, begin, { onWait: () => say("another bin/up or bin/down is at work on this home: waiting") }));
  process.stdout.write(flags.has("--json") ? `${JSON.stringify(facts)}\n` : inWords(facts));
  if (flags.has("--detach")) return 0;
  say("Ctrl-C stops it. It runs on without a terminal with bin/up --detach.");
  await until(untilStopped(home));
  return 0;
}

/** Waits while the home runs; ends when another command stopped it. @param {import("./home.mjs").Home} home */
async function untilStopped(home) {
  while (isSupervised(home)) await wait(500);
  say("it was stopped");
}

/**
 * An interruption ends the work that is under way, undoes what this run started, and ends this program.
 * @param {() => Promise<void>} undo
 */
function onInterrupt(undo) {
  /** @type {(signal: NodeJS.Signals) => void} */
  let interrupt = () => {};
  const interrupted = new Promise((resolve) => {
    interrupt = resolve;
  });
  /** @type {NodeJS.Signals[]} */
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of signals) process.on(signal, interrupt);
  let hasBegun = false;
  interrupted.then(async (signal) => {
    hasBegun = true;
    say(`\n${signal}: stopping`);
    await endRunning();
    try {
      await undo();
    } catch (error) {
      say(errorLine(error));
    }
    process.exit(signal === "SIGINT" ? 130 : 143);
  });
  const never = new Promise(() => {});
  return {
    /**
     * Once interrupted it never settles, so that nothing is reported twice.
     * @template T
     * @param {Promise<T>} work
     * @returns {Promise<T>}
     */
    until: (work) =>
      Promise.race([work, interrupted.then(() => never)]).catch(async (error) => {
        // A signal from the terminal reaches what is running here too: its end may be known before the signal is.
        await wait(SIGNAL_PATIENCE_MS);
        if (hasBegun) await never;
        throw error;
      }),
  };
}

/** @param {Set<string>} flags @param {NodeJS.ProcessEnv} env */
async function status(flags, env) {
  const home = findHome(homeFolder(env));
  if (!home || !isSupervised(home)) return down("nothing runs for this home", home, flags);
  let facts = describe(home);
  for (const deadline = Date.now() + RESTART_PATIENCE_MS; (!facts.pids.web || !facts.pids.worker) && Date.now() < deadline; await wait(50))
    facts = describe(home);
  if (!facts.pids.web || !facts.pids.worker) return down(`${facts.pids.web ? "the worker" : "web"} does not run`, home, flags);
  process.stdout.write(flags.has("--json") ? `${JSON.stringify(facts)}\n` : inWords(facts));
  return 0;
}

/** @param {string} what @param {import("./home.mjs").Home | null} home @param {Set<string>} flags @returns {never} */
function down(what, home, flags) {
  if (flags.has("--json") && home && readJson(home.plan)) process.stdout.write(`${JSON.stringify(describe(home))}\n`);
  throw new Refusal(what, home ? `its folder is ${home.folder}` : "nothing was ever started here", "run bin/up");
}

/** @param {any} facts */
function inWords({ dashboard, edge, admin, demo, token }) {
  const lines = [
    "",
    `  Dashboard  ${dashboard}`,
    `  Sign in    ${admin.email}  ${admin.password}`,
    `  Edge       ${edge}`,
    ...(demo ? [`  Demo       ${demo.url}`, `  Push to    ${demo.repository}`] : []),
    `  Token      ${token}`,
    "",
  ];
  return `${lines.join("\n")}\n`;
}
