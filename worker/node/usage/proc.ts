/** The kernel tells times of processors in hundredths of a second on every Linux that Node runs on (time(7), USER_HZ). */
const MICROS_A_TICK = 10_000;
const SECTOR_BYTES = 512;
const KIB = 1024;

/** Time that all processors together were busy: neither idle, nor waiting for a disk, nor taken by another guest of the host (proc(5), /proc/stat). */
export function parseBusyMicros(stat: string): number {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = (/^cpu +(.*)$/m.exec(stat)?.[1] ?? "").split(" ").map(Number);
  return (user + nice + system + irq + softirq) * MICROS_A_TICK;
}

/** Processors that are on. */
export const parseCores = (stat: string): number => stat.match(/^cpu\d/gm)?.length ?? 0;

/** Bytes that are in use: what could not be given to a program without swapping (proc(5), MemAvailable). */
export function parseMemory(meminfo: string): { total: number; used: number } {
  const read = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(meminfo)?.[1] ?? 0) * KIB;
  const total = read("MemTotal");
  return { total, used: total - read("MemAvailable") };
}

export const parseLoad = (loadavg: string): number => Number(loadavg.split(" ")[0] ?? 0);

type Traffic = { receivedBytes: number; sentBytes: number };

/** Bytes of every interface that `counts` (proc(5), /proc/net/dev). */
export function parseTraffic(dev: string, counts: (name: string) => boolean): Traffic {
  const traffic = { receivedBytes: 0, sentBytes: 0 };
  for (const line of dev.split("\n")) {
    const colon = line.indexOf(":");
    if (colon < 0 || !counts(line.slice(0, colon).trim())) continue;
    const fields = line
      .slice(colon + 1)
      .trim()
      .split(/\s+/);
    traffic.receivedBytes += Number(fields[0] ?? 0);
    traffic.sentBytes += Number(fields[8] ?? 0);
  }
  return traffic;
}
/** A container's own: all but what it says to itself. */
export const isOutside = (name: string) => name !== "lo";
/** A machine's own: what bridges, tunnels and containers' ends pass on has been or will be counted elsewhere. */
export const isWire = (name: string) => !/^(lo|docker|br-|veth|vxlan|vx-|ov-|dummy|tun|tap|cni|flannel|cali|ifb|bond|wg)/.test(name);

/** Bytes of whole disks: partitions and what is laid over disks would be counted twice (Documentation/admin-guide/iostats). */
export function parseDisks(diskstats: string, disks: ReadonlySet<string>): { readBytes: number; writtenBytes: number } {
  const bytes = { readBytes: 0, writtenBytes: 0 };
  for (const line of diskstats.split("\n")) {
    const fields = line.trim().split(/\s+/);
    if (!disks.has(fields[2] ?? "")) continue;
    bytes.readBytes += Number(fields[5] ?? 0) * SECTOR_BYTES;
    bytes.writtenBytes += Number(fields[9] ?? 0) * SECTOR_BYTES;
  }
  return bytes;
}
/** Of the names in /sys/block. */
export const isDisk = (name: string) => !/^(loop|ram|zram|dm-|md|sr|fd|nbd)/.test(name);
