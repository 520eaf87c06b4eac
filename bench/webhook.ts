/**
 * `npx tsx bench/webhook.ts [seconds] [per second]`: how long a signed push takes to be acknowledged, at a steady rate; first with the
 * worker stopped (no builds run), then with the worker taking what comes.
 */
import { readFileSync } from "node:fs";
import { sendPush } from "../e2e/support/platform";
import { benchPlatform, machine, quantile, table } from "./support";

const seconds = Number(process.argv[2] ?? 20);
const rate = Number(process.argv[3] ?? 100);
const platform = await benchPlatform();
const project = `bench-${Date.now().toString(36)}`;
await platform.client.projects.create.mutate({ name: project });
// An image that is nowhere: each deployment is accepted, coalesced, and ends at once; no build runs.
const app = await platform.client.apps.create.mutate({ name: "hooks", project, git: "https://git.example.invalid/a.git" });
const hook = { url: app.webhook.url, secret: app.webhook.secret ?? "" };

const tick = 10;
/** CPU time of a process so far, in ms (proc(5): utime and stime in clock ticks of 10 ms). */
const cpuOf = (pid: number): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * tick;
};

async function measure(name: string): Promise<string[]> {
  const times: number[] = [];
  const statuses = new Map<number, number>();
  const open: Promise<void>[] = [];
  const cpuBefore = cpuOf(platform.up.pids.web);
  const begin = performance.now();
  for (let n = 0; n < seconds * rate; n++) {
    const sha = crypto.randomUUID().replaceAll("-", "").padEnd(40, "0");
    const startedAt = performance.now();
    open.push(
      sendPush(hook, { branch: "main", sha }).then(async (answer) => {
        times.push(performance.now() - startedAt);
        statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
        await answer.arrayBuffer();
      }),
    );
    const due = begin + ((n + 1) * 1000) / rate;
    if (due > performance.now()) await new Promise((resolve) => setTimeout(resolve, due - performance.now()));
  }
  await Promise.all(open);
  const cpu = (cpuOf(platform.up.pids.web) - cpuBefore) / times.length;
  const answers = [...statuses].map(([status, n]) => `${n} × ${status}`).join(", ");
  return [name, ...[0.5, 0.9, 0.99, 1].map((q) => quantile(times, q).toFixed(1)), cpu.toFixed(2), answers];
}

const rows: string[][] = [];
process.kill(platform.up.pids.worker, "SIGSTOP");
try {
  rows.push(await measure("builds paused"));
} finally {
  process.kill(platform.up.pids.worker, "SIGCONT");
}
rows.push(await measure("worker at work"));
process.stdout.write(`${seconds * rate} signed pushes each, ${rate}/s; ${machine()}\n\n`);
table(["", "p50, ms", "p90, ms", "p99, ms", "worst, ms", "web CPU a push, ms", "answers"], rows);
await platform.client.projects.delete.mutate({ project });
