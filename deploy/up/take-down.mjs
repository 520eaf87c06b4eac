// @ts-check
/** Stops exactly what was started for a home, by recorded pids and by label. */
import fs from "node:fs";
import path from "node:path";
import { engineAnswers } from "../../e2e/support/engine-api.mjs";
import { leaveEngine, startPrivateEngine } from "./engine.mjs";
import { readJson } from "./files.mjs";
import { MACHINE, readState } from "./home.mjs";
import { endLeftovers } from "./leftovers.mjs";
import { endProcess, isAlive } from "./processes.mjs";
import { forgetRegistry } from "./registry-certificate.mjs";
import { say } from "./say.mjs";
import { purgeFromEngine, removeFromEngine } from "./tidy.mjs";

const SUPERVISOR_GRACE_MS = 45_000;

/**
 * @param {import("./home.mjs").Home} home
 * @param {{ purge?: boolean }} [options] `purge` also removes its data
 * @returns {Promise<boolean>} whether anything ran
 */
export async function takeDown(home, { purge = false } = {}) {
  const state = readState(home);
  const wasRunning = isAlive(state?.supervisor) || Object.values(state?.processes ?? {}).some(isAlive);
  await endProcess(state?.supervisor, { graceMs: SUPERVISOR_GRACE_MS });
  await endLeftovers(home);
  /** @type {import("./plan.mjs").Plan | null} */
  const plan = readJson(home.plan);
  if (plan && (wasRunning || state || purge)) await clearEngine(plan, home.id, purge);
  const hasStoppedEngine = await leaveEngine(home.id);
  fs.rmSync(home.state, { force: true });
  if (purge && plan?.facts.trustedRegistry) forgetRegistry(plan.facts.trustedRegistry);
  if (purge) removeData(home);
  return wasRunning || hasStoppedEngine;
}

/** @param {import("./plan.mjs").Plan} plan @param {string} homeId @param {boolean} purge */
async function clearEngine(plan, homeId, purge) {
  const { dockerHost } = plan.facts;
  if (!dockerHost) return;
  if (!(await engineAnswers(dockerHost, 5_000))) {
    if (!plan.privateEngine) return say(`the engine at ${dockerHost} does not answer: what was made in it stays`);
    // Dead, but its Swarm would bring our services back with the next start.
    await startPrivateEngine();
  }
  await removeFromEngine(dockerHost, homeId);
  if (purge) await purgeFromEngine(dockerHost, homeId);
}

/** @param {import("./home.mjs").Home} home */
function removeData(home) {
  for (const open of [home.run, home.data]) fs.rmSync(open, { recursive: true, force: true });
  const besides = path.dirname(home.run);
  if (besides.startsWith(path.join(MACHINE, "run"))) fs.rmSync(besides, { recursive: true, force: true });
  fs.rmSync(home.folder, { recursive: true, force: true });
}
