import { afterAll, beforeAll, expect, test } from "vitest";
import { nodes } from "../../db/schema";
import { clusterNode as node } from "../../e2e/support/cluster-node";
import { openTestServices, type TestServices } from "../../e2e/support/test-services";
import { teamStream } from "../../server/live/events";
import type { Cluster, PlacedTask } from "../ports";
import { watchNodes } from "./watch-nodes";

let t: TestServices;
beforeAll(async () => {
  t = await openTestServices();
});
afterAll(() => t.close());

test("the table follows the Swarm; only administrators' teams are told, and only of what a page shows", async () => {
  const admin = await t.newTeam(undefined, { isAdmin: true });
  const other = await t.newTeam();
  const found = [node("n1", { role: "manager", managerAddress: "10.0.0.1:2377" }), node("n2", { labels: { disk: "ssd" } })];
  const placed: PlacedTask[] = [{ app: "a", slot: "a", node: "n2", isRunning: true }];
  let tell: () => void = () => {};
  const cluster: Pick<Cluster, "nodes" | "placed" | "ownNode" | "onChange"> = {
    nodes: async () => found.map((one) => ({ ...one })),
    placed: async () => placed,
    ownNode: async () => "n1",
    onChange(call) {
      tell = call;
      return () => {};
    },
  };
  const watch = watchNodes(t.worker, cluster as Cluster);
  let counts = 0;
  watch.onCount(() => counts++);
  const told = async (team: string) => t.worker.redis.xlen(teamStream(t.worker.env.DOKPLOY_HOME_ID, team));
  const rows = async () => t.worker.db.select().from(nodes).orderBy(nodes.id);
  try {
    expect(watch.count()).toBe(1);
    await watch.refresh();
    expect(await rows()).toMatchObject([
      { id: "n1", isOwn: true, replicas: 0, seenAt: expect.any(Number) },
      { id: "n2", isOwn: false, replicas: 1, labels: { disk: "ssd" } },
    ]);
    expect([watch.count(), watch.ownId(), counts]).toEqual([2, "n1", 1]);
    await expect.poll(() => told(admin.identity.team.teamId)).toBe(1);

    await watch.refresh();
    const [, before] = await rows();
    found[1] = node("n2", { state: "down", message: "heartbeat failure" });
    placed.splice(0);
    tell();
    await expect.poll(async () => (await rows())[1]).toMatchObject({ state: "down", replicas: 0, seenAt: before?.seenAt });
    await expect.poll(() => told(admin.identity.team.teamId)).toBe(2);

    found.pop();
    tell();
    await expect.poll(async () => (await rows()).map((row) => row.id)).toEqual(["n1"]);
    expect(counts).toBe(2);
    expect(await told(other.identity.team.teamId)).toBe(0);
  } finally {
    watch.close();
  }
});

test("a worker that starts anew does not forget when a dead node was last seen", async () => {
  const cluster = {
    nodes: async () => [node("n9", { state: "down" })],
    placed: async () => [],
    ownNode: async () => "n1",
    onChange: () => () => {},
  } as unknown as Cluster;
  await t.worker.db.insert(nodes).values({ ...node("n9"), seenAt: 5_000_000 });
  const watch = watchNodes(t.worker, cluster);
  await watch.refresh();
  watch.close();
  expect((await t.worker.db.select().from(nodes)).find((row) => row.id === "n9")).toMatchObject({ state: "down", seenAt: 5_000_000 });
});
