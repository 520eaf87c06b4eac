import { readFileSync } from "node:fs";
import path from "node:path";
import { connect } from "node:tls";
import { afterAll, beforeAll, expect, test } from "vitest";
import { agentName, workerName } from "../../../worker/agent/agent-name";
import { createAuthority, newAuthority, signed } from "../../../worker/engine/agents/authority";
import { ensureBaseImages } from "../../support/base-images.mjs";
import { type Cluster, join, openCluster } from "../../support/cluster";
import { engineRequest } from "../../support/engine-api.mjs";
import { eventually } from "../../support/faults";
import { SERVER, type TestRepository } from "../../support/git-repository";
import type { Machine } from "../../support/machines";
import { ask, untilEnded } from "../../support/platform";
import { recordFact } from "../../support/reliability";

const GROUP = "agents and builds on two nodes";
const AGENT_PORT = 7380;
let cluster: Cluster;
let one: Machine;
let two: Machine;

beforeAll(async () => {
  cluster = await openCluster(2);
  [one, two] = cluster.machines as [Machine, Machine];
  await Promise.all([cluster.advertise(), ensureBaseImages({ dockerHost: two.dockerHost, names: ["node:20-slim"] })]);
  await api().projects.create.mutate({ name: "shop" });
});
afterAll(() => cluster?.close());

type App = { id: string; url: string; repository: TestRepository };
type Run = Awaited<ReturnType<typeof untilEnded>>;

const api = () => cluster.platform.client;
const node = async (machine: Machine) => (await api().nodes.list.query()).items.find(({ name }) => name === machine.name);
const untilAgent = (machine: Machine, state: string, seconds = 90) =>
  eventually(async () => ((await node(machine))?.agent?.state === state ? true : undefined), seconds, 100);
const record = (name: string, end: string, toEndS: number | null) => recordFact({ group: GROUP, case: name, sent: 0, failed: 0, toLeaseS: null, toEndS, end });

function killWorker(): void {
  const { processes } = JSON.parse(readFileSync(path.join(cluster.home, "state.json"), "utf8")) as { processes: { worker: { pid: number } } };
  process.kill(processes.worker.pid, "SIGKILL");
}

const agentsOn = async (machine: Machine) => {
  const { json } = await engineRequest(machine.dockerHost, "GET", "/containers/json");
  return (json as { Id: string; Image: string; Created: number }[]).filter(({ Image }) => Image.includes("/dokploy-agent@"));
};
/** Mends a link once Swarm has missed the node: its agent is then another one. Resolves when that answers. */
async function comeBack(machine: Machine): Promise<void> {
  await eventually(async () => ((await node(machine))?.state === "down" ? true : undefined), 60, 100);
  const before = (await agentsOn(machine)).map(({ Id }) => Id);
  await machine.mend();
  await eventually(async () => {
    const running = await agentsOn(machine);
    return running.length === 1 && !before.includes(running[0]?.Id ?? "") && (await answerOf(null)) !== "ECONNREFUSED" ? true : undefined;
  }, 90);
  await eventually(async () => {
    const { state, agent } = (await node(machine)) ?? {};
    return state === "ready" && agent?.state === "ready" ? true : undefined;
  }, 60);
}

/** An application whose build takes some seconds, in a step that nothing else has in its cache. */
const slowFiles = (answer: string, seconds: number) => ({
  Dockerfile: `FROM node:20-slim\nWORKDIR /app\nCOPY . .\nRUN echo ${answer} && sleep ${seconds}\nEXPOSE 3210\nCMD ["node", "server.js"]\n`,
  "server.js": SERVER(answer),
});
async function appOf(name: string, seconds: number): Promise<App> {
  const repository = cluster.git.repository(name, slowFiles(`${name}-1`, seconds));
  const settings = { name, project: "shop", git: repository.url, bakeS: 0, drainS: 1, stopGraceS: 2 };
  const created = await api().apps.create.mutate(settings);
  return { id: created.id, url: created.url ?? "", repository };
}
const start = async (app: App) => (await api().deployments.create.mutate({ app: app.id })).id;
const ended = (id: string) => untilEnded(cluster.platform, id);
const builds = (run: Run) => run.spans.filter((span) => span.step === "build" && span.parent === null);
const nodesOf = (run: Run) => builds(run).map((span) => span.detail.node);
/** Until a deployment's log says where it is built, and that a slow step runs there. */
const untilBuilding = (id: string, machine: Machine) =>
  eventually(async () => {
    const { items } = await api().deployments.logs.query({ deployment: id, limit: 1000 });
    const texts = items.map((line) => line.x);
    return texts.includes(`It is built on ${machine.name}.`) && texts.some((text) => /RUN echo/.test(text)) ? true : undefined;
  }, 30);
const imagesOn = async (machine: Machine, repository: string) => {
  const { json } = await engineRequest(machine.dockerHost, "GET", "/images/json");
  const found = json as { RepoTags: string[] | null; RepoDigests: string[] | null }[];
  return found.flatMap(({ RepoTags, RepoDigests }) => [...(RepoTags ?? []), ...(RepoDigests ?? [])]).filter((name) => name.includes(repository));
};

test("with one machine there is no agent; one appears on each that joins", async () => {
  const services = async () => ((await engineRequest(one.dockerHost, "GET", "/services")).json as { Spec: { Name: string } }[]).map(({ Spec }) => Spec.Name);
  expect((await node(one))?.agent).toBeNull();
  expect((await services()).filter((name) => name.startsWith("dokploy-agent"))).toEqual([]);

  const { stdout } = await cluster.platform.cli(["node", "join-token", "--json"]);
  const began = Date.now();
  await join(two, (JSON.parse(stdout) as { command: string }).command);
  await untilAgent(two, "ready");
  record("a machine joins, until its agent answers", "ready", (Date.now() - began) / 1000);
  expect(await node(two)).toMatchObject({ builds: false, agent: { state: "ready", version: expect.stringMatching(/^[0-9a-f]{12}$/), message: "" } });
  expect(await node(one)).toMatchObject({ builds: true, agent: null });
  const containers = (await engineRequest(two.dockerHost, "GET", "/containers/json")).json as { Id: string; Image: string }[];
  expect(containers.map(({ Image }) => Image)).toEqual([expect.stringContaining("/dokploy-agent@sha256:")]);
  const { json } = await engineRequest(two.dockerHost, "GET", `/containers/${containers[0]?.Id}/json`);
  const inside = JSON.stringify((json as { Config: { Env: string[] } }).Config.Env);
  expect(inside).not.toMatch(/DATABASE|REDIS|MASTER|PASSWORD/);
  expect(await cluster.platform.cli(["node", "list"])).toMatchObject({ status: 0, stdout: expect.stringMatching(/ready [0-9a-f]{12}/) });
});

test("an agent opens to nobody but the worker, whatever certificate is shown", async () => {
  const home = `h-${one.name}`;
  const stranger = await newAuthority(home, new Date());
  const other = await createAuthority(home, new Date());
  const time = { notBefore: new Date(Date.now() - 60_000), notAfter: new Date(Date.now() + 3_600_000) };
  const forged = await signed({ home, ...stranger }, { name: workerName(home), use: "client", ...time });
  const shown: Record<string, { certificate: string; key: string } | null> = { none: null, forged, foreign: other.worker, agent: other.agent };
  for (const [name, held] of Object.entries(shown)) expect(`${name}: ${await answerOf(held)}`).toMatch(/: (ERR_SSL\w+|ECONNRESET|closed)$/);
  record("no certificate, a forged one, another installation's", "refused", null);
});

/** Asks the agent for its engine's images; answers the status, or how it ended without one. The server's own certificate is not looked at. */
function answerOf(held: { certificate: string; key: string } | null): Promise<string> {
  return new Promise((resolve) => {
    const mine = held ? { cert: held.certificate, key: held.key } : {};
    const socket = connect({ host: two.address, port: AGENT_PORT, servername: agentName("x"), rejectUnauthorized: false, ...mine });
    let text = "";
    socket.on("secureConnect", () => socket.write("GET /images/json HTTP/1.1\r\nHost: agent\r\nConnection: close\r\n\r\n"));
    socket.on("data", (part) => {
      text += part.toString();
    });
    socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    socket.on("close", () => resolve(text.split("\r\n")[0] || "closed"));
  });
}

let left: App;
let right: App;
test("two builds at once run on two nodes, and each application is built again where its cache is", async () => {
  expect(await cluster.platform.cli(["node", "builds", two.name, "on"])).toMatchObject({ status: 0, stdout: expect.stringContaining("builds images") });
  await eventually(async () => ((await node(two))?.builds ? true : undefined));
  [left, right] = [await appOf("left", 4), await appOf("right", 4)];
  const began = Date.now();
  const runs = await Promise.all([ended(await start(left)), ended(await start(right))]);
  record("two builds of 4 s at once, on two nodes, until both are live", "live", (Date.now() - began) / 1000);
  expect(runs.map(({ status, reason }) => ({ status, reason }))).toEqual([1, 2].map(() => ({ status: "succeeded", reason: null })));
  expect(runs.flatMap(nodesOf).sort()).toEqual([one.name, two.name].sort());
  const [a, b] = runs.map((run) => builds(run)[0]) as [NonNullable<Run["spans"][0]>, NonNullable<Run["spans"][0]>];
  expect(Date.parse(a.startedAt)).toBeLessThan(Date.parse(b.finishedAt ?? ""));
  expect(Date.parse(b.startedAt)).toBeLessThan(Date.parse(a.finishedAt ?? ""));
  for (const [index, app] of [left, right].entries()) expect((await ask(app.url, { edge: one.address })).body).toContain(index === 0 ? "left-1" : "right-1");

  for (const [index, app] of [left, right].entries()) {
    app.repository.commit({ "notes.txt": "no more than this" });
    const again = await ended(await start(app));
    expect([again.status, nodesOf(again)]).toEqual(["succeeded", nodesOf(runs[index] as Run)]);
  }
  if (nodesOf(runs[0] as Run)[0] === two.name) [left, right] = [right, left];
});

test("a build on another node is cancelled at once, and only that one", async () => {
  right.repository.commit(slowFiles("right-2", 30));
  const long = await start(right);
  await untilBuilding(long, two);
  const beside = await start(left);
  const began = Date.now();
  await api().deployments.cancel.mutate({ deployment: long });
  const run = await ended(long);
  const seconds = (Date.parse(run.finishedAt ?? "") - began) / 1000;
  record("a build on another node is cancelled", "cancelled", seconds);
  expect([run.status, run.reason?.code]).toEqual(["cancelled", "cancelled"]);
  expect((await ended(beside)).status).toBe("succeeded");
  expect((await ask(right.url, { edge: one.address })).body).toContain("right-1");
});

test("the worker is killed while another node builds: the same node builds it again, and it goes live", async () => {
  right.repository.commit(slowFiles("right-2b", 6));
  const id = await start(right);
  await untilBuilding(id, two);
  const began = Date.now();
  killWorker();
  const run = await ended(id);
  record("the worker is killed while another node builds, until it is live", "live", (Date.now() - began) / 1000);
  expect({ status: run.status, reason: run.reason }).toEqual({ status: "succeeded", reason: null });
  expect(builds(run).map((span) => [span.detail.node ?? null, span.outcome])).toEqual([
    [null, "interrupted"],
    [two.name, "ok"],
  ]);
});

test("a node that goes away in the middle of a build: it is built on another one, and goes live", async () => {
  right.repository.commit(slowFiles("right-3", 8));
  const id = await start(right);
  await untilBuilding(id, two);
  const began = Date.now();
  await two.cut();
  const run = await ended(id);
  record("a node's link is cut in the middle of a build, until it is live", "live", (Date.now() - began) / 1000);
  expect({ status: run.status, reason: run.reason }).toEqual({ status: "succeeded", reason: null });
  expect(builds(run).map((span) => [span.detail.node, span.outcome])).toEqual([
    [two.name, "failed"],
    [one.name, "ok"],
  ]);
  expect((await ask(right.url, { edge: one.address })).body).toContain("right-3");
  expect((await node(two))?.agent?.state).toBe("away");
  await comeBack(two);
});

test("a node that goes away while it pushes takes its image with it: it is built again on another one", async () => {
  // what cannot be compressed takes a while
  const { Dockerfile } = slowFiles("right-4", 1);
  right.repository.commit({ ...slowFiles("right-4", 1), Dockerfile: Dockerfile.replace("sleep 1", "head -c 200000000 /dev/urandom > /noise") });
  // its cache is on the first node by now
  expect((await cluster.platform.cli(["node", "builds", one.name, "off"])).status).toBe(0);
  const id = await start(right);
  await untilBuilding(id, two);
  await eventually(async () => ((await api().deployments.read.query({ deployment: id })).step === "push-image" ? true : undefined), 60, 20);
  const began = Date.now();
  await two.cut();
  const run = await ended(id);
  record("a node's link is cut while it pushes, until it is live", "live", (Date.now() - began) / 1000);
  expect({ status: run.status, reason: run.reason }).toEqual({ status: "succeeded", reason: null });
  expect(nodesOf(run)).toEqual([two.name]);
  const { items } = await api().deployments.logs.query({ deployment: id, limit: 1000 });
  expect(items.map((line) => line.x)).toContain(`It is built on ${one.name}.`);
  expect((await ask(right.url, { edge: one.address })).body).toContain("right-4");
  await comeBack(two);
});

test("lines of another node's tasks come through its agent, which was asked for nothing that it refuses", async () => {
  expect((await cluster.platform.cli(["node", "label", two.name, "disk=ssd"])).status).toBe(0);
  await api().apps.update.mutate({ app: left.id, settings: { placement: ["node.labels.disk==ssd"] } });
  left.repository.commit({ "server.js": SERVER("left-4", 'console.log("the fourth begins");') });
  expect((await ended(await start(left))).status).toBe("succeeded");
  await eventually(async () => {
    const { stdout } = await cluster.platform.cli(["logs", left.id, "--grep", "the fourth begins"]);
    return stdout.trim() === "" ? undefined : true;
  });
  const log = readFileSync(path.join(cluster.home, "logs", "worker.log"), "utf8");
  expect(log).not.toContain("an agent did not hand out a log");
  expect(await agentLog()).not.toMatch(/it is not in the list|is not this installation/);
});

async function agentLog(): Promise<string> {
  const [agent] = await agentsOn(two);
  return (await engineRequest(two.dockerHost, "GET", `/containers/${agent?.Id}/logs?stdout=1&stderr=1`)).text;
}

test("what no release keeps goes from the other node too; what one keeps stays", async () => {
  expect((await imagesOn(two, right.id)).length).toBeGreaterThan(0);
  const kept = await imagesOn(two, left.id);
  expect((await cluster.platform.cli(["app", "delete", right.id, "--yes"])).status).toBe(0);
  // a worker looks at a node's images when it finds its agent, and every two minutes
  const began = Date.now();
  killWorker();
  await eventually(async () => ((await imagesOn(two, right.id)).length === 0 ? true : undefined), 90, 200);
  record("images of a deleted application, until they are gone from the other node", "gone", (Date.now() - began) / 1000);
  expect(await imagesOn(two, left.id)).toEqual(kept);
});
