import Dockerode from "dockerode";
import { freePort } from "../deploy/up/ports.mjs";
import { SERVER, serverFiles, startGitServer } from "../e2e/support/git-repository";
import { ask, untilEnded } from "../e2e/support/platform";
import { benchPlatform, machine, median, quantile, table } from "./support";

const rounds = Number(process.argv[2] ?? 5);
const POLL_MS = 5;
const platform = await benchPlatform();
const { up } = platform;
const git = await startGitServer();
const docker = new Dockerode({ socketPath: up.dockerHost.replace("unix://", "") });
const project = `bench-${Date.now().toString(36)}`;
await platform.client.projects.create.mutate({ name: project });

/** Milliseconds from now to the first answer that begins with `wanted`. */
async function untilAnswer(url: string, wanted: string): Promise<number> {
  const begin = performance.now();
  return new Promise((resolve, reject) => {
    const timer = setInterval(() => {
      ask(url)
        .then(({ body }) => {
          if (!body.startsWith(wanted)) return;
          clearInterval(timer);
          resolve(performance.now() - begin);
        })
        .catch(() => undefined); // nothing listens yet
      if (performance.now() - begin > 60_000) {
        clearInterval(timer);
        reject(new Error(`${wanted} did not answer within 60 s`));
      }
    }, POLL_MS);
  });
}

async function newApp(name: string, bakeS: number) {
  const repository = git.repository(`${project}-${name}`, serverFiles("one"));
  const app = await platform.client.apps.create.mutate({ name, project, git: repository.url, bakeS, drainS: 0 });
  const deploy = async () => {
    const run = await untilEnded(platform, (await platform.client.deployments.create.mutate({ app: app.id })).id);
    if (run.status !== "succeeded") throw new Error(run.reason?.what);
    return run;
  };
  await deploy();
  repository.commit({ "server.js": SERVER("two") });
  return { app, deploy, url: app.url ?? "" };
}

async function measure(name: string, bakeS: number): Promise<number[]> {
  const { app, deploy, url } = await newApp(name, bakeS);
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    await deploy();
    if (bakeS === 0)
      while ((await docker.listContainers({ filters: { label: [`dokploy.app=${app.id}`] } })).length > 1)
        await new Promise((resolve) => setTimeout(resolve, 100));
    const answered = untilAnswer(url, "one");
    const { id } = await platform.client.deployments.rollback.mutate({ app: app.id });
    times.push(await answered);
    await untilEnded(platform, id);
  }
  return times;
}

async function floor(): Promise<number[]> {
  const [release] = (await docker.listImages({ filters: { label: [`dokploy.home`] } })).sort((a, b) => b.Created - a.Created);
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const port = await freePort();
    const begin = performance.now();
    const service = await docker.createService({
      Name: `${project}-floor-${round}`,
      TaskTemplate: { ContainerSpec: { Image: release?.Id ?? "", Env: ["PORT=3000"], Init: true } },
      Mode: { Replicated: { Replicas: 1 } },
      EndpointSpec: { Mode: "dnsrr", Ports: [{ Protocol: "tcp", TargetPort: 3000, PublishedPort: port, PublishMode: "host" }] },
    } as unknown as Dockerode.CreateServiceOptions);
    await untilAnswer(`http://127.0.0.1:${port}/`, "");
    times.push(performance.now() - begin);
    await service.remove();
  }
  return times;
}

const bare = await floor();
const within = await measure("baking", 600);
const beyond = await measure("gone", 0);
const row = (name: string, times: number[]) => [name, median(times).toFixed(0), quantile(times, 1).toFixed(0), (median(times) / median(bare)).toFixed(2)];
process.stdout.write(`${rounds} rounds; ${machine()}\n\n`);
table(
  ["", "median, ms", "worst, ms", "ratio to the bare start"],
  [row("bare start of a service", bare), row("within the bake time", within), row("beyond it", beyond)],
);
await platform.client.projects.delete.mutate({ project });
await git.close();
