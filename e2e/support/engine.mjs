/**
 * A private Docker engine: started detached, found again after any kind of end, stopped by the pid that was recorded.
 * A daemon that this file did not start is never touched. Plain Node, no packages.
 */
import { spawn, spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { engineAnswers, engineRequest } from "./engine-api.mjs";

/** Without an address that other machines reach, nobody else can join. */
const SWARM_ADDRESS = process.env.DOKPLOY_ADVERTISE_ADDR || "127.0.0.1";
const LONGEST_SOCKET_PATH = 100;

const places = (root) => ({
  record: path.join(root, "engine.json"),
  data: path.join(root, "data"),
  exec: path.join(root, "exec"),
  pidFile: path.join(root, "docker.pid"),
  logFile: path.join(root, "dockerd.log"),
  lock: path.join(root, "engine.lock"),
  containerdPid: path.join(root, "exec", "containerd", "containerd.pid"),
});

const readText = (file) => {
  try {
    return fs.readFileSync(file, "utf8");
  } catch (error) {
    if (error.code === "ENOENT" || error.code === "ESRCH" || error.code === "ENOTDIR") return null;
    throw error;
  }
};
const readJson = (file) => {
  const text = readText(file);
  if (text === null) return null;
  try {
    return JSON.parse(text);
  } catch {
    return null; // half written by a process that was killed: as good as absent
  }
};
const bootId = () => (readText("/proc/sys/kernel/random/boot_id") ?? "").trim();

/** Field 22 of /proc/<pid>/stat (proc(5)): with it a recycled pid is not mistaken for the recorded process. Null for the dead and for zombies. */
function startTime(pid) {
  const stat = readText(`/proc/${pid}/stat`);
  if (stat === null) return null;
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" ? null : fields[19];
}
const commandLine = (pid) => (readText(`/proc/${pid}/cmdline`) ?? "").split("\0");
const isRecorded = (record) => Boolean(record?.pid) && record.bootId === bootId() && startTime(record.pid) === record.startTime;

function removePidFileUnless(file, isOurs) {
  const pid = Number(readText(file) ?? 0);
  if (pid > 0 && startTime(pid) !== null && isOurs(pid)) return pid;
  fs.rmSync(file, { force: true });
  return null;
}

/** Holds `<root>/engine.lock` while `run` runs, so that two callers start one engine. A lock whose holder is dead is broken. */
async function locked(lock, run) {
  const mine = JSON.stringify({ pid: process.pid, startTime: startTime(process.pid), bootId: bootId() });
  for (;;) {
    try {
      fs.writeFileSync(lock, mine, { flag: "wx" });
      break;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
      const holder = readJson(lock);
      const age = Date.now() - (fs.statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? 0);
      if (holder ? !isRecorded(holder) : age > 2000) fs.rmSync(lock, { force: true });
      else await wait(100);
    }
  }
  try {
    return await run();
  } finally {
    if (readText(lock) === mine) fs.rmSync(lock, { force: true });
  }
}

/** overlay2 where an overlay can be mounted on this file system, else vfs (slow, works everywhere). A root that was used keeps its driver. */
function storageDriver(data) {
  for (const known of ["overlay2", "fuse-overlayfs", "vfs"]) if (fs.existsSync(path.join(data, "image", known))) return known;
  const probe = fs.mkdtempSync(path.join(data, "overlay-probe-"));
  try {
    for (const name of ["lower", "upper", "work", "merged"]) fs.mkdirSync(path.join(probe, name));
    const options = `lowerdir=${probe}/lower,upperdir=${probe}/upper,workdir=${probe}/work`;
    const mounted = spawnSync("mount", ["-t", "overlay", "overlay", "-o", options, `${probe}/merged`]).status === 0;
    if (mounted) spawnSync("umount", [`${probe}/merged`]);
    return mounted ? "overlay2" : "vfs";
  } finally {
    fs.rmSync(probe, { recursive: true, force: true });
  }
}

function findDaemon(given) {
  if (given) return given;
  const folders = [...(process.env.PATH ?? "").split(":"), "/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/local/bin", "/usr/bin"];
  const found = folders
    .filter(Boolean)
    .map((folder) => path.join(folder, "dockerd"))
    .find((file) => fs.existsSync(file));
  if (!found) throw new Error("dockerd is not installed. Debian and Ubuntu have it in the package docker.io.");
  return found;
}

function launch({ root, socket, dockerd, extraArgs }) {
  const at = places(root);
  const log = fs.openSync(at.logFile, "a", 0o600);
  const args = [
    "--data-root",
    at.data,
    "--exec-root",
    at.exec,
    "--pidfile",
    at.pidFile,
    "--host",
    `unix://${socket}`,
    "--group",
    "root",
    "--storage-driver",
    storageDriver(at.data),
    "--log-level",
    "warn",
    "--log-driver",
    "json-file",
    "--log-opt",
    "max-size=10m",
    "--log-opt",
    "max-file=2",
    "--shutdown-timeout",
    "10",
    ...extraArgs,
  ];
  const child = spawn(findDaemon(dockerd), args, { detached: true, stdio: ["ignore", log, log], cwd: "/" });
  fs.closeSync(log);
  const ended = new Promise((resolve) => {
    child.once("error", (error) => resolve(`it could not be started: ${error.message}`));
    child.once("exit", (code, signal) => resolve(`it ended with ${signal ?? `status ${code}`}`));
  });
  child.unref();
  return { pid: child.pid, ended, args };
}

const lastLogLines = (root) => (readText(places(root).logFile) ?? "").trimEnd().split("\n").slice(-8).join("\n");

/** Waits until the API answers, or the process ended. */
async function untilAnswering({ dockerHost, root, ended, isAlive, timeoutMs }) {
  let reason = null;
  ended?.then((why) => {
    reason = why;
  });
  const deadline = Date.now() + timeoutMs;
  while (!(await engineAnswers(dockerHost))) {
    if (reason || !isAlive()) throw new Error(`the engine did not start: ${reason ?? "its process is gone"}. Its log ends:\n${lastLogLines(root)}`);
    if (Date.now() > deadline) throw new Error(`the engine did not answer within ${timeoutMs} ms. Its log ends:\n${lastLogLines(root)}`);
    await wait(50);
  }
}

/** One node's Swarm, on the loopback address unless another is given, made once; after a restart the engine brings its Swarm back by itself. */
async function ensureSwarm(dockerHost, timeoutMs, log) {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const { json: info } = await engineRequest(dockerHost, "GET", "/info", { timeoutMs });
    const state = info?.Swarm?.LocalNodeState;
    if (state === "active" && info.Swarm.ControlAvailable) {
      // "active" comes before a leader is elected; the service list answers only after it
      if ((await engineRequest(dockerHost, "GET", "/nodes", { timeoutMs })).status === 200) return info;
    } else if (state === "inactive") {
      const body = { ListenAddr: `${SWARM_ADDRESS}:2377`, AdvertiseAddr: SWARM_ADDRESS, Spec: { Orchestration: { TaskHistoryRetentionLimit: 3 } } };
      const { status, text } = await engineRequest(dockerHost, "POST", "/swarm/init", { body, timeoutMs });
      if (status !== 200) throw new Error(`Swarm could not be initialised: ${text.trim()}`);
      log("swarm initialised");
    } else if (state === "locked") throw new Error("the engine's Swarm is locked: unlock it with `docker swarm unlock`.");
    if (Date.now() > deadline) throw new Error(`Swarm was not ready within ${timeoutMs} ms: ${info?.Swarm?.Error || state || "unknown state"}`);
    await wait(50);
  }
}

function clearTheDead(root, socket, record) {
  const at = places(root);
  // Runtime state on disk does not survive a boot: mounts and shims are gone, their files are not.
  if (record && record.bootId !== bootId()) fs.rmSync(at.exec, { recursive: true, force: true });
  const other = removePidFileUnless(at.pidFile, (pid) => commandLine(pid).some((part) => part.endsWith("dockerd")) && commandLine(pid).includes(at.data));
  removePidFileUnless(at.containerdPid, (pid) => commandLine(pid).some((part) => part.includes("containerd")));
  if (other === null) fs.rmSync(socket, { force: true });
  return other;
}

/**
 * Starts the engine of `root`, or finds it running, and returns when its API and its Swarm answer.
 * Repeating it changes nothing. A stale pid file, a killed daemon and a reboot are recovered from.
 * @param {{ root: string, socket?: string, log?: (line: string) => void, timeoutMs?: number, dockerd?: string, extraArgs?: string[] }} options
 *   `root` is an absolute folder on a file system with room; `socket` defaults to `<root>/docker.sock`.
 * @returns {Promise<{ dockerHost: string, pid: number | null, started: boolean, storageDriver: string }>} `pid` is null for an engine that answers there and was not started by this file
 * @throws Error with the end of the daemon's log when it does not come up
 */
export async function startEngine({ root, socket = path.join(root, "docker.sock"), log = () => {}, timeoutMs = 120_000, dockerd, extraArgs = [] }) {
  const longest = Math.max(socket.length, path.join(root, "exec/containerd/containerd-debug.sock").length);
  if (!path.isAbsolute(root) || longest > LONGEST_SOCKET_PATH)
    throw new Error(`the engine's folder must be absolute and its socket paths under ${LONGEST_SOCKET_PATH} characters: ${root}`);
  const at = places(root);
  const dockerHost = `unix://${socket}`;
  fs.mkdirSync(at.data, { recursive: true, mode: 0o711 });
  fs.mkdirSync(path.dirname(socket), { recursive: true });
  return locked(at.lock, async () => {
    const record = readJson(at.record);
    let pid = isRecorded(record) ? record.pid : null;
    let started = false;
    if (pid !== null) await untilAnswering({ dockerHost, root, isAlive: () => isRecorded(record), timeoutMs });
    else if (!(await engineAnswers(dockerHost))) {
      const other = clearTheDead(root, socket, record);
      if (other !== null) await untilAnswering({ dockerHost, root, isAlive: () => startTime(other) !== null, timeoutMs });
      else {
        const child = launch({ root, socket, dockerd, extraArgs });
        pid = child.pid ?? null;
        started = true;
        if (pid) fs.writeFileSync(at.record, JSON.stringify({ pid, startTime: startTime(pid), bootId: bootId(), socket, args: child.args }), { mode: 0o600 });
        log(`engine starting (pid ${pid})`);
        await untilAnswering({ dockerHost, root, ended: child.ended, isAlive: () => startTime(pid) !== null, timeoutMs });
      }
    }
    const info = await ensureSwarm(dockerHost, timeoutMs, log);
    return { dockerHost, pid, started, storageDriver: info.Driver };
  });
}

async function endProcess(pid, began, graceMs, log) {
  const alive = () => startTime(pid) === began;
  if (began === null || !alive()) return;
  process.kill(pid, "SIGTERM");
  const deadline = Date.now() + graceMs;
  while (alive() && Date.now() < deadline) await wait(50);
  if (!alive()) return;
  log(`process ${pid} did not end within ${graceMs} ms and is killed`);
  process.kill(pid, "SIGKILL");
  while (alive()) await wait(50);
}

/** Mounts that a killed daemon left below its root would keep the folder from being removed. */
function unmountBelow(root) {
  const mounts = (readText("/proc/self/mounts") ?? "")
    .split("\n")
    .map((line) => line.split(" ")[1] ?? "")
    .filter((point) => point.startsWith(`${root}/`));
  for (const point of mounts.reverse()) spawnSync("umount", ["-l", point]);
}

/**
 * Stops the engine that `startEngine` recorded for `root`, with its containers and its containerd. Any other daemon is left alone.
 * @param {{ root: string, log?: (line: string) => void, graceMs?: number, purge?: boolean }} options `purge` also removes the folder with all images, volumes and the Swarm
 * @returns {Promise<boolean>} whether there was one to stop
 */
export async function stopEngine({ root, log = () => {}, graceMs = 45_000, purge = false }) {
  const at = places(root);
  if (!fs.existsSync(root)) return false;
  const stopped = await locked(at.lock, async () => {
    const record = readJson(at.record);
    const running = isRecorded(record);
    if (running) await endProcess(record.pid, record.startTime, graceMs, log);
    const containerd = Number(readText(at.containerdPid) ?? 0);
    if (record && containerd > 0 && commandLine(containerd).some((part) => part.startsWith(at.exec)))
      await endProcess(containerd, startTime(containerd), 5000, log);
    if (record) unmountBelow(root);
    fs.rmSync(at.record, { force: true });
    return running;
  });
  if (purge && !(await engineAnswers(`unix://${path.join(root, "docker.sock")}`))) fs.rmSync(root, { recursive: true, force: true });
  return stopped;
}
