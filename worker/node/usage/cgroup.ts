/** What the kernel counts of one group of processes. `memoryBytes` is the working set: what is in use less the file cache that nobody misses. */
export type GroupCounters = { cpuMicros: number; memoryBytes: number; readBytes: number; writtenBytes: number };

/** The files of a group, below the place where cgroups are mounted. */
export type GroupFiles =
  | { version: 1; cpu: string; memory: string; memoryStat: string; io: string }
  | { version: 2; cpu: string; memory: string; memoryStat: string; io: string };

const MOUNT = "/sys/fs/cgroup";

/**
 * Where the counters of a process's group are, out of its `/proc/<pid>/cgroup` (cgroups(7)). With both versions mounted the first one
 * has the controllers. Null when the text says of neither, or when the group is not one of this machine's own tree.
 */
export function groupFiles(text: string): GroupFiles | null {
  const groups = new Map<string, string>();
  for (const line of text.split("\n")) {
    const [, controllers, path] = /^\d+:([^:]*):(.+)$/.exec(line) ?? [];
    if (path === undefined || path.includes("/..")) continue;
    for (const controller of (controllers ?? "").split(",")) groups.set(controller, path);
  }
  const [cpu, memory, io, unified] = [groups.get("cpuacct"), groups.get("memory"), groups.get("blkio"), groups.get("")];
  if (cpu !== undefined && memory !== undefined)
    return {
      version: 1,
      cpu: `${MOUNT}/cpuacct${cpu}/cpuacct.usage`,
      memory: `${MOUNT}/memory${memory}/memory.usage_in_bytes`,
      memoryStat: `${MOUNT}/memory${memory}/memory.stat`,
      io: `${MOUNT}/blkio${io ?? cpu}/blkio.throttle.io_service_bytes_recursive`,
    };
  if (unified === undefined) return null;
  const folder = `${MOUNT}${unified}`;
  return { version: 2, cpu: `${folder}/cpu.stat`, memory: `${folder}/memory.current`, memoryStat: `${folder}/memory.stat`, io: `${folder}/io.stat` };
}

/** Texts of the files; null for one that is not there. A machine without a controller for disks has no `io`. */
export type GroupTexts = Record<"cpu" | "memory" | "memoryStat" | "io", string | null>;

/** Counters of a group out of its files' texts; null when it is gone. */
export function parseGroup(version: 1 | 2, { cpu, memory, memoryStat, io }: GroupTexts): GroupCounters | null {
  if (cpu === null || memory === null) return null;
  const cpuMicros = version === 1 ? Math.round(Number(cpu) / 1000) : field(cpu, "usage_usec");
  const cache = field(memoryStat ?? "", version === 1 ? "total_inactive_file" : "inactive_file");
  const usage = Number(memory);
  if (!Number.isFinite(cpuMicros) || !Number.isFinite(usage)) return null;
  return { cpuMicros, memoryBytes: Math.max(0, usage - cache), ...(version === 1 ? parseBlkio(io ?? "") : parseIoStat(io ?? "")) };
}

/** `name value`, one a line; 0 for a name that is not there. */
function field(text: string, name: string): number {
  const start = text.startsWith(`${name} `) ? 0 : text.indexOf(`\n${name} `) + 1;
  if (start === 0 && !text.startsWith(`${name} `)) return 0;
  return Number.parseInt(text.slice(start + name.length + 1), 10);
}

/** `8:0 Read 4096`, a line for each disk and direction (Documentation/admin-guide/cgroup-v1/blkio-controller). */
function parseBlkio(text: string): Pick<GroupCounters, "readBytes" | "writtenBytes"> {
  let [readBytes, writtenBytes] = [0, 0];
  for (const [, way, bytes] of text.matchAll(/^\d+:\d+ (Read|Write) (\d+)$/gm)) {
    if (way === "Read") readBytes += Number(bytes);
    else writtenBytes += Number(bytes);
  }
  return { readBytes, writtenBytes };
}

/** `8:0 rbytes=4096 wbytes=0 rios=1 …`, a line for each disk (Documentation/admin-guide/cgroup-v2). */
function parseIoStat(text: string): Pick<GroupCounters, "readBytes" | "writtenBytes"> {
  const sum = (name: string) => [...text.matchAll(new RegExp(`\\b${name}=(\\d+)`, "g"))].reduce((total, match) => total + Number(match[1]), 0);
  return { readBytes: sum("rbytes"), writtenBytes: sum("wbytes") };
}
