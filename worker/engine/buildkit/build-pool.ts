import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Piscina } from "piscina";
import type { ServeAnswer, ServeTask } from "../../threads/serve-build";

export type BuildPool = { send(task: ServeTask): Promise<ServeAnswer>; close(): Promise<void> };

const isSource = import.meta.url.endsWith(".ts");

/** From its sources the thread is TypeScript and needs tsx; in the bundle it lies beside the program, in `threads/`. */
function threadOptions(): { filename: string; execArgv?: string[] } {
  if (!isSource) return { filename: fileURLToPath(new URL("./threads/serve-build.js", import.meta.url)) };
  const loader = createRequire(import.meta.url).resolve("tsx");
  return { filename: fileURLToPath(new URL("../../threads/serve-build.ts", import.meta.url)), execArgv: ["--import", pathToFileURL(loader).href] };
}

/** A thread waits for the engine's answer most of the time, so it holds several builds. */
const BUILDS_A_THREAD = 16;

/** Threads that serve builds: their contexts, secrets and credentials; none while nothing is built. */
export function createBuildPool(maxThreads = 2): BuildPool {
  const pool = new Piscina<ServeTask, ServeAnswer>({
    ...threadOptions(),
    minThreads: 0,
    maxThreads,
    concurrentTasksPerWorker: BUILDS_A_THREAD,
    idleTimeout: 60_000,
  });
  return {
    send: (task) => pool.run(task, { transferList: [task.port] }),
    close: () => pool.destroy(),
  };
}
