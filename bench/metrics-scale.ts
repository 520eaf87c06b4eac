/**
 * `npx tsx bench/metrics-scale.ts [deployments…]`: how DORA and the map of 90 days grow with a team's history: 500 applications over two
 * years, 5 commits and 10 spans to a deployment, loaded by COPY. For a home of its own: what it has of deployments is replaced.
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import postgres from "postgres";
import { loadHistory } from "./metrics-history";
import { benchPlatform, machine, median, quantile, table } from "./support";

const sizes = process.argv.slice(2).map(Number);
const APPS = 500;
const ROUNDS = Number(process.env.ROUNDS ?? 40);
const platform = await benchPlatform();
const home = process.env.DOKPLOY_HOME;
if (!home) throw new Error("Name a home of its own by DOKPLOY_HOME: its deployments are replaced.");
const environment = readFileSync(`/proc/${platform.up.pids.worker}/environ`, "utf8").split("\0");
const url = new URL(environment.find((entry) => entry.startsWith("DATABASE_URL="))?.slice("DATABASE_URL=".length) ?? "");
url.username = "dokploy";
url.password = (JSON.parse(readFileSync(path.join(home, "secrets.json"), "utf8")) as { database: string }).database;
const pool = postgres(url.toString(), { max: 1, onnotice: () => {} });
const sql = await pool.reserve();
const [team] = await sql<{ id: string }[]>`select id from teams order by created_at limit 1`;
if (!team) throw new Error("The home has no team.");

async function ask(place: string): Promise<number> {
  const startedAt = performance.now();
  const answer = await platform.api(place);
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(`${place} answered ${answer.status}: ${text.slice(0, 300)}`);
  return performance.now() - startedAt;
}

async function times(place: (round: number) => string): Promise<number[]> {
  for (let round = 0; round < 5; round++) await ask(place(round * 7));
  const list: number[] = [];
  for (let round = 0; round < ROUNDS; round++) list.push(await ask(place(round)));
  return list;
}

const day = (ago: number) => new Date(Date.now() - ago * 86_400_000).toISOString().slice(0, 10);
const window = `from=${day(90)}&to=${day(0)}`;
const one = (round: number) => `project=bench-${(round * 7) % 50}&app=app-${round % 10}&`;
const questions: [string, (round: number) => string][] = [
  ["DORA, one application", (round) => `/api/v1/metrics/dora?${one(round)}${window}`],
  ["DORA, 500 applications", () => `/api/v1/metrics/dora?${window}`],
  ["map, one application", (round) => `/api/v1/metrics/map?${one(round)}${window}`],
  ["map, 500 applications", () => `/api/v1/metrics/map?${window}`],
];
const seconds = (since: number) => (performance.now() - since) / 1000;
process.stdout.write(`${machine()}\n\n`);
for (const deployments of sizes) {
  const begin = performance.now();
  await loadHistory(sql, team.id, { apps: APPS, deployments, now: Date.now() });
  const loadS = seconds(begin);
  // facts of each application are computed when it is first asked for
  const first = performance.now();
  for (let n = 0; n < APPS; n++) await ask(`/api/v1/metrics/dora?project=bench-${Math.floor(n / 10)}&app=app-${n % 10}&${window}`);
  const firstS = seconds(first);
  await sql`vacuum (analyze)`;
  const rows: string[][] = [];
  for (const [name, place] of questions) {
    const list = await times(place);
    rows.push([name, String(deployments), median(list).toFixed(0), quantile(list, 0.95).toFixed(0)]);
  }
  const [size] = await sql<{ text: string }[]>`select pg_size_pretty(pg_database_size(current_database())) as text`;
  process.stdout.write(`\n${deployments} deployments loaded in ${loadS.toFixed(0)} s, facts of all in ${firstS.toFixed(0)} s, ${size?.text}\n\n`);
  table(["90 days", "deployments", "median, ms", "p95, ms"], rows);
}
sql.release();
await pool.end();
