import { readFile } from "node:fs/promises";

export type Listener = { address: string; port: number };

const LISTENING = "0A";
/** Docker's own resolver listens inside every container on a user-defined network. */
const ENGINE_RESOLVER = "127.0.0.11";

/** The kernel writes addresses as 32-bit words in host byte order: each group of eight hex digits is reversed by bytes. Source: proc(5), /proc/net/tcp. */
function toAddress(hex: string): string {
  const bytes: number[] = [];
  for (let word = 0; word < hex.length; word += 8) for (let at = 6; at >= 0; at -= 2) bytes.push(Number.parseInt(hex.slice(word + at, word + at + 2), 16));
  if (bytes.length === 4) return bytes.join(".");
  if (bytes.every((byte) => byte === 0)) return "::";
  if (bytes.slice(0, 15).every((byte) => byte === 0) && bytes[15] === 1) return "::1";
  const isMapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255 && bytes[11] === 255;
  if (isMapped) return bytes.slice(12).join(".");
  const groups: string[] = [];
  for (let at = 0; at < 16; at += 2) groups.push((((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)).toString(16));
  return groups.join(":");
}

type Connection = { local: Listener; remote: Listener; state: string };

/** The rows of /proc/net/tcp or tcp6. */
export function parseTcpTable(text: string): Connection[] {
  const rows: Connection[] = [];
  for (const line of text.split("\n").slice(1)) {
    const [, local, remote, state] = line.trim().split(/\s+/);
    const from = /^([0-9A-F]+):([0-9A-F]{4})$/.exec(local ?? "");
    const to = /^([0-9A-F]+):([0-9A-F]{4})$/.exec(remote ?? "");
    if (!from?.[1] || !from[2] || !to?.[1] || !to[2] || !state) continue;
    rows.push({
      local: { address: toAddress(from[1]), port: Number.parseInt(from[2], 16) },
      remote: { address: toAddress(to[1]), port: Number.parseInt(to[2], 16) },
      state,
    });
  }
  return rows;
}

async function readIfReadable(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch {
    return ""; // ended meanwhile, on another machine, or not ours to read: nothing is known then
  }
}

/** The TCP table of the network that a process lives in; empty when it cannot be read, or when the process is not the container's. */
export async function readTcpTable(pid: number, containerId: string): Promise<Connection[]> {
  const cgroup = await readIfReadable(`/proc/${pid}/cgroup`);
  const isIts = cgroup.includes(containerId) || (await readIfReadable(`/proc/${pid}/mountinfo`)).includes(containerId);
  if (!isIts) return [];
  const tables = await Promise.all([readIfReadable(`/proc/${pid}/net/tcp`), readIfReadable(`/proc/${pid}/net/tcp6`)]);
  return tables.flatMap(parseTcpTable);
}

/** Where a container listens for TCP. The worker runs on the engine's host, so `pid` is the host's. Empty when unknown. */
export async function readListeners(pid: number, containerId: string): Promise<Listener[]> {
  const rows = await readTcpTable(pid, containerId);
  const listening = rows.filter((row) => row.state === LISTENING && row.local.address !== ENGINE_RESOLVER).map((row) => row.local);
  return [...new Map(listening.map((listener) => [`${listener.address} ${listener.port}`, listener])).values()];
}

const ESTABLISHED = new Set(["01", "02"]);

/** How many connections lead from the process's network to one of `addresses` on `port`. */
export async function countConnections(pid: number, containerId: string, addresses: Set<string>, port: number): Promise<number> {
  const rows = await readTcpTable(pid, containerId);
  return rows.filter((row) => ESTABLISHED.has(row.state) && row.remote.port === port && addresses.has(row.remote.address)).length;
}
