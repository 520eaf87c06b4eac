// @ts-check
/**
 * Keeps a home running as its plan says: `node supervisor.mjs <home>`. PostgreSQL, Redis and registry first, then migrations, then web and worker.
 * SIGHUP reads the plan anew and restarts what changed; SIGTERM closes everything in order.
 */
import path from "node:path";
import { engineAnswers } from "../../e2e/support/engine-api.mjs";
import { startPrivateEngine } from "./engine.mjs";
import { readJson, writeJson } from "./files.mjs";
import { findHome, lastLines } from "./home.mjs";
import { logSink } from "./logs.mjs";
import { planDigest } from "./plan.mjs";
import { recordOf } from "./processes.mjs";
import { run } from "./run.mjs";
import { supervise } from "./supervised.mjs";

const START_PATIENCE_MS = 60_000;
const ENGINE_EVERY_MS = 1_000;

const folder = path.resolve(process.argv[2] ?? "");
const home = /** @type {import("./home.mjs").Home} */ (findHome(folder));
const self = recordOf(process.pid);
const log = logSink(path.join(home.logs, "supervisor.log"));
const note = (/** @type {string} */ line) => log(`${new Date().toISOString()} ${line}\n`);

/** @type {Map<string, import("./supervised.mjs").Supervised>} in the order of their start */
const kept = new Map();
/** @type {{ status: import("./home.mjs").State["status"], reason: string | null, plan: string }} */
const now = { status: "starting", reason: null, plan: "" };
let migrated = "";
let isClosing = false;

function writeState() {
  const processes = Object.fromEntries([...kept].map(([name, process_]) => [name, process_.record()]));
  writeJson(home.state, { ...now, supervisor: self, processes });
}

/** @param {import("./plan.mjs").ProcessPlan[]} plans */
async function bring(plans) {
  for (const plan of plans) {
    const known = kept.get(plan.name);
    if (known && JSON.stringify(known.plan) === JSON.stringify(plan)) continue;
    if (known) {
      note(`${plan.name} is restarted: its plan changed`);
      await known.close();
    }
    kept.set(plan.name, supervise(plan, { sink: logSink(path.join(home.logs, `${plan.name}.log`)), note, onChange: writeState }));
  }
  await Promise.all(
    plans.map(({ name }) =>
      kept
        .get(name)
        ?.untilReady(START_PATIENCE_MS)
        .catch((error) => {
          throw new Error(`${error.message}. Its log ends: ${lastLines(home, name)}`);
        }),
    ),
  );
}

async function follow() {
  /** @type {import("./plan.mjs").Plan} */
  const plan = readJson(home.plan);
  now.plan = planDigest(plan);
  now.status = "starting";
  now.reason = null;
  writeState();
  try {
    const wanted = [...plan.services, ...plan.processes].map(({ name }) => name);
    for (const name of [...kept.keys()].filter((known) => !wanted.includes(known)).reverse()) {
      await kept.get(name)?.close();
      kept.delete(name);
    }
    await bring(plan.services);
    if (plan.migrate && migrated !== JSON.stringify(plan.migrate)) {
      const { command, args, env, cwd, input } = plan.migrate;
      await run(command, args, { env, cwd, input, doing: "migrating the database" });
      migrated = JSON.stringify(plan.migrate);
    }
    await bring(plan.processes);
    now.status = "up";
  } catch (error) {
    now.status = "failed";
    now.reason = error instanceof Error ? error.message : String(error);
  }
  note(`${now.status}${now.reason ? `: ${now.reason}` : ""}`);
  writeState();
}

/** The engine is no child of ours: homes share it. Whoever sees it dead first starts it. */
async function watchEngine() {
  /** @type {import("./plan.mjs").Plan} */
  const plan = readJson(home.plan);
  if (plan.privateEngine && !isClosing && !(await engineAnswers(plan.facts.dockerHost, 5_000)) && !isClosing) {
    note("the engine does not answer: starting it");
    await startPrivateEngine().catch((error) => note(`the engine could not be started: ${error.message}`));
  }
  if (!isClosing) setTimeout(watchEngine, ENGINE_EVERY_MS);
}

async function close() {
  if (isClosing) return;
  isClosing = true;
  now.status = "closing";
  writeState();
  note("closing");
  const plan = /** @type {import("./plan.mjs").Plan} */ (readJson(home.plan));
  const isProcess = (/** @type {string} */ name) => plan.processes.some((process_) => process_.name === name);
  const names = [...kept.keys()];
  await Promise.all(names.filter(isProcess).map((name) => kept.get(name)?.close()));
  await Promise.all(names.filter((name) => !isProcess(name)).map((name) => kept.get(name)?.close()));
  writeState();
  note("closed");
  process.exit(0);
}

let turn = Promise.resolve();
const inTurn = () => {
  turn = turn.then(() => (isClosing ? undefined : follow()));
};
process.on("SIGHUP", inTurn).on("SIGTERM", close).on("SIGINT", close);
process.on("uncaughtException", (error) => note(`unexpected: ${error.stack}`));
process.on("unhandledRejection", (error) => note(`unexpected: ${error instanceof Error ? error.stack : error}`));
inTurn();
setTimeout(watchEngine, ENGINE_EVERY_MS);
