import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync, readlinkSync } from "node:fs";
import { environmentOf } from "./faults";
import type { HomeDatabase } from "./home-database";

/** Another worker of the same home, started as the supervisor started the first; ready once it reports. */
export async function startSecondWorker(like: number, workerId: string, sql: HomeDatabase) {
  const [command = "", ...args] = readFileSync(`/proc/${like}/cmdline`, "utf8").split("\0").slice(0, -1);
  const env = { ...environmentOf(like), DOKPLOY_WORKER_ID: workerId };
  const child: ChildProcess = spawn(command, args, { env: env as unknown as NodeJS.ProcessEnv, cwd: readlinkSync(`/proc/${like}/cwd`), stdio: "ignore" });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const since = Date.now();
  for (;;) {
    const [row] = await sql`select 1 from workers where id = ${workerId} and reported_at > to_timestamp(${since / 1000})`;
    if (row) break;
    if (child.exitCode !== null) throw new Error(`The second worker ended with status ${child.exitCode}.`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    pid: child.pid ?? 0,
    async end(signal: NodeJS.Signals) {
      child.kill(signal);
      await ended;
    },
  };
}
