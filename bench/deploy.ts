/**
 * `npx tsx bench/deploy.ts [rounds]`: from a one-line change to the first new and the last old answer, polled every 5 ms on new
 * connections. Alternating in one run: by hand (git clone, docker build, docker service update), the Engine API's bare floor
 * (build + update, no Git), and ours from the webhook. Printed as ratios to the first.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import Dockerode from "dockerode";
import { SERVER, serverFiles, startGitServer } from "../e2e/support/git-repository";
import { ask, sendPush, untilEnded } from "../e2e/support/platform";
import { benchPlatform, machine, median, run, table } from "./support";

const rounds = Number(process.argv[2] ?? 10);
const POLL_MS = 5;
const LIMIT_MS = 60_000;
type Taken = { firstNew: number; lastOld: number; failed: number };

/** Polls until only the new answer has come for a second. Times are from `begin`, in ms. */
function watch(url: string, fresh: string, old: string): { begin(): void; done: Promise<Taken> } {
  let startedAt = performance.now();
  let firstNew = Number.NaN;
  let lastOld = 0;
  let failed = 0;
  const done = new Promise<Taken>((resolve, reject) => {
    const timer = setInterval(() => {
      const askedAt = performance.now();
      ask(url)
        .then(({ status, body }) => {
          const at = performance.now() - startedAt;
          if (status !== 200) failed += 1;
          else if (body.startsWith(fresh)) firstNew = Number.isNaN(firstNew) ? at : firstNew;
          else if (body.startsWith(old)) lastOld = Math.max(lastOld, at);
        })
        .catch(() => {
          failed += 1;
        });
      if (!Number.isNaN(firstNew) && askedAt - startedAt - Math.max(firstNew, lastOld) > 1_500) {
        clearInterval(timer);
        resolve({ firstNew, lastOld, failed });
      } else if (askedAt - startedAt > LIMIT_MS) {
        clearInterval(timer);
        reject(new Error(`no new answer within ${LIMIT_MS / 1000} s`));
      }
    }, POLL_MS);
  });
  return {
    begin() {
      startedAt = performance.now();
    },
    done,
  };
}

const platform = await benchPlatform();
const { up } = platform;
const git = await startGitServer();
const docker = new Dockerode({ socketPath: up.dockerHost.replace("unix://", "") });
const cli = (args: string[], cwd?: string) =>
  run("/usr/bin/docker", ["-H", up.dockerHost, ...args], { ...(cwd ? { cwd } : {}), env: { DOCKER_BUILDKIT: "1" } });
const id = `bench-${Date.now().toString(36)}`;
const scratch = mkdtempSync(path.join(tmpdir(), "bench-work-"));

// Ours.
await platform.client.projects.create.mutate({ name: id });
const repository = git.repository(id, serverFiles("version-0"));
const app = await platform.client.apps.create.mutate({ name: "ours", project: id, git: repository.url, bakeS: 1 });
const first = await untilEnded(platform, (await platform.client.deployments.create.mutate({ app: app.id })).id);
if (first.status !== "succeeded") throw new Error(first.reason?.what);

// By hand: a service of its own, reached through a Traefik of its own, as a person would set it up.
const network = `${id}-net`;
await cli(["network", "create", "-d", "overlay", "--attachable", network]);
const dynamic = path.join(scratch, "dynamic.yml");
// Without kept connections, so that a new task is seen as soon as DNS names it: the fairest form for the hand.
const config = `http:
  routers:
    all: { rule: "PathPrefix(\`/\`)", service: all }
  services:
    all: { loadBalancer: { servers: [{ url: "http://${id}:3000" }], serversTransport: fresh } }
  serversTransports:
    fresh: { maxIdleConnsPerHost: -1 }
`;
writeFileSync(dynamic, config);
await run("git", ["clone", "-q", "--depth", "1", repository.url, path.join(scratch, "first")]);
await cli(["build", "-q", "-t", `${id}:0`, "."], path.join(scratch, "first"));
await cli([
  "service",
  "create",
  "-q",
  "--name",
  id,
  "--network",
  network,
  "--endpoint-mode",
  "dnsrr",
  "--env",
  "PORT=3000",
  "--update-order",
  "start-first",
  "--stop-grace-period",
  "10s",
  `${id}:0`,
]);
const container = await docker.createContainer({
  Image: "traefik:v3.6",
  name: `${id}-edge`,
  Cmd: ["--entrypoints.web.address=:8000", "--providers.file.filename=/dynamic.yml"],
  HostConfig: {
    NetworkMode: network,
    PortBindings: { "8000/tcp": [{ HostIp: "127.0.0.1", HostPort: "" }] },
    Binds: [`${dynamic}:/dynamic.yml:ro`],
    DnsOptions: ["timeout:1", "attempts:1"],
  },
  ExposedPorts: { "8000/tcp": {} },
});
await container.start();
const byHandPort = (await container.inspect()).NetworkSettings.Ports["8000/tcp"]?.[0]?.HostPort;
const byHandUrl = `http://127.0.0.1:${byHandPort}/`;
for (const deadline = Date.now() + 30_000; Date.now() < deadline; ) {
  const answer = await ask(byHandUrl).catch(() => null);
  if (answer?.status === 200) break;
}

const taken: Record<"by hand" | "floor" | "ours", Taken[]> = { "by hand": [], floor: [], ours: [] };
const stepTimes = new Map<string, number[]>();
let handVersion = "version-0";
let version = 0;
const settle = () => new Promise((resolve) => setTimeout(resolve, 3_000));

for (let round = 1; round <= rounds; round++) {
  for (const kind of ["by hand", "floor", "ours"] as const) {
    version += 1;
    const fresh = `version-${version}`;
    const sha = repository.commit({ "server.js": SERVER(fresh) }, `Version ${version}`);
    const oldVersion = kind === "ours" ? ((await ask(app.url ?? "")).body.split(" ")[0] ?? "") : handVersion;
    const folder = path.join(scratch, String(version));
    if (kind === "floor") await run("git", ["clone", "-q", "--depth", "1", repository.url, folder]);
    const observed = watch(kind === "ours" ? (app.url ?? "") : byHandUrl, `${fresh} `, oldVersion);
    observed.begin();
    if (kind === "by hand") {
      await run("git", ["clone", "-q", "--depth", "1", repository.url, folder]);
      await cli(["build", "-q", "-t", `${id}:${version}`, "."], folder);
      await cli(["service", "update", "-q", "-d", "--image", `${id}:${version}`, id]);
      handVersion = fresh;
    } else if (kind === "floor") {
      await cli(["build", "-q", "-t", `${id}:${version}`, "."], folder);
      await cli(["service", "update", "-q", "-d", "--image", `${id}:${version}`, id]);
      handVersion = fresh;
    } else {
      const answer = await sendPush({ url: app.webhook.url, secret: app.webhook.secret ?? "" }, { branch: "main", sha });
      const { deployment } = (await answer.json()) as { deployment: string };
      const ended = await untilEnded(platform, deployment);
      if (ended.status !== "succeeded") throw new Error(ended.reason?.what);
      for (const span of ended.spans.filter((one) => one.parent === null && one.finishedAt)) {
        const ms = Date.parse(span.finishedAt ?? "") - Date.parse(span.startedAt);
        stepTimes.set(span.step, [...(stepTimes.get(span.step) ?? []), ms]);
      }
    }
    taken[kind].push(await observed.done);
    await settle();
  }
}

const base = { firstNew: median(taken["by hand"].map((one) => one.firstNew)), lastOld: median(taken["by hand"].map((one) => one.lastOld)) };
process.stdout.write(`${rounds} rounds, alternating; ${machine()}\n\n`);
table(
  ["", "first new, ms", "ratio", "last old, ms", "ratio", "failed requests"],
  Object.entries(taken).map(([kind, all]) => {
    const firstNew = median(all.map((one) => one.firstNew));
    const lastOld = median(all.map((one) => one.lastOld));
    return [
      kind,
      firstNew.toFixed(0),
      (firstNew / base.firstNew).toFixed(2),
      lastOld.toFixed(0),
      (lastOld / base.lastOld).toFixed(2),
      String(all.reduce((sum, one) => sum + one.failed, 0)),
    ];
  }),
);
process.stdout.write("\nwhere ours goes, median ms a step\n\n");
table(
  ["step", "ms"],
  [...stepTimes].filter(([step]) => step !== "push" && step !== "bake").map(([step, all]) => [step, median(all).toFixed(1)]),
);

await platform.client.projects.delete.mutate({ project: id });
await container.remove({ force: true });
await cli(["service", "rm", id]);
await new Promise((resolve) => setTimeout(resolve, 4_000));
await cli(["network", "rm", network]);
await git.close();
rmSync(scratch, { recursive: true, force: true });
http.globalAgent.destroy();
