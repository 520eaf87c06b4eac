// @ts-check
/** One process that is kept running: started again when it ends, at once the first time, then with growing pauses. */
import { spawn } from "node:child_process";
import { setTimeout as wait } from "node:timers/promises";
import { endProcess, recordOf } from "./processes.mjs";
import { answers } from "./ready.mjs";

const STEADY_MS = 10_000;
/** A process that is killed from outside is back within 2 s, however often; one that ends by itself each time may wait longer. */
const PAUSES_MS = [0, 200, 500, 1_000, 1_200];
const LONGEST_PAUSE_MS = 5_000;
const PATIENT_ENDS = 8;

/** @param {number} endsInARow @param {boolean} wasKilled @returns {number} how long to wait before the next start */
export function pauseMs(endsInARow, wasKilled) {
  if (!wasKilled && endsInARow > PATIENT_ENDS) return LONGEST_PAUSE_MS;
  return PAUSES_MS[Math.min(endsInARow, PAUSES_MS.length) - 1] ?? 0;
}

/**
 * @typedef {import("./plan.mjs").ProcessPlan} ProcessPlan
 * @typedef {{ plan: ProcessPlan, record: () => import("./processes.mjs").ProcessRecord | null, untilReady: (timeoutMs: number) => Promise<void>, close: () => Promise<void> }} Supervised
 */

/**
 * @param {ProcessPlan} plan
 * @param {{ sink: (data: Buffer | string) => void, note: (line: string) => void, onChange: () => void }} out
 * @returns {Supervised}
 */
export function supervise(plan, { sink, note, onChange }) {
  /** @type {import("./processes.mjs").ProcessRecord | null} */
  let record = null;
  let isClosing = false;
  let endsInARow = 0;
  let lastEnd = "";
  let isAtUpkeep = false;

  const launch = (/** @type {string[]} */ args) => {
    // A group of its own: a signal to the caller's terminal does not reach it.
    const child = spawn(plan.command, args, {
      env: /** @type {any} */ (plan.env),
      cwd: plan.cwd,
      uid: plan.uid,
      gid: plan.gid,
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    child.stdout.on("data", sink);
    child.stderr.on("data", sink);
    record = recordOf(child.pid);
    onChange();
    return child;
  };
  /** What can be done only while the process does not run; that it fails is noted, and the process starts all the same. */
  const keepUp = async (/** @type {string[]} */ args) => {
    isAtUpkeep = true;
    const how = await new Promise((resolve) => {
      const child = launch(args);
      child.once("error", (error) => resolve(error.message));
      child.once("exit", (code, signal) => resolve(code === 0 ? null : (signal ?? `status ${code}`)));
    });
    if (how !== null && !isClosing) note(`${plan.name}: its upkeep failed (${how}); it starts without`);
    record = null;
    isAtUpkeep = false;
    if (!isClosing) start();
  };
  const start = () => {
    const began = Date.now();
    const child = launch(plan.args);
    let hasEnded = false;
    const ended = (/** @type {string} */ how, /** @type {boolean} */ wasKilled) => {
      if (hasEnded) return;
      hasEnded = true;
      record = null;
      lastEnd = how;
      onChange();
      if (isClosing) return;
      if (isAtUpkeep && plan.upkeep) return void keepUp(plan.upkeep.args);
      endsInARow = Date.now() - began > STEADY_MS ? 1 : endsInARow + 1;
      const pause = pauseMs(endsInARow, wasKilled);
      note(`${plan.name} ended (${how}), starting again${pause > 0 ? ` in ${pause} ms` : ""}`);
      setTimeout(() => isClosing || start(), pause);
    };
    child.once("error", (error) => ended(`it could not be started: ${error.message}`, false));
    child.once("exit", (code, signal) => ended(signal ?? `status ${code}`, signal !== null));
  };
  if (plan.upkeep) void keepUp(plan.upkeep.args);
  else start();
  const upkeep = plan.upkeep
    ? setInterval(() => {
        if (isAtUpkeep || isClosing || !record) return;
        isAtUpkeep = true;
        void endProcess(record, { signal: plan.stopSignal, graceMs: plan.graceMs });
      }, plan.upkeep.everyMs)
    : null;

  return {
    plan,
    record: () => record,
    async untilReady(timeoutMs) {
      for (const deadline = Date.now() + timeoutMs; !(record && !isAtUpkeep && (await answers(plan.ready))); await wait(30)) {
        if (isClosing) throw new Error(`${plan.name} is closing`);
        if (Date.now() > deadline)
          throw new Error(`${plan.name} does not answer after ${Math.round(timeoutMs / 1000)} s${lastEnd ? ` (it ended: ${lastEnd})` : ""}`);
        if (!record && endsInARow > PAUSES_MS.length) throw new Error(`${plan.name} ends as soon as it is started (${lastEnd})`);
      }
    },
    async close() {
      isClosing = true;
      if (upkeep) clearInterval(upkeep);
      await endProcess(record, { signal: plan.stopSignal, graceMs: plan.graceMs });
      record = null;
    },
  };
}
