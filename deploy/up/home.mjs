// @ts-check
/** Where one installation keeps its things. */
import { randomBytes } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { digestOf, isReachableByAll, readJson, writeJson } from "./files.mjs";
import { isAlive, readText } from "./processes.mjs";

/** The folder that this checkout is. */
export const checkout = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
/** What all homes of a machine share. */
export const MACHINE = "/var/lib/dokploy";

/**
 * @typedef {{
 *   folder: string, id: string, state: string, plan: string, secrets: string, setup: string, lock: string, logs: string,
 *   repositories: string, run: string, data: string,
 * }} Home `run` and `data` are where other users of this machine may pass, in the home itself where that is so
 */

export const isRoot = () => process.getuid?.() === 0;

/**
 * @param {NodeJS.ProcessEnv} env
 * @param {string} [from] the checkout
 * @returns {string} an absolute folder
 */
export function homeFolder(env, from = checkout) {
  if (env.DOKPLOY_HOME) return path.resolve(env.DOKPLOY_HOME);
  return isRoot() ? path.join(MACHINE, digestOf(fs.realpathSync(from)).slice(0, 12)) : path.join(from, ".dokploy");
}

/**
 * @param {string} folder
 * @param {{ id: string, isReachable: boolean }} facts
 * @returns {Home}
 */
export function homeAt(folder, { id, isReachable }) {
  const open = isReachable || !isRoot() ? folder : path.join(MACHINE, "run", id);
  return {
    folder,
    id,
    state: path.join(folder, "state.json"),
    plan: path.join(folder, "plan.json"),
    secrets: path.join(folder, "secrets.json"),
    setup: path.join(folder, "setup.json"),
    lock: path.join(folder, "up.lock"),
    logs: path.join(folder, "logs"),
    repositories: path.join(folder, "repositories"),
    run: path.join(open, "run"),
    data: path.join(open, "data"),
  };
}

/** @param {string} folder @returns {Home | null} null where nothing was ever started */
export function findHome(folder) {
  const facts = readJson(path.join(folder, "home.json"));
  return facts ? homeAt(folder, facts) : null;
}

/**
 * The home, made when it is not there. As root its folders can be passed but not listed: users of our own have their data below it.
 * @param {string} folder
 * @returns {Home}
 */
export function ensureHome(folder) {
  const mode = isRoot() ? 0o711 : 0o700;
  if (isRoot()) fs.mkdirSync(MACHINE, { recursive: true, mode: 0o711 });
  fs.mkdirSync(folder, { recursive: true, mode });
  fs.chmodSync(folder, mode);
  const facts = path.join(folder, "home.json");
  if (!fs.existsSync(facts)) writeJson(facts, { id: digestOf(fs.realpathSync(folder)).slice(0, 10), isReachable: isReachableByAll(folder) });
  const home = /** @type {Home} */ (findHome(folder));
  fs.mkdirSync(home.logs, { recursive: true, mode: 0o700 });
  fs.mkdirSync(home.repositories, { recursive: true, mode: 0o700 });
  for (const open of [home.run, home.data]) fs.mkdirSync(open, { recursive: true, mode });
  if (isRoot()) for (const open of [path.dirname(home.run), home.run, home.data]) fs.chmodSync(open, 0o711);
  if (isRoot() && home.run.startsWith(path.join(MACHINE, "run"))) fs.chmodSync(path.join(MACHINE, "run"), 0o711);
  return home;
}

/**
 * Secrets of this home: each is made once and kept, mode 0600.
 * @param {Home} home
 * @returns {{ masterKey: string, database: string, databaseWeb: string, databaseWorker: string, redis: string, registry: string, registrySalt: string, admin: string }}
 */
export function ensureSecrets(home) {
  const known = readJson(home.secrets) ?? {};
  const word = () => randomBytes(24).toString("base64url");
  const secrets = {
    masterKey: randomBytes(32).toString("base64"),
    database: word(),
    databaseWeb: word(),
    databaseWorker: word(),
    redis: word(),
    registry: word(),
    registrySalt: randomBytes(24).toString("hex").slice(0, 21),
    admin: randomBytes(15).toString("base64url"),
    ...known,
  };
  if (Object.keys(secrets).length !== Object.keys(known).length) writeJson(home.secrets, secrets);
  return secrets;
}

/** @typedef {import("./processes.mjs").ProcessRecord} ProcessRecord */
/** @typedef {{ status: "starting" | "up" | "failed" | "closing", reason: string | null, plan: string, supervisor: ProcessRecord | null, processes: Record<string, ProcessRecord | null> }} State */

/** @param {Home} home @returns {State | null} what the supervisor wrote last */
export const readState = (home) => readJson(home.state);

/** @param {Home | null} home @returns {boolean} whether its supervisor or anything that it started lives */
export function hasProcesses(home) {
  const state = home ? readState(home) : null;
  return state !== null && [state.supervisor, ...Object.values(state.processes)].some(isAlive);
}

/** @param {Home} home @returns {boolean} whether this home's supervisor lives */
export const isSupervised = (home) => isAlive(readState(home)?.supervisor);

/** @param {Home} home @param {string} name @param {number} [count] @returns {string} the end of a log, for a message */
export const lastLines = (home, name, count = 8) => (readText(path.join(home.logs, `${name}.log`)) ?? "").trimEnd().split("\n").slice(-count).join("\n");
