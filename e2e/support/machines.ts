import { execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmdirSync, rmSync } from "node:fs";
import { networkInterfaces } from "node:os";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";
import { isAlive, type ProcessRecord, recordOf } from "../../deploy/up/processes.mjs";
import { engineAnswers } from "./engine-api.mjs";

const run = promisify(execFile);
const ROOT = "/var/lib/dokploy";
const START_MS = 60_000;
const GRACE_MS = 20_000;
/** Where each machine finds its own engine: the folder is another one on each. */
export const ENGINE_SOCKET = "/run/docker/engine.sock";

/** `$1`: the machine's folder, `$2`: its host name; what follows are the daemon's arguments. */
const START = `
hostname "$2"
mkdir -p /etc/docker /run/docker
mount --bind "$1/etc" /etc/docker
mount -t tmpfs none /run/docker
folder="$1"
shift 2
exec dockerd "$@" >>"$folder/dockerd.log" 2>&1`;

export type Machine = {
  name: string;
  address: string;
  dockerHost: string;
  /** Runs a program as if on that machine: in its network, with its name and its /etc/docker. */
  run(command: string, args: string[], env?: Record<string, string>): Promise<{ stdout: string; stderr: string }>;
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Its daemon is held, or goes on; containers run on. */
  hold(): void;
  release(): void;
  start(): Promise<void>;
  /** Its link is cut, or mended. */
  cut(): Promise<void>;
  mend(): Promise<void>;
};
export type Machines = { machines: Machine[]; folder: string; gateway: string; close(): Promise<void> };

const ip = (...args: string[]) => run("ip", args);

/** A network of private addresses that no interface of this machine is in. */
function freeNetwork(): string {
  const used = Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map((one) => one.address.split(".").slice(0, 3).join(".")));
  for (let at = 1; at < 250; at++) if (!used.includes(`10.210.${at}`)) return `10.210.${at}`;
  throw new Error("no network below 10.210 is free");
}

/**
 * Machines on this one: each a Docker daemon with a network namespace, a host name and an /etc/docker of its own, joined by a switch that is a
 * namespace too, so that nothing of this machine's own network or engine is changed but one link to the switch. They share no Swarm yet.
 */
export async function openMachines(count: number): Promise<Machines> {
  const id = `dk${randomBytes(2).toString("hex")}`;
  const network = freeNetwork();
  const folder = path.join(ROOT, `machines-${id}`);
  mkdirSync(folder, { recursive: true, mode: 0o711 });
  const close = () => removeAll(id, folder);
  try {
    const gateway = `${network}.254`;
    await layNetwork(id, network, count);
    const machines = Array.from({ length: count }, (_, index) => machineOf(id, folder, network, index + 1));
    await Promise.all(machines.map((machine) => machine.start()));
    return { machines, folder, gateway, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function layNetwork(id: string, network: string, count: number): Promise<void> {
  const lan = `${id}s`;
  await ip("netns", "add", lan);
  await ip("-n", lan, "link", "set", "lo", "up");
  await ip("-n", lan, "link", "add", "br0", "type", "bridge");
  await ip("-n", lan, "link", "set", "br0", "up");
  await ip("link", "add", `${id}r`, "type", "veth", "peer", "name", "root", "netns", lan);
  await ip("addr", "add", `${network}.254/24`, "dev", `${id}r`);
  await ip("link", "set", `${id}r`, "up");
  await ip("-n", lan, "link", "set", "root", "master", "br0", "up");
  for (let index = 1; index <= count; index++) {
    const space = `${id}n${index}`;
    await ip("netns", "add", space);
    await ip("-n", lan, "link", "add", `p${index}`, "type", "veth", "peer", "name", "eth0", "netns", space);
    await ip("-n", lan, "link", "set", `p${index}`, "master", "br0", "up");
    await ip("-n", space, "link", "set", "lo", "up");
    await ip("-n", space, "addr", "add", `${network}.${index}/24`, "dev", "eth0");
    await ip("-n", space, "link", "set", "eth0", "up");
    await ip("-n", space, "route", "add", "default", "via", `${network}.254`);
  }
}

function machineOf(id: string, root: string, network: string, index: number): Machine {
  const space = `${id}n${index}`;
  const folder = path.join(root, `n${index}`);
  const socket = path.join(folder, "docker.sock");
  const dockerHost = `unix://${socket}`;
  let record: ProcessRecord | null = null;
  const daemon = [
    "--data-root",
    `${folder}/data`,
    "--exec-root",
    `${folder}/exec`,
    "--pidfile",
    `${folder}/pid`,
    "--host",
    dockerHost,
    "--host",
    `unix://${ENGINE_SOCKET}`,
    "--group",
    "root",
  ];
  // systemd, where it would keep the control groups, takes other names for them
  const more = ["--exec-opt", "native.cgroupdriver=cgroupfs", "--cgroup-parent", `/${space}`, "--log-level", "warn", "--shutdown-timeout", "5"];
  return {
    name: `${id}-${index}`,
    address: `${network}.${index}`,
    dockerHost,
    run: (command, args, env = {}) =>
      run("nsenter", [`--target=${record?.pid}`, "--net", "--mount", "--uts", command, ...args], {
        env: { PATH: process.env.PATH ?? "", HOME: process.env.HOME ?? "/", ...env } as unknown as NodeJS.ProcessEnv,
        cwd: path.resolve("."),
        maxBuffer: 1 << 26,
      }),
    async kill(signal) {
      if (!isAlive(record)) return;
      process.kill(record.pid, signal);
      while (isAlive(record)) await wait(20);
    },
    hold: () => void (isAlive(record) && process.kill(record.pid, "SIGSTOP")),
    release: () => void (isAlive(record) && process.kill(record.pid, "SIGCONT")),
    async start() {
      mkdirSync(path.join(folder, "etc"), { recursive: true, mode: 0o755 });
      for (const stale of ["pid", "docker.sock", "exec/containerd/containerd.pid"]) rmSync(path.join(folder, stale), { force: true });
      const log = openSync(path.join(folder, "start.log"), "a");
      const inside = ["unshare", "--mount", "--uts", "--propagation", "private", "sh", "-c", START, "start", folder, `${id}-${index}`];
      const child = spawn("nsenter", [`--net=/var/run/netns/${space}`, ...inside, ...daemon, ...more], { detached: true, stdio: ["ignore", log, log] });
      child.unref();
      record = recordOf(child.pid);
      for (const deadline = Date.now() + START_MS; !(await engineAnswers(dockerHost)); await wait(50))
        if (!isAlive(record) || Date.now() > deadline) throw new Error(`a machine's daemon did not start:\n${tail(folder)}`);
    },
    cut: async () => void (await ip("-n", `${id}s`, "link", "set", `p${index}`, "down")),
    mend: async () => void (await ip("-n", `${id}s`, "link", "set", `p${index}`, "up")),
  };
}

const tail = (folder: string) =>
  ["start.log", "dockerd.log"]
    .map((name) => (existsSync(path.join(folder, name)) ? readFileSync(path.join(folder, name), "utf8").slice(-2000) : ""))
    .join("\n");

/** Processes whose command or control group names our folder or our machines: daemons, their containerd, shims and what runs in containers. */
function processesOf(id: string, folder: string): ProcessRecord[] {
  const read = (file: string) => {
    try {
      return readFileSync(file, "utf8");
    } catch {
      return ""; // it has ended meanwhile
    }
  };
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => read(`/proc/${pid}/cmdline`).includes(`${folder}/`) || new RegExp(`/${id}n\\d+/`).test(read(`/proc/${pid}/cgroup`)))
    .flatMap((pid) => recordOf(Number(pid)) ?? []);
}

/** Takes away all that was made, whatever state it is in. */
async function removeAll(id: string, folder: string): Promise<void> {
  const daemons = processesOf(id, folder).filter(({ pid }) => readFileSync(`/proc/${pid}/cmdline`, "utf8").startsWith("dockerd\0"));
  for (const { pid } of daemons) for (const signal of ["SIGCONT", "SIGTERM"] as const) process.kill(pid, signal);
  for (const deadline = Date.now() + GRACE_MS; daemons.some(isAlive) && Date.now() < deadline; ) await wait(50);
  for (let left = processesOf(id, folder); left.length > 0; left = processesOf(id, folder)) {
    for (const { pid } of left) {
      try {
        process.kill(pid, "SIGKILL");
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
      }
    }
    await wait(100);
  }
  await ip("link", "del", `${id}r`).catch(() => undefined); // not made yet
  for (const space of readdirSync("/var/run/netns").filter((name) => name.startsWith(id))) await ip("netns", "del", space);
  for (const point of mountsBelow(folder)) await run("umount", ["-l", point]);
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  removeControlGroups(id);
}

const mountsBelow = (folder: string) =>
  readFileSync("/proc/self/mounts", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[1] ?? "")
    .filter((point) => point.startsWith(`${folder}/`))
    .reverse();

/** Empty control groups are removed as folders (cgroups(7)); version 1 has one of ours in each of its hierarchies. */
function removeControlGroups(id: string): void {
  const below = (group: string): string[] =>
    readdirSync(group, { withFileTypes: true })
      .filter((item) => item.isDirectory())
      .flatMap((item) => [...below(path.join(group, item.name)), path.join(group, item.name)]);
  for (const hierarchy of ["", ...readdirSync("/sys/fs/cgroup")]) {
    const parent = path.join("/sys/fs/cgroup", hierarchy);
    const own = existsSync(path.join(parent, "cgroup.procs")) ? readdirSync(parent).filter((name) => new RegExp(`^${id}n\\d+$`).test(name)) : [];
    for (const name of own) for (const group of [...below(path.join(parent, name)), path.join(parent, name)]) rmdirSync(group);
  }
}
