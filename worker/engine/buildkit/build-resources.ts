import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { totalmem } from "node:os";
import path from "node:path";

/**
 * What all builds of one engine together may use; 0 for no limit, null where nobody asked: then memory is limited to what leaves the
 * machine its own, unless a lower limit is set already, and processors stay as they are.
 */
export type BuildResources = { memoryBytes: number | null; cpus: number | null };

const PERIOD_MICROS = 100_000;
/** The engine runs the steps of every build in control groups below this one (cgroupfs driver); its containers lie beside it. */
const BUILDS = "docker/buildkit";

const GIB = 1024 ** 3;
/** Of a machine's memory, in bytes, what builds may have: an eighth, at least 1 GiB and at most half of it, is for what runs and for the platform. */
export const defaultMemory = (totalBytes: number): number => Math.floor(totalBytes - Math.min(Math.max(GIB, totalBytes / 8), totalBytes / 2));

/**
 * Limits what builds may use, by the kernel's control groups (v1: cgroups(7); v2: the kernel's cgroup-v2.rst): the engine's BuildKit has no
 * limits of its own, and its release 20.10 knows no group for a build of one's own. They hold for the engine, whichever installation sets
 * them, and at once, for builds that run too.
 * @param root where control groups are mounted
 * @throws Error that says what is missing, where this process may not set them
 */
export async function limitBuilds({ memoryBytes, cpus }: BuildResources, root = "/sys/fs/cgroup"): Promise<void> {
  const isV1 = existsSync(path.join(root, "memory"));
  if (!isV1 && !existsSync(path.join(root, "cgroup.controllers"))) throw new Error(`no control groups are mounted at ${root}`);
  const memory = path.join(await group(isV1 ? path.join(root, "memory") : root), isV1 ? "memory.limit_in_bytes" : "memory.max");
  const none = isV1 ? "-1" : "max";
  if (memoryBytes !== null) await writeFile(memory, memoryBytes === 0 ? none : String(memoryBytes));
  else if ((await limitIn(memory)) > defaultMemory(totalmem())) await writeFile(memory, String(defaultMemory(totalmem())));
  if (cpus === null) return;

  const quota = cpus === 0 ? null : Math.round(cpus * PERIOD_MICROS);
  const cpu = await group(isV1 ? path.join(root, "cpu") : root);
  if (isV1) {
    await writeFile(path.join(cpu, "cpu.cfs_period_us"), String(PERIOD_MICROS));
    await writeFile(path.join(cpu, "cpu.cfs_quota_us"), String(quota ?? -1));
  } else await writeFile(path.join(cpu, "cpu.max"), quota === null ? "max" : `${quota} ${PERIOD_MICROS}`);
}

/** In bytes; infinite for `max`, and for the number that stands for it in v1 and is more than any machine has. */
async function limitIn(file: string): Promise<number> {
  const text = existsSync(file) ? (await readFile(file, "utf8")).trim() : "max";
  return /^\d+$/.test(text) ? Number(text) : Number.POSITIVE_INFINITY;
}

async function group(hierarchy: string): Promise<string> {
  // where systemd manages the engine's groups there is no such folder, and one that we made would hold nothing
  if (!existsSync(path.join(hierarchy, "docker"))) throw new Error(`the engine keeps no control groups in ${path.join(hierarchy, "docker")}`);
  const folder = path.join(hierarchy, BUILDS);
  await mkdir(folder, { recursive: true });
  return folder;
}
