/**
 * `npx tsx bench/usage.ts [replicas] [looks]`: what a look at the machine costs with the containers of one application, in per cent of a
 * core when it is taken every ten seconds: looking, storing with its minute and hour (this process), and the same in PostgreSQL. What is
 * stored is, for each container, an application of its own: rows are made by application, so that is the dearest case.
 */
import { readdirSync, readFileSync } from "node:fs";
import { createDatabase } from "../db/client";
import { serverFiles, startGitServer } from "../e2e/support/git-repository";
import { untilEnded } from "../e2e/support/platform";
import { SAMPLE_STEP, sampledSlot, storeUsage } from "../server/usage/store";
import { createAppContainers } from "../worker/engine/app-containers";
import { connectDocker, type Engine, parseDockerHost } from "../worker/engine/docker-client";
import { openEngineEvents } from "../worker/engine/engine-events";
import { createMachine } from "../worker/node/usage/machine";
import { createSampler } from "../worker/node/usage/sampler";
import { benchPlatform, machine, median, quantile, table } from "./support";

const replicas = Number(process.argv[2] ?? 50);
const looks = Number(process.argv[3] ?? 60);
const platform = await benchPlatform();
const { up, client } = platform;
const environment = Object.fromEntries(
  readFileSync(`/proc/${up.pids.worker}/environ`, "utf8")
    .split("\0")
    .map((entry) => [entry.slice(0, entry.indexOf("=")), entry.slice(entry.indexOf("=") + 1)]),
);
const git = await startGitServer();
const project = `bench-${Date.now().toString(36)}`;
await client.projects.create.mutate({ name: project });
const repository = git.repository(project, serverFiles("one of many"));
const app = await client.apps.create.mutate({ name: "many", project, git: repository.url, replicas, bakeS: 0, drainS: 1, health: { timeoutS: 300 } });
const { status } = await untilEnded(platform, (await client.deployments.create.mutate({ app: app.id })).id);
if (status !== "succeeded") throw new Error(`the deployment ended as ${status}`);

const others: string[] = [];
for (let n = 0; n < replicas; n++) others.push((await client.apps.create.mutate({ name: `other-${n}`, project, image: "example/none" })).id);

const { sql, db } = createDatabase(environment.DATABASE_URL ?? "", 1, "bench-usage");
const [{ pid: backend = 0 } = {}] = await sql<{ pid: number }[]>`select pg_backend_pid() as pid`;
const log = { info: () => {}, warn: () => {}, error: () => {} };
const engine: Engine = {
  docker: connectDocker(parseDockerHost(up.dockerHost)),
  address: parseDockerHost(up.dockerHost),
  homeId: environment.DOKPLOY_HOME_ID ?? "",
  log,
};
const events = openEngineEvents(engine);
const containers = createAppContainers(engine, events);
const followed = containers.follow();
while (followed.present().length < replicas) await new Promise((resolve) => setTimeout(resolve, 100));

// looks follow one another at once: the clock that the sampler is given goes as if they were ten seconds apart
let elapsed = 0;
const now = () => Date.now() * 1000;
const sampler = createSampler(createMachine({ dataRoot: await containers.dataRoot() }), followed.present, { elapsed: () => elapsed, now });
const nodeId = `bench-${process.pid}`;
const own = () => {
  const { user, system } = process.cpuUsage();
  return user + system;
};
/** Processor time of a process, in microseconds (proc(5), /proc/<pid>/stat). */
const spent = (pid: number) => {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
};
const started = sampledSlot(now()) - (looks + 5) * SAMPLE_STEP * 1_000_000;
const [looking, storing]: [number[], number[]] = [[], []];
let inDatabase = 0;
for (let n = 0; n < looks + 5; n++) {
  elapsed += SAMPLE_STEP * 1_000_000;
  const begun = own();
  const sample = await sampler.sample();
  const looked = own();
  const apart = sample?.containers.map((one, at) => ({ ...one, app: others[at] ?? one.app })) ?? [];
  if (sample) await storeUsage(db, [{ nodeId, at: started + n * SAMPLE_STEP * 1_000_000, node: sample.node, containers: apart }], now());
  if (n === 4) inDatabase = spent(backend);
  if (n < 5) continue; // what a process does for the first time is dearer
  looking.push(looked - begun);
  storing.push(own() - looked);
}
const database = (spent(backend) - inDatabase) / looks;
const share = (micros: number) => `${((micros / (SAMPLE_STEP * 1_000_000)) * 100).toFixed(3)} %`;
const row = (name: string, values: number[]) => [name, (median(values) / 1000).toFixed(2), (quantile(values, 0.95) / 1000).toFixed(2), share(median(values))];
const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
process.stdout.write(
  `${followed.present().length} containers of as many applications, ${looks} looks; cgroup ${readdirSync("/sys/fs/cgroup").includes("cgroup.controllers") ? 2 : 1}; ${machine()}\n\n`,
);
table(
  ["", "median, ms", "p95, ms", "of a core"],
  [
    row("looking", looking),
    row("storing", storing),
    ["PostgreSQL", (database / 1000).toFixed(2), "–", share(database)],
    ["together, mean", ((mean(looking) + mean(storing) + database) / 1000).toFixed(2), "–", share(mean(looking) + mean(storing) + database)],
  ],
);
await sql`delete from app_usage where node_id = ${nodeId}`;
await sql`delete from node_usage where node_id = ${nodeId}`;
await followed.close();
await events.close();
await sql.end();
await client.projects.delete.mutate({ project });
await git.close();
