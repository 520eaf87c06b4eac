import { benchPlatform, machine, median, quantile, table } from "./support";

const total = Number(process.argv[2] ?? 30_000);
const platform = await benchPlatform();
const project = `bench-${Date.now().toString(36)}`;
const APPS = 10;
const at = (n: number, more = 0) => new Date(Date.UTC(2026, 0, 1) + n * 600_000 + more * 1000).toISOString();

/** A deployment, its commit and four steps: six lines each. */
function linesOf(n: number): object[] {
  const place = { project, app: `app-${n % APPS}` };
  const id = `${project}-${n}`;
  const span = (step: string, from: number, to: number) => ({ kind: "span", subject: id, step, startedAt: at(n, from), finishedAt: at(n, to), outcome: "ok" });
  return [
    { ...place, kind: "commit", sha: `c${n}`, authoredAt: at(n, -3600) },
    {
      ...place,
      kind: "deployment",
      tier: "production",
      id,
      outcome: "succeeded",
      commit: `c${n}`,
      commits: [`c${n}`],
      createdAt: at(n),
      liveAt: at(n, 80),
      finishedAt: at(n, 90),
    },
    span("queue", 0, 10),
    span("build", 10, 60),
    span("release", 60, 80),
    span("verify", 80, 90),
  ];
}
const deployments = Math.floor(total / 6);
const body = Array.from({ length: deployments }, (_, n) => linesOf(n))
  .flat()
  .map((line) => `${JSON.stringify(line)}\n`)
  .join("");
const begin = performance.now();
const answer = await platform.api("/api/v1/import", { method: "POST", headers: { "content-type": "application/x-ndjson" }, body });
const taken = (await answer.json()) as { accepted: number };
const importS = (performance.now() - begin) / 1000;

async function times(place: string, rounds = 15): Promise<number[]> {
  const list: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const startedAt = performance.now();
    const one = await platform.api(place);
    await one.arrayBuffer();
    if (one.status !== 200) throw new Error(`${place} answered ${one.status}`);
    list.push(performance.now() - startedAt);
  }
  return list;
}
const window = "from=2026-01-01&to=2026-04-01";
const asked: [string, string][] = [
  ["DORA, one application", `/api/v1/metrics/dora?project=${project}&app=app-0&${window}`],
  [`DORA, ${APPS} applications`, `/api/v1/metrics/dora?project=${project}&${window}`],
  ["map, one application", `/api/v1/metrics/map?project=${project}&app=app-0&${window}`],
  [`map, ${APPS} applications`, `/api/v1/metrics/map?project=${project}&${window}`],
];
process.stdout.write(
  `${taken.accepted} lines taken in ${importS.toFixed(1)} s: ${(taken.accepted / importS).toFixed(0)} lines/s; ${deployments} deployments; ${machine()}\n\n`,
);
const rows: string[][] = [];
for (const [name, place] of asked) {
  const list = await times(place);
  rows.push([name, median(list).toFixed(0), quantile(list, 0.95).toFixed(0)]);
}
table(["90 days", "median, ms", "p95, ms"], rows);
await platform.client.projects.delete.mutate({ project });
