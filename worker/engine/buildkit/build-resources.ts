import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";

/** What all builds of one engine together may use; 0 for no limit. */
export type BuildResources = { memoryBytes: number; cpus: number };

const PERIOD_MICROS = 100_000;
/** The engine runs the steps of every build in control groups below this one (cgroupfs driver); its containers lie beside it. */
const BUILDS = "docker/buildkit";

/**
 * Limits what builds may use, by the kernel's control groups (v1: cgroups(7); v2: the kernel's cgroup-v2.rst): the engine's BuildKit has no
 * limits of its own. They hold for the engine, whichever installation sets them, and at once, for builds that run too.
 * @param root where control groups are mounted
 * @throws Error that says what is missing, where this process may not set them
 */
export async function limitBuilds({ memoryBytes, cpus }: BuildResources, root = "/sys/fs/cgroup"): Promise<void> {
  const quota = cpus === 0 ? -1 : Math.round(cpus * PERIOD_MICROS);
  if (existsSync(path.join(root, "memory"))) {
    const memory = await group(path.join(root, "memory"));
    const cpu = await group(path.join(root, "cpu"));
    await writeFile(path.join(memory, "memory.limit_in_bytes"), memoryBytes === 0 ? "-1" : String(memoryBytes));
    await writeFile(path.join(cpu, "cpu.cfs_period_us"), String(PERIOD_MICROS));
    await writeFile(path.join(cpu, "cpu.cfs_quota_us"), String(quota));
    return;
  }
  if (!existsSync(path.join(root, "cgroup.controllers"))) throw new Error(`no control groups are mounted at ${root}`);
  const builds = await group(root);
  await writeFile(path.join(builds, "memory.max"), memoryBytes === 0 ? "max" : String(memoryBytes));
  await writeFile(path.join(builds, "cpu.max"), quota === -1 ? "max" : `${quota} ${PERIOD_MICROS}`);
}

async function group(hierarchy: string): Promise<string> {
  // where systemd manages the engine's groups there is no such folder, and one that we made would hold nothing
  if (!existsSync(path.join(hierarchy, "docker"))) throw new Error(`the engine keeps no control groups in ${path.join(hierarchy, "docker")}`);
  const folder = path.join(hierarchy, BUILDS);
  await mkdir(folder, { recursive: true });
  return folder;
}
