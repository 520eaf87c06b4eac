// @ts-check
/** The Docker Engine: the one that is given or answers, else one private engine that all homes of this machine share. */
import fs from "node:fs";
import path from "node:path";
import { startEngine, stopEngine } from "../../e2e/support/engine.mjs";
import { engineAnswers, engineRequest } from "../../e2e/support/engine-api.mjs";
import { readJson, writeJson } from "./files.mjs";
import { MACHINE } from "./home.mjs";
import { locked } from "./lock.mjs";
import { installPackages } from "./packages.mjs";
import { Refusal, say } from "./say.mjs";
import { isAtLeast } from "./version.mjs";

export const ENGINE_PACKAGE = { program: "dockerd", packages: ["docker.io"], purpose: "builds and runs the applications" };
export const PRIVATE_ROOT = path.join(MACHINE, "engine");
const SYSTEM_SOCKET = "/var/run/docker.sock";
const OLDEST_API = "1.41";
const USERS = path.join(MACHINE, "engine-users");
const LOCK = path.join(MACHINE, "engine-users.lock");

/**
 * Which engine serves: a given one, the system's when it answers, or null for the private one. Changes nothing.
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<string | null>} its address
 * @throws {Refusal} when it is given and cannot serve
 */
export async function findEngine(env) {
  if (env.DOCKER_HOST) {
    if (!/^(unix:\/\/\/|tcp:\/\/)/.test(env.DOCKER_HOST))
      throw new Refusal(
        `DOCKER_HOST=${env.DOCKER_HOST} cannot be used`,
        "only unix:// and tcp:// are spoken",
        "set DOCKER_HOST to unix:///path or tcp://host:port",
      );
    if (env.DOCKER_HOST === `unix://${PRIVATE_ROOT}/docker.sock`) return null;
    if (!(await engineAnswers(env.DOCKER_HOST)))
      throw new Refusal(`no engine answers at ${env.DOCKER_HOST}`, "DOCKER_HOST names it", "start that engine, or unset DOCKER_HOST");
    await refuseUnfit(env.DOCKER_HOST);
    return env.DOCKER_HOST;
  }
  if (!(await engineAnswers(`unix://${SYSTEM_SOCKET}`))) return null;
  await refuseUnfit(`unix://${SYSTEM_SOCKET}`);
  return `unix://${SYSTEM_SOCKET}`;
}

/** @param {string} dockerHost @throws {Refusal} */
async function refuseUnfit(dockerHost) {
  const { json: version } = await engineRequest(dockerHost, "GET", "/version", { timeoutMs: 5_000 });
  if (!isAtLeast(version?.ApiVersion ?? "", OLDEST_API))
    throw new Refusal(
      `the engine at ${dockerHost} is too old`,
      `its API is ${version?.ApiVersion ?? "unknown"}, and ${OLDEST_API} (Docker 20.10) is needed`,
      "update Docker, or name another engine with DOCKER_HOST",
    );
  const { json: info } = await engineRequest(dockerHost, "GET", "/info", { timeoutMs: 10_000 });
  const swarm = info?.Swarm ?? {};
  if (swarm.LocalNodeState === "locked") throw new Refusal("the engine's Swarm is locked", "it was restarted with auto-lock", "docker swarm unlock");
  if (swarm.LocalNodeState === "active" && !swarm.ControlAvailable)
    throw new Refusal(
      `the engine at ${dockerHost} is a Swarm worker`,
      "services can be made on a manager only",
      "run bin/up on a manager, or name one with DOCKER_HOST",
    );
}

/**
 * The engine of this home, running, with Swarm.
 * @param {string | null} given from `findEngine`
 * @param {string} homeId
 * @param {string} homeFolder
 * @returns {Promise<string>} its address
 */
export async function ensureEngine(given, homeId, homeFolder) {
  if (given) {
    await ensureSwarm(given);
    return given;
  }
  await installPackages([ENGINE_PACKAGE]);
  fs.mkdirSync(USERS, { recursive: true, mode: 0o700 });
  return locked(LOCK, async () => {
    writeJson(path.join(USERS, homeId), { home: homeFolder });
    return startPrivateEngine();
  });
}

/** Starts the shared engine, or finds it running. */
export async function startPrivateEngine() {
  const { dockerHost, started } = await startEngine({ root: PRIVATE_ROOT, socket: path.join(PRIVATE_ROOT, "docker.sock") });
  if (started) say("started the engine that this machine's homes share");
  return dockerHost;
}

/** @param {string} dockerHost */
async function ensureSwarm(dockerHost) {
  const { json: info } = await engineRequest(dockerHost, "GET", "/info", { timeoutMs: 10_000 });
  if (info?.Swarm?.LocalNodeState !== "inactive") return;
  say("making the engine a Swarm of one node");
  const address = process.env.DOKPLOY_ADVERTISE_ADDR ?? "127.0.0.1";
  const { status, text } = await engineRequest(dockerHost, "POST", "/swarm/init", {
    body: { ListenAddr: `${address}:2377`, AdvertiseAddr: address, Spec: {} },
    timeoutMs: 60_000,
  });
  if (status !== 200) throw new Refusal("Swarm could not be initialised", text, "run docker swarm init by hand and bin/up again");
}

/**
 * This home needs the private engine no longer: the last one stops it.
 * @param {string} homeId
 * @returns {Promise<boolean>} whether it was stopped
 */
export async function leaveEngine(homeId) {
  if (!fs.existsSync(path.join(USERS, homeId))) return false;
  return locked(LOCK, async () => {
    fs.rmSync(path.join(USERS, homeId), { force: true });
    // A home whose folder is gone was removed without bin/down and holds nothing back.
    const others = fs.readdirSync(USERS).filter((name) => fs.existsSync(readJson(path.join(USERS, name))?.home ?? ""));
    return others.length === 0 ? stopEngine({ root: PRIVATE_ROOT }) : false;
  });
}
