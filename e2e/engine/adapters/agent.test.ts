import { randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { freePort } from "../../../deploy/up/ports.mjs";
import type { AgentKeys } from "../../../worker/agent/agent-name";
import { type Agent, serveAgent } from "../../../worker/agent/serve";
import { type AgentAuthority, createAuthority } from "../../../worker/engine/agents/authority";
import type { DeployError } from "../../../worker/errors";
import type { Agents, BuildRequest } from "../../../worker/ports";
import { openTestEngine, type TestEngine } from "../../support/engine-fixture";

const app = randomUUID();
let engine: TestEngine;
let keys: AgentAuthority;
let agent: Agent;
let there: ReturnType<Agents["at"]>;
let port: number;
const said: string[] = [];

/** The machine's engine behind an agent on the loopback address, as another node's would be. */
const openAgent = () => {
  const own: AgentKeys = { authority: keys.authority, ...keys.agent };
  const socketPath = new URL(engine.dockerHost).pathname;
  return serveAgent({ home: engine.homeId, registry: "127.0.0.1:5000", version: "v1", port, keys: own, socketPath, log: (line) => said.push(line) });
};
beforeAll(async () => {
  port = await freePort();
  engine = await openTestEngine({ agents: { port, socket: "", scratch: "" } });
  keys = await createAuthority(engine.homeId, new Date());
  agent = await openAgent();
  there = engine.ports.agents.at("127.0.0.1", { authority: keys.authority, ...keys.worker });
}, 120_000);
afterAll(async () => {
  await agent.close();
  await engine.close();
}, 60_000);

async function requestOf(dockerfile: string, more: Partial<BuildRequest> = {}): Promise<BuildRequest> {
  const directory = await mkdtemp(path.join(tmpdir(), "dokploy-agent-"));
  await writeFile(path.join(directory, "Dockerfile"), dockerfile);
  await writeFile(path.join(directory, "a.txt"), "x".repeat(300_000));
  const deployment = randomUUID();
  return {
    id: `${deployment}-1`,
    directory,
    contextKey: app,
    blobs: null,
    dockerfile: { path: "Dockerfile" },
    args: { LONG: "y".repeat(40_000) },
    secrets: { TOKEN: "hunter2hunter2" },
    labels: { "dokploy.home": engine.homeId },
    tag: `dokploy/${app}:${deployment}`,
    noCache: false,
    signal: new AbortController().signal,
    output: () => {},
    ...more,
  };
}

it("builds with files, arguments and secrets, and finds, lists and removes what it has built", async () => {
  const lines: string[] = [];
  const text = "FROM busybox\nARG LONG\nCOPY . /app\nRUN --mount=type=secret,id=TOKEN wc -c /app/a.txt /run/secrets/TOKEN; echo $LONG | wc -c\n";
  const request = await requestOf(text, { noCache: true, output: (line) => lines.push(line.text.trim().slice(0, 80)) });
  const built = await there.builder.build(request);
  expect(built.contextFiles).toBe(2);
  expect(lines).toEqual(expect.arrayContaining(["300000 /app/a.txt", "14 /run/secrets/TOKEN", "40001"]));
  expect(await there.images.inspect(request.tag)).toMatchObject({ imageId: built.imageId, sizeBytes: built.sizeBytes });
  expect(await there.images.owned("dokploy/")).toContainEqual({ name: request.tag, imageId: built.imageId });
  await there.images.remove(request.tag);
  expect(await there.images.inspect(request.tag)).toBeNull();
  expect(await there.images.reclaim({ unusedHours: 24 * 365, keepBytes: null })).toBeGreaterThanOrEqual(0);
  expect(said.filter((line) => line.startsWith("refused"))).toEqual([]);
  await rm(request.directory, { recursive: true });
}, 60_000);

it("tells of its node, and keeps what is not this installation's to itself", async () => {
  const { Swarm } = (await engine.ports.docker.info()) as { Swarm: { NodeID: string } };
  const report = await there.report();
  expect(report).toMatchObject({ version: "v1", node: Swarm.NodeID });
  expect(report.freeDiskBytes).toBeLessThan(report.totalDiskBytes);
  const busybox = await engine.ports.images.inspect("busybox:latest");
  await expect(there.images.inspect(busybox?.imageId ?? "")).rejects.toMatchObject({
    code: "internal",
    explanation: { why: expect.stringContaining("not this installation's") },
  });
});

it("ends a build that is cancelled, and one whose agent goes away with an error that passes", async () => {
  const cancel = new AbortController();
  const begun = (line: { text: string }) => /RUN sleep/.test(line.text) && cancel.abort();
  const request = await requestOf(`FROM busybox\nRUN sleep 60; echo ${randomUUID()}\n`, { signal: cancel.signal, output: begun });
  await expect(there.builder.build(request)).rejects.toMatchObject({ code: "cancelled" });

  let closed: Promise<void> | null = null;
  const leave = (line: { text: string }) => {
    if (/RUN sleep/.test(line.text)) closed ??= agent.close();
  };
  const error = await there.builder
    .build(await requestOf(`FROM busybox\nRUN sleep 60; echo ${randomUUID()}\n`, { output: leave }))
    .catch((thrown: DeployError) => thrown);
  expect(error).toMatchObject({ code: "engine_unavailable", kind: "temporary" });
  await closed;
  await expect(there.report()).rejects.toMatchObject({ code: "engine_unavailable" });
  agent = await openAgent();
  expect(await there.report()).toMatchObject({ version: "v1" });
}, 60_000);
