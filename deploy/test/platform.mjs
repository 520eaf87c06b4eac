// @ts-check
/** What the tests stand on: PostgreSQL and Redis for the integration level, a whole platform for the levels above. Both are homes of their own beside the checkout's. */
import fs from "node:fs";
import path from "node:path";
import { ensureBaseImages } from "../../e2e/support/base-images.mjs";
import { bringUp, ensureStores, startSupervisor } from "../up/bring-up.mjs";
import { readJson, writeJson } from "../up/files.mjs";
import { ensureHome, findHome, homeFolder } from "../up/home.mjs";
import { locked } from "../up/lock.mjs";
import { installPackages } from "../up/packages.mjs";
import { freePort } from "../up/ports.mjs";
import { preflight } from "../up/preflight.mjs";
import { say } from "../up/say.mjs";
import { takeDown } from "../up/take-down.mjs";

/** @typedef {{ env: Record<string, string>, close: (options: { keepLogs: string | null }) => Promise<void> }} Stand */

/** The home of this checkout that tests use. @param {string} suffix @param {NodeJS.ProcessEnv} env */
export const testFolder = (suffix, env) => `${homeFolder({ ...env, DOKPLOY_HOME: env.DOKPLOY_TEST_HOME ?? "" })}-${suffix}`;

/** PostgreSQL and Redis: given by TEST_DATABASE_URL and TEST_REDIS_URL, else started. Their data is kept: the next run is faster. @param {NodeJS.ProcessEnv} env @returns {Promise<Stand>} */
export async function startStores(env) {
  if (env.TEST_DATABASE_URL && env.TEST_REDIS_URL)
    return { env: { TEST_DATABASE_URL: env.TEST_DATABASE_URL, TEST_REDIS_URL: env.TEST_REDIS_URL }, close: async () => {} };
  const home = ensureHome(testFolder("stores", env));
  return locked(home.lock, async () => {
    const { database, redis } = await ensureStores(home, { ...env, DATABASE_URL: env.TEST_DATABASE_URL, REDIS_URL: env.TEST_REDIS_URL });
    const services = [database.process, redis.process].filter((process_) => process_ !== null);
    const facts = { port: 0, edgePort: 0, dockerHost: "", adminUrl: database.adminUrl, redisUrl: redis.url, setup: null, buildId: "" };
    await startSupervisor(home, { home: home.folder, privateEngine: false, services, migrate: null, processes: [], facts });
    return {
      env: { TEST_DATABASE_URL: database.adminUrl, TEST_REDIS_URL: redis.url },
      close: async () => void (await takeDown(home)),
    };
  });
}

/**
 * A whole platform with the demo, on free ports; nothing of an earlier run is in it.
 * @param {string} name tells its home from another's
 * @param {NodeJS.ProcessEnv} caller
 * @param {string} results where the tests find what `bin/up --json` says
 * @returns {Promise<Stand>}
 */
export async function startPlatform(name, caller, results) {
  const folder = testFolder(name, caller);
  const left = findHome(folder);
  if (left) await takeDown(left, { purge: true });
  const [port, edgePort] = [await freePort(), await freePort()];
  const { DATABASE_URL, REDIS_URL, ...rest } = caller;
  const env = { ...rest, DOKPLOY_HOME: folder, DOKPLOY_PORT: String(port), DOKPLOY_EDGE_PORT: String(edgePort), DOKPLOY_ALLOW_HOSTS: "127.0.0.1,localhost" };
  const found = await preflight({ env, folder, homeId: null, isRunning: false, port, edgePort });
  const home = ensureHome(folder);
  const close = async (/** @type {{ keepLogs: string | null }} */ { keepLogs }) => {
    if (keepLogs) fs.cpSync(home.logs, path.join(keepLogs, name), { recursive: true });
    await takeDown(home, { purge: true });
  };
  try {
    const up = await locked(home.lock, () => bringUp(home, { env, ...found, port, edgePort, wantsDemo: true }));
    await installPackages([{ program: "busybox", packages: ["busybox-static"], purpose: "base images for the tests" }]);
    await ensureBaseImages({ dockerHost: readJson(home.plan).facts.dockerHost, log: say });
    const file = path.join(results, `${name}-up.json`);
    writeJson(file, up);
    return { env: { DOKPLOY_HOME: folder, DOKPLOY_PORT: String(port), DOKPLOY_EDGE_PORT: String(edgePort), DOKPLOY_TEST_UP: file }, close };
  } catch (error) {
    await close({ keepLogs: path.join(results, "logs") });
    throw error;
  }
}
