import { readFile, statfs } from "node:fs/promises";
import { eq } from "drizzle-orm";
import { workers } from "../../db/schema";
import type { Services } from "../../server/context";
import type { WorkerEnv } from "../../server/env";
import type { Log } from "../../server/log";

const REPORT_MS = 5_000;

/** Bytes that can be given to programs without swapping (proc(5), MemAvailable). */
async function availableMemory(): Promise<number> {
  return Number(/^MemAvailable:\s+(\d+) kB/m.exec(await readFile("/proc/meminfo", "utf8"))?.[1] ?? 0) * 1024;
}

/** Tells the database every 5 s what this worker sees, so that the web process can validate and be ready without the engine. */
export function reportWorker(
  services: Services,
  env: WorkerEnv,
  log: Log,
  engineVersion: () => Promise<string>,
  nodeCount: () => number,
): { report(): Promise<void>; stop(): Promise<void> } {
  const startedAt = services.clock();
  const report = async () => {
    const [engine, disk, memory] = await Promise.allSettled([engineVersion(), statfs(env.DOKPLOY_HOME), availableMemory()]);
    const facts = {
      reportedAt: services.clock(),
      startedAt,
      engineVersion: engine.status === "fulfilled" ? engine.value : null,
      engineError: engine.status === "rejected" ? String((engine.reason as Error).message).slice(0, 300) : null,
      nodeCount: nodeCount(),
      registry: env.REGISTRY,
      freeDiskBytes: disk.status === "fulfilled" ? disk.value.bavail * disk.value.bsize : 0,
      totalDiskBytes: disk.status === "fulfilled" ? disk.value.blocks * disk.value.bsize : 0,
      buildSlots: env.DOKPLOY_BUILD_SLOTS,
      freeMemoryBytes: memory.status === "fulfilled" ? memory.value : 0,
    };
    await services.db
      .insert(workers)
      .values({ id: env.DOKPLOY_WORKER_ID, ...facts })
      .onConflictDoUpdate({ target: workers.id, set: facts });
  };
  const safely = () => report().catch((error: Error) => log.warn({ error: error.message }, "report not stored"));
  const timer = setInterval(safely, REPORT_MS);
  return {
    report: safely,
    async stop() {
      clearInterval(timer);
      await services.db.delete(workers).where(eq(workers.id, env.DOKPLOY_WORKER_ID));
    },
  };
}
