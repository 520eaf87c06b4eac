/**
 * `npx tsx bench/queue.ts [deployments]`: what the queue itself costs. Deployments of 20 applications wait all at once; each names a commit
 * that its repository does not have, so that it is claimed, asks Git, and ends. Run with `DOKPLOY_ALLOW_HOSTS=127.0.0.1`.
 */
import { serverFiles, startGitServer } from "../e2e/support/git-repository";
import { openHomeDatabase } from "../e2e/support/home-database";
import { benchPlatform, machine, quantile, table } from "./support";

const total = Number(process.argv[2] ?? 1000);
const APPS = 20;
const AT_ONCE = 10;
const platform = await benchPlatform();
const sql = openHomeDatabase(platform.up);
const git = await startGitServer();
const project = `bench-${Date.now().toString(36)}`;
await platform.client.projects.create.mutate({ name: project });
const apps: string[] = [];
for (let n = 0; n < APPS; n++) {
  const { url } = git.repository(`${project}-${n}`, serverFiles("nothing"));
  apps.push((await platform.client.apps.create.mutate({ name: `a${n}`, project, git: url })).id);
}

const wishes = Array.from({ length: total }, (_, n) => ({ app: apps[n % APPS] ?? "", commit: crypto.randomUUID().replaceAll("-", "").padEnd(40, "0") }));
const accepted: number[] = [];
const ids: string[] = [];
// nothing starts before all of them wait
process.kill(platform.up.pids.worker, "SIGSTOP");
try {
  const next = wishes.values();
  const send = async () => {
    for (const wish of next) {
      const at = performance.now();
      ids.push((await platform.client.deployments.create.mutate(wish)).id);
      accepted.push(performance.now() - at);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, send));
} finally {
  process.kill(platform.up.pids.worker, "SIGCONT");
}
const began = performance.now();
for (;;) {
  const [row] = await sql<{ open: number }[]>`select count(*)::int as open from deployments where id = any(${ids}) and status in ('queued', 'running')`;
  if (row?.open === 0) break;
  await new Promise((resolve) => setTimeout(resolve, 250));
}
const wallMs = performance.now() - began;
const rows = await sql<{ app: string; status: string; started: number; finished: number }[]>`
  select app_id as app, status, extract(epoch from started_at)::float8 * 1000 as started, extract(epoch from finished_at)::float8 * 1000 as finished
  from deployments where id = any(${ids}) order by app_id, number`;
const gaps = rows.flatMap((row, at) => (at > 0 && rows[at - 1]?.app === row.app ? [row.started - (rows[at - 1]?.finished ?? 0)] : []));
const runs = rows.map((row) => row.finished - row.started);
const isInOrder = rows.every((row, at) => at === 0 || rows[at - 1]?.app !== row.app || row.started >= (rows[at - 1]?.finished ?? 0));
const work = runs.reduce((sum, ms) => sum + ms, 0);
const statuses = [...new Set(rows.map((row) => row.status))].map((status) => `${rows.filter((row) => row.status === status).length} ${status}`);

process.stdout.write(
  `${total} deployments of ${APPS} applications, ${statuses.join(", ")}, ${total - rows.length} lost, ${isInOrder ? "in order" : "OUT OF ORDER"}; `,
);
process.stdout.write(`${machine()}\n\n`);
const ms = (list: number[]) => [quantile(list, 0.5).toFixed(1), quantile(list, 0.95).toFixed(1)];
table(
  ["", "median, ms", "p95, ms"],
  [
    ["accepted by the API", ...ms(accepted)],
    ["run of one (Git asked)", ...ms(runs)],
    ["end of one to the start of the application's next", ...ms(gaps)],
  ],
);
process.stdout.write(`\nAll ended after ${(wallMs / 1000).toFixed(1)} s: ${(wallMs / total).toFixed(1)} ms each, `);
process.stdout.write(`with ${(work / wallMs).toFixed(2)} of them under way on average.\n`);
await platform.client.projects.delete.mutate({ project });
await sql.end();
await git.close();
