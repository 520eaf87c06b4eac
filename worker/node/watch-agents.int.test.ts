import { eq } from "drizzle-orm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { nodes } from "../../db/schema";
import { clusterNode } from "../../e2e/support/cluster-node";
import { openTestServices, type TestServices } from "../../e2e/support/test-services";
import type { WorkerEnv } from "../../server/env";
import type { Agents } from "../ports";
import { watchAgents } from "./watch-agents";

let t: TestServices;
beforeAll(async () => {
  t = await openTestServices();
});
afterAll(() => t.close());

const env = { REGISTRY: "10.0.0.1:5000" } as WorkerEnv;

/** Agents that answer as they are told; what is asked of the cluster for them is kept. */
function agentsOf(answers: { node: string | null; task: { state: string; message: string } }) {
  const asked: string[] = [];
  const agents: Pick<Agents, "image" | "deploy" | "remove" | "tasks" | "at" | "answering"> = {
    async image() {
      asked.push("image");
      return { image: "10.0.0.1:5000/dokploy-agent@sha256:0", version: "v1" };
    },
    deploy: async ({ version, ownNode, keys }) => void asked.push(`deploy ${version} but ${ownNode}, ${keys.key.includes("PRIVATE KEY") ? "with a key" : ""}`),
    remove: async () => void asked.push("remove"),
    tasks: async () => [{ node: "n2", ...answers.task }],
    at: () =>
      ({
        async report() {
          if (answers.node === null) throw new Error("it did not answer in 2 s");
          return { version: "v1", node: answers.node, freeDiskBytes: 1, totalDiskBytes: 2 };
        },
      }) as unknown as ReturnType<Agents["at"]>,
    answering: () => {},
  };
  return { asked, agents: agents as Agents };
}

const own = { ...clusterNode("n1"), isOwn: true };
const other = { ...clusterNode("n2"), isOwn: false };
const cluster = (list: (typeof own)[]) => ({ count: () => list.length, ownId: () => "n1", list: () => list });

test("with one machine there are none, and none is made", async () => {
  const { asked, agents } = agentsOf({ node: "n2", task: { state: "running", message: "" } });
  const watch = watchAgents({ services: t.worker, env, agents, nodes: cluster([own]), lookMs: 20 });
  await expect.poll(() => asked).toEqual(["remove"]);
  expect([watch.ready(), watch.image()]).toEqual([[], null]);
  await watch.close();
  expect(asked).toEqual(["remove"]);
});

test("with two they run, answer, are lost and come back; the row says how each is, and since when", async () => {
  await t.worker.db.insert(nodes).values([own, other]);
  const answers: Parameters<typeof agentsOf>[0] = { node: null, task: { state: "preparing", message: "preparing" } };
  const { asked, agents } = agentsOf(answers);
  const row = async () => (await t.worker.db.select({ agent: nodes.agent }).from(nodes).where(eq(nodes.id, "n2")))[0]?.agent;
  const machines = [own, other];
  const options = { services: t.worker, env, agents, nodes: cluster(machines), lookMs: 20 };
  const watch = watchAgents(options);
  const found: string[] = [];
  watch.onReady(() => found.push("ready"));

  await expect.poll(row, { timeout: 10_000 }).toMatchObject({ state: "starting", message: "preparing: preparing" });
  expect(asked).toEqual(["image", "deploy v1 but n1, with a key"]);
  answers.node = "n2";
  await expect.poll(row, { timeout: 10_000 }).toMatchObject({ state: "ready", version: "v1", message: "" });
  expect(watch.ready().map(({ node, report }) => [node, report.freeDiskBytes])).toEqual([["n2", 1]]);
  const held = watch.find("n2");
  expect([watch.find("n1"), held?.lost.aborted, found]).toEqual([null, false, ["ready"]]);

  answers.node = null;
  answers.task = { state: "running", message: "" };
  await expect.poll(row, { timeout: 10_000 }).toMatchObject({ state: "away", version: "v1", message: "it did not answer in 2 s" });
  expect(watch.find("n2")).toBeNull();
  await expect.poll(() => held?.lost.aborted, { timeout: 10_000 }).toBe(true);
  answers.node = "n3";
  await expect.poll(row, { timeout: 10_000 }).toMatchObject({ state: "away", message: expect.stringContaining("another node answers") });
  answers.node = "n2";
  await expect.poll(() => watch.find("n2")?.lost.aborted, { timeout: 10_000 }).toBe(false);

  machines.splice(1, 1, { ...other, availability: "drain" });
  await expect.poll(row, { timeout: 10_000 }).toBeNull();
  expect(watch.ready()).toEqual([]);
  machines.splice(1, 1, other);
  await expect.poll(row, { timeout: 10_000 }).toMatchObject({ state: "ready" });
  await watch.close();

  const { since } = (await row()) ?? {};
  const next = watchAgents(options);
  await next.asked;
  expect(next.ready().map(({ node }) => node)).toEqual(["n2"]);
  await next.close();
  expect(await row()).toMatchObject({ state: "ready", since });
});
