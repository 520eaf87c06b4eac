import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Cluster, join, leaderOf, openCluster } from "../support/cluster";
import { engineRequest } from "../support/engine-api.mjs";
import { eventually } from "../support/faults";
import { serverFiles } from "../support/git-repository";
import type { Machine } from "../support/machines";
import { ask, startLoad, untilEnded } from "../support/platform";
import { recordFact } from "../support/reliability";

const GROUP = "three nodes";
let cluster: Cluster;
let app: { id: string; url: string };
let one: Machine;
let two: Machine;
let three: Machine;

/** Tells which task answers; a request takes 5 ms, as real ones take some time. */
const extra = 'const http0 = require("node:http"); const id = require("node:os").hostname(); process.env.MODE = id;';

beforeAll(async () => {
  cluster = await openCluster(3);
  [one, two, three] = cluster.machines as [Machine, Machine, Machine];
});
afterAll(() => cluster?.close());

const api = () => cluster.platform.client;
const nodes = async () => (await api().nodes.list.query()).items;
const replicasOn = async (machine: Machine) => (await nodes()).find((node) => node.name === machine.name)?.replicas ?? 0;
const untilRunningOn = (counts: Map<Machine, (count: number) => boolean>) =>
  eventually(async () => {
    for (const [machine, isRight] of counts) if (!isRight(await replicasOn(machine))) return undefined;
    return true;
  }, 60, 200);
const load = (perSecond: number) => startLoad(app.url, perSecond, (answer) => answer.body, one.address);
const deploy = async () => untilEnded(cluster.platform, (await api().deployments.create.mutate({ app: app.id })).id);

async function joined(machine: Machine, role: "worker" | "manager"): Promise<number> {
  const { stdout, status } = await cluster.platform.cli(["node", "join-token", "--role", role, "--json"]);
  expect(status).toBe(0);
  const began = Date.now();
  await join(machine, (JSON.parse(stdout) as { command: string }).command);
  await eventually(async () => ((await nodes()).some((node) => node.name === machine.name && node.state === "ready") ? true : undefined), 20);
  return (Date.now() - began) / 1000;
}

test("on one machine nothing is pushed, and the page of nodes shows it", async () => {
  const repository = cluster.git.repository("web", serverFiles("first", extra));
  await api().projects.create.mutate({ name: "shop" });
  const settings = { name: "web", project: "shop", git: repository.url, replicas: 2, bakeS: 0, drainS: 5, stopGraceS: 5 };
  const created = await api().apps.create.mutate(settings);
  app = { id: created.id, url: created.url ?? "" };
  const first = await deploy();
  expect(first).toMatchObject({ status: "succeeded", image: expect.stringMatching(/^sha256:/) });
  repository.commit(serverFiles("second", extra));
  const second = await deploy();
  expect(second.status).toBe("succeeded");
  expect(second.spans.map((span) => span.step)).not.toContain("push-image");
  expect(await nodes()).toMatchObject([{ name: one.name, role: "manager", isOwn: true, state: "ready", address: one.address, replicas: 2 }]);
});

test("machines join by the command shown once; what is kept is carried to the registry, under load", async () => {
  const running = load(50);
  const seconds = await joined(two, "worker");
  expect(seconds).toBeLessThan(20);
  await joined(three, "worker");
  const image = async () => {
    const { json } = await engineRequest(one.dockerHost, "GET", "/services");
    return (json as { Spec: { TaskTemplate: { ContainerSpec: { Image: string } } } }[]).map((service) => service.Spec.TaskTemplate.ContainerSpec.Image);
  };
  await eventually(async () => ((await image()).every((name) => name.startsWith(`${one.address}:`)) ? true : undefined), 60, 200);
  const { sent, failures } = await running.stop();
  recordFact({ group: GROUP, case: "two machines join, images go to the registry", sent, failed: failures.length, toLeaseS: null, toEndS: seconds, end: "joined" });
  expect(failures).toEqual([]);
});
