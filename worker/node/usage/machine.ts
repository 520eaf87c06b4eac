import { closeSync, openSync, readdirSync, readSync } from "node:fs";
import { statfs } from "node:fs/promises";
import path from "node:path";
import { type GroupCounters, type GroupFiles, groupFiles, parseGroup } from "./cgroup";
import { isDisk, isOutside, isWire, parseBusyMicros, parseCores, parseDisks, parseLoad, parseMemory, parseTraffic } from "./proc";

/** Counters since the beginning; gauges as they are now. */
export type Counters = GroupCounters & { receivedBytes: number; sentBytes: number };
export type NodeCounters = Counters & { cores: number; memoryTotal: number; diskUsed: number; diskTotal: number; load: number };
export type ProcessRef = { id: string; pid: number };

/** The kernel's counters of the machine that this process runs on. */
export type Machine = {
  /** Null for a container that has ended, or that runs on another machine. */
  container(ref: ProcessRef): Counters | null;
  node(): Promise<NodeCounters>;
  /** Forgets where the files of other containers are. */
  keepOnly(ids: ReadonlySet<string>): void;
};

/** More than the largest of these files has. */
const BUFFER_BYTES = 256 * 1024;

/**
 * Reads are small, of memory, and made by one thread: a call to the thread pool for each of them costs several times what the read does.
 * @param root in front of /proc and /sys
 * @param dataRoot where the engine keeps images and volumes
 */
export function createMachine({ root = "", dataRoot }: { root?: string; dataRoot: string }): Machine {
  const buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  const read = (file: string): string | null => {
    let descriptor: number;
    try {
      descriptor = openSync(path.join(root, file), "r");
    } catch {
      return null; // it has ended meanwhile, or this kernel has no such file
    }
    try {
      let length = 0;
      for (let got = -1; got !== 0 && length < BUFFER_BYTES; length += got) got = readSync(descriptor, buffer, length, BUFFER_BYTES - length, null);
      return buffer.toString("latin1", 0, length);
    } catch {
      return null; // a group that is removed while it is read
    } finally {
      closeSync(descriptor);
    }
  };
  const files = new Map<string, GroupFiles>();
  /** A process may have ended and its number be another's: its groups are a container's only when they carry the container's id. */
  const filesOf = ({ id, pid }: ProcessRef): GroupFiles | null => {
    const known = files.get(`${id} ${pid}`);
    if (known) return known;
    const found = groupFiles(read(`/proc/${pid}/cgroup`) ?? "");
    if (!found?.cpu.includes(id)) return null;
    files.set(`${id} ${pid}`, found);
    return found;
  };
  return {
    container(ref) {
      const group = filesOf(ref);
      if (!group) return null;
      const { version, ...places } = group;
      const counters = parseGroup(version, { cpu: read(places.cpu), memory: read(places.memory), memoryStat: read(places.memoryStat), io: read(places.io) });
      if (!counters) return null;
      return { ...counters, ...parseTraffic(read(`/proc/${ref.pid}/net/dev`) ?? "", isOutside) };
    },
    async node() {
      const disk = await statfs(path.join(root, dataRoot));
      const memory = parseMemory(read("/proc/meminfo") ?? "");
      const stat = read("/proc/stat") ?? "";
      const disks = new Set(readdirSync(path.join(root, "/sys/block")).filter(isDisk));
      return {
        cpuMicros: parseBusyMicros(stat),
        memoryBytes: memory.used,
        memoryTotal: memory.total,
        ...parseTraffic(read("/proc/1/net/dev") ?? read("/proc/net/dev") ?? "", isWire),
        ...parseDisks(read("/proc/diskstats") ?? "", disks),
        cores: parseCores(stat),
        diskUsed: (disk.blocks - disk.bfree) * disk.bsize,
        diskTotal: disk.blocks * disk.bsize,
        load: parseLoad(read("/proc/loadavg") ?? ""),
      };
    },
    keepOnly(ids) {
      for (const key of files.keys()) if (!ids.has(key.split(" ")[0] ?? "")) files.delete(key);
    },
  };
}
