import { afterAll, beforeAll, expect, test } from "vitest";
import { type Cluster, join, leaderOf, openCluster } from "../../support/cluster";
import { engineRequest } from "../../support/engine-api.mjs";
import { eventually } from "../../support/faults";
import { serverFiles, type TestRepository } from "../../support/git-repository";
import type { Machine } from "../../support/machines";
import { ask, startLoad, untilEnded } from "../../support/platform";
import { recordFact } from "../../support/reliability";

const GROUP = "three nodes";
let cluster: Cluster;
let app: { id: string; url: string };
let repository: TestRepository;
let one: Machine;
let two: Machine;
let three: Machine;

/** The answer tells which task gave it. */
const extra = 'process.env.MODE = require("node:os").hostname();';

beforeAll(async () => {
  cluster = await openCluster(3);
  [one, two, three] = cluster.machines as [Machine, Machine, Machine];
});
afterAll(() => cluster?.close());

const api = () => cluster.platform.client;
const nodes = async () => (await api().nodes.list.query()).items;
/** Waits until each machine has a right number of replicas, as the platform says. */
const untilSpread = (isRight: (count: (machine: Machine) => number) => boolean, seconds = 60) =>
  eventually(
    async () => {
      const list = await nodes();
      return isRight((machine) => list.find((node) => node.name === machine.name)?.replicas ?? 0) ? true : undefined;
    },
    seconds,
    100,
  );
const total = (count: (machine: Machine) => number, machines: Machine[]) => machines.reduce((sum, machine) => sum + count(machine), 0);
const load = (perSecond: number) => startLoad(app.url, perSecond, { keep: (answer) => answer.body, edge: one.address });
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
  repository = cluster.git.repository("web", serverFiles("first", extra));
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
  await untilSpread((count) => count(one) === 2);
  expect((await api().nodes.list.query()).joinProblem?.fix).toContain("docker swarm leave --force, then bin/up with DOKPLOY_ADVERTISE_ADDR");
});

test("the Swarm is made anew at an address that others reach, as the page says: what was live is live again", async () => {
  await cluster.advertise();
  await eventually(async () => ((await ask(app.url, { edge: one.address })).status === 200 ? true : undefined), 30);
  expect((await api().nodes.list.query()).joinProblem).toBeNull();
  expect(await nodes()).toMatchObject([{ name: one.name, role: "manager", isOwn: true, state: "ready", address: one.address }]);
});

test("machines join by the command shown once; what is kept is carried to the registry, under load", async () => {
  const running = load(50);
  const seconds = await joined(two, "worker");
  await joined(three, "worker");
  const image = async () => {
    const { json } = await engineRequest(one.dockerHost, "GET", "/services");
    return (json as { Spec: { TaskTemplate: { ContainerSpec: { Image: string } } } }[]).map((service) => service.Spec.TaskTemplate.ContainerSpec.Image);
  };
  await eventually(async () => ((await image()).every((name) => name.startsWith(`${one.address}:`)) ? true : undefined), 60, 200);
  const { sent, failures } = await running.stop();
  recordFact({
    group: GROUP,
    case: "two machines join, images go to the registry",
    sent,
    failed: failures.length,
    toLeaseS: null,
    toEndS: seconds,
    end: "joined",
  });
  expect(failures).toEqual([]);
});

test("a release of before the others joined comes back on one of them, by its rule", async () => {
  const refused = await api()
    .apps.update.mutate({ app: app.id, settings: { placement: ["node.labels.disk==ssd"] } })
    .then(() => cluster.platform.cli(["deploy", app.id, "--json"]));
  expect(refused.status).toBe(1);
  expect(JSON.parse(refused.stderr.trim().split("\n").at(-1) ?? "")).toMatchObject({
    error: { fix: expect.stringContaining("dokploy node label NODE disk=ssd") },
  });
  expect((await cluster.platform.cli(["node", "label", two.name, "disk=ssd"])).status).toBe(0);
  repository.commit(serverFiles("third", `${extra} console.log("the third begins");`));
  expect(await deploy()).toMatchObject({ status: "succeeded", image: expect.stringMatching(new RegExp(`^${one.address}:\\d+/`)) });
  await untilSpread((count) => count(two) === 2 && count(one) === 0);
  // both ran on the other machine only: their lines came over Swarm
  await eventually(async () => {
    const { stdout } = await cluster.platform.cli(["logs", app.id, "--grep", "the third begins"]);
    return stdout.trim().split("\n").length === 2 ? true : undefined;
  });

  await api().apps.update.mutate({ app: app.id, settings: { placement: [] } });
  const back = await untilEnded(cluster.platform, (await api().deployments.rollback.mutate({ app: app.id, to: 1 })).id);
  expect(back.status).toBe("succeeded");
  expect((await ask(app.url, { edge: one.address })).body).toContain("first");
});

test("six replicas are spread over three nodes; a node is drained under load without a lost request", async () => {
  await api().apps.scale.mutate({ app: app.id, replicas: 6 });
  await untilSpread((count) => total(count, [one, two, three]) === 6 && count(two) > 0);
  const running = load(100);
  const began = Date.now();
  const drained = await cluster.platform.cli(["node", "drain", two.name, "--json"]);
  const seconds = (Date.now() - began) / 1000;
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  const { sent, failures } = await running.stop();
  recordFact({ group: GROUP, case: "drain of a node with 6 replicas on three", sent, failed: failures.length, toLeaseS: null, toEndS: seconds, end: "empty" });
  expect(drained).toMatchObject({ status: 0 });
  expect(JSON.parse(drained.stdout)).toMatchObject({ name: two.name, availability: "drain", replicas: 0 });
  expect(failures).toEqual([]);
  expect((await cluster.platform.cli(["node", "activate", two.name])).status).toBe(0);
});

test("a node that holds a volume is not drained, and takes work as before", async () => {
  const repository = cluster.git.repository("data", serverFiles("data"));
  const volumes = [{ name: "data", path: "/data" }];
  const data = await api().apps.create.mutate({ name: "data", project: "shop", git: repository.url, volumes, bakeS: 0, stopGraceS: 2 });
  expect((await untilEnded(cluster.platform, (await api().deployments.create.mutate({ app: data.id })).id)).status).toBe("succeeded");
  const refused = await cluster.platform.cli(["node", "drain", one.name]);
  expect(refused).toMatchObject({ status: 1, stderr: expect.stringContaining("holds volumes of data") });
  expect((await nodes()).find((node) => node.name === one.name)).toMatchObject({ availability: "active", work: { kind: "drain", status: "failed" } });
});

/** What is on its way to the node is lost with it, in any design: how much is reported. Afterwards nothing is. */
test("a node's link is cut under load: its replicas come up elsewhere, and it is shown as down", async () => {
  await untilSpread((count) => count(three) > 0 && total(count, [one, two, three]) === 7); // six, and one with a volume
  const running = load(50);
  const began = Date.now();
  await three.cut();
  await untilSpread((count) => count(three) === 0 && total(count, [one, two]) === 7, 90);
  const seconds = (Date.now() - began) / 1000;
  const { sent, failures } = await running.stop();
  recordFact({
    group: GROUP,
    case: "a node's link is cut, until its replicas run elsewhere",
    sent,
    failed: failures.length,
    toLeaseS: null,
    toEndS: seconds,
    end: "rescheduled",
  });
  expect((await nodes()).find((node) => node.name === three.name)).toMatchObject({ state: "down" });
  const after = load(50);
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  expect((await after.stop()).failures).toEqual([]);
  await three.mend();
  await eventually(async () => ((await nodes()).find((node) => node.name === three.name)?.state === "ready" ? true : undefined), 60, 200);
});

test("the leader of three managers is killed under load: another one leads, and deployments go on", async () => {
  const promoted = await Promise.all([two, three].map((machine) => cluster.platform.cli(["node", "promote", machine.name])));
  expect(promoted).toMatchObject([{ status: 0 }, { status: 0 }]);
  const leader = await giveUpLead();
  // a new leader gives a dead node time to report before its replicas go elsewhere: what is deployed meanwhile has a place of its own
  expect((await cluster.platform.cli(["node", "label", one.name, "edge=here"])).status).toBe(0);
  await api().apps.update.mutate({ app: app.id, settings: { placement: ["node.labels.edge==here"] } });

  const running = load(50);
  const began = Date.now();
  await leader.kill("SIGKILL");
  await eventually(
    async () => {
      const next = await leaderOf(cluster.machines, one);
      return next && next !== leader ? true : undefined;
    },
    60,
    100,
  );
  const seconds = (Date.now() - began) / 1000;
  const run = await deploy();
  const { sent, failures } = await running.stop();
  recordFact({
    group: GROUP,
    case: "the leader is killed, until another one leads",
    sent,
    failed: failures.length,
    toLeaseS: null,
    toEndS: seconds,
    end: "led again",
  });
  expect({ status: run.status, reason: run.reason }).toEqual({ status: "succeeded", reason: null });
  expect(failures).toEqual([]);
  expect((await ask(app.url, { edge: one.address })).body).toContain("third");
});

/** The first machine leads, and has the edge: its engine is held until another one leads. */
async function giveUpLead(): Promise<Machine> {
  one.hold();
  try {
    await eventually(async () => ((await leaderOf(cluster.machines, two)) ?? one) !== one || undefined, 60, 100);
  } finally {
    one.release();
  }
  return eventually(
    async () => {
      const leader = await leaderOf(cluster.machines, one);
      return leader && leader !== one ? leader : undefined;
    },
    60,
    100,
  );
}
