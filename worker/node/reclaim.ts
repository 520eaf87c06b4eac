import { statfs } from "node:fs/promises";
import { and, eq, inArray } from "drizzle-orm";
import { deployments } from "../../db/schema";
import type { WorkerContext } from "../context";
import { sweepRegistry } from "../operate/sweep-registry";

const EVERY_MS = 5 * 60_000;
/** Every so many times the registry is looked through. */
const REGISTRY_EVERY = 12;
const UNUSED_HOURS = 7 * 24;
const GIB = 1024 ** 3;
/** Below this much free disk, or this share of it, build cache goes down to what `KEEP_BYTES` says. */
const LOW_BYTES = 5 * GIB;
const LOW_SHARE = 0.15;
const KEEP_BYTES = GIB;

/** Removes build cache by age, and by pressure when the disk gets full, on every node that can be asked; never while something is built. */
export async function reclaimDisk(worker: WorkerContext): Promise<void> {
  const { db, log } = worker.services;
  const [building] = await db
    .select({ id: deployments.id })
    .from(deployments)
    .where(and(eq(deployments.status, "running"), inArray(deployments.step, ["build", "push-image"])))
    .limit(1);
  if (building) return;
  const disk = await statfs(worker.env.DOKPLOY_HOME);
  const own = { name: "", engine: worker.ports, free: disk.bavail * disk.bsize, total: disk.blocks * disk.bsize };
  const others = worker.agents.ready().map(({ name, engine, report }) => ({ name, engine, free: report.freeDiskBytes, total: report.totalDiskBytes }));
  for (const { name, engine, free, total } of [own, ...others]) {
    const isLow = free < LOW_BYTES || free < total * LOW_SHARE;
    try {
      const freed = await engine.images.reclaim({ unusedHours: UNUSED_HOURS, keepBytes: isLow ? KEEP_BYTES : null });
      if (freed > 0) log.info({ freed, isLow, node: name }, "build cache removed");
    } catch (error) {
      log.warn({ err: error, node: name }, "no disk reclaimed");
    }
  }
}

export function reclaimRegularly(worker: WorkerContext): { close(): void } {
  const { log } = worker.services;
  let turns = 0;
  const timer = setInterval(() => {
    reclaimDisk(worker).catch((error: unknown) => log.warn({ err: error }, "no disk reclaimed"));
    if (++turns % REGISTRY_EVERY !== 0) return;
    sweepRegistry(worker)
      .then((count) => (count > 0 ? log.info({ count }, "images removed from the registry") : undefined))
      .catch((error: unknown) => log.warn({ err: error }, "images not removed from the registry; tried again in an hour"));
  }, EVERY_MS);
  return { close: () => clearInterval(timer) };
}
