/**
 * `npx tsx bench/live-log.ts [lines] [per second]`: from a worker's log writer to lines on a deployment's page in Chromium, through
 * Redis, PostgreSQL, the web process and its event stream. The deployment is synthetic, the way of its log is not.
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import { openBrowser } from "../e2e/support/browser";
import { openHomeDatabase } from "../e2e/support/home-database";
import { readEnv } from "../server/env";
import { createLog } from "../server/log";
import { createServices } from "../server/services";
import { openLogWriter } from "../worker/deploy/log-writer";
import { machine, presentPlatform, table } from "./support";

const total = Number(process.argv[2] ?? 500_000);
const rate = Number(process.argv[3] ?? 60_000);
const TICK_MS = 10;
const home = process.env.DOKPLOY_HOME ?? "/var/lib/dokploy";
type Plan = { processes: { name: string; env: NodeJS.ProcessEnv }[] };
const plan = JSON.parse(readFileSync(path.join(home, "plan.json"), "utf8")) as Plan;
const up = await presentPlatform();
const sql = openHomeDatabase(up);
const services = await createServices(readEnv(plan.processes.find((one) => one.name === "worker")?.env ?? process.env), "bench", createLog("bench", "silent"));
const residentMiB = (pid: number) => Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;

// A deployment that runs and is nobody's to take over, copied from the demo's.
const [row] = await sql<{ id: string; team_id: string }[]>`
  insert into deployments (team_id, project_id, environment_id, app_id, number, kind, trigger, strategy, status, actor, step, step_started_at,
    created_at, accepted_at, started_at, lease_until, worker_id)
  select team_id, project_id, environment_id, ${crypto.randomUUID()}, 1, kind, trigger, strategy, 'running', 'bench', 'build', now(), now(), now(), now(),
    now() + interval '1 hour', 'bench'
  from deployments where id = ${up.demo?.deployment ?? ""} returning id, team_id`;
if (!row) throw new Error("bin/up was run without the demo");
await sql`update deployments set app_id = (select app_id from deployments where id = ${up.demo?.deployment ?? ""}), number = 1000000, status = 'running' where id = ${row.id}`;
const writer = await openLogWriter(services, row.team_id, `deployment:${row.id}`);
const browser = await openBrowser();
try {
  const { page } = browser;
  await page.goto(`${up.dashboard}/sign-in`);
  await page.locator("input[name=email]").fill(up.admin.email);
  await page.locator("input[type=password]").fill(up.admin.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("navigation", { name: "Main" }).waitFor();
  await page.goto(`${up.dashboard}/deployments/${row.id}`);
  await page.getByText("The first lines are on their way.").waitFor();
  await page.waitForTimeout(1000);

  const before = { web: residentMiB(up.pids.web), own: process.memoryUsage().rss / 1024 ** 2 };
  let most = before.web;
  const begin = performance.now();
  let written = 0;
  const isShown = (n: number) => Number(/([\d\s,.]+) lines/.exec(document.querySelector(".log")?.textContent ?? "")?.[1]?.replace(/\D/g, "")) >= n;
  const shown = page.waitForFunction(isShown, total, { timeout: 60_000, polling: 50 });
  while (written < total) {
    const due = Math.min(total, Math.ceil(((performance.now() - begin) / 1000) * rate));
    for (; written < due; written++)
      writer.write({
        at: Date.now() * 1000,
        step: "build",
        text: `#7 ${written} added package-${written % 977} in ${(written % 91) / 10}s, resolved from the lockfile`,
        vertex: "sha256:0",
      });
    most = Math.max(most, residentMiB(up.pids.web));
    await new Promise((resolve) => setTimeout(resolve, TICK_MS));
  }
  const produced = performance.now() - begin;
  await shown;
  const took = performance.now() - begin;
  process.stdout.write(`${total} lines; ${machine()}\n\n`);
  table(
    ["produced, lines/s", "on the page, lines/s", "last line shown after the last written, ms", "web resident before, MiB", "most, MiB", "10 s after, MiB"],
    [
      [
        (total / (produced / 1000)).toFixed(0),
        (total / (took / 1000)).toFixed(0),
        (took - produced).toFixed(0),
        before.web.toFixed(0),
        most.toFixed(0),
        await new Promise<string>((resolve) => setTimeout(() => resolve(residentMiB(up.pids.web).toFixed(0)), 10_000)),
      ],
    ],
  );
} finally {
  await browser.close();
  await writer.close();
  await sql`delete from log_chunks where stream = ${`deployment:${row.id}`}`;
  await sql`delete from deployments where id = ${row.id}`;
  await sql.end();
  await services.close();
}
