import { and, eq, inArray } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { apps, operations } from "../../db/schema";
import { clusterNode as node } from "../../e2e/support/cluster-node";
import { openTestServices, type TestServices } from "../../e2e/support/test-services";
import type { OperationRow } from "../../server/operations/service";
import type { WorkerContext } from "../context";
import type { ClusterNode, PlacedTask } from "../ports";
import { drainNode } from "./drain-node";

let t: TestServices;
beforeAll(async () => {
  t = await openTestServices();
});
afterAll(() => t.close());

/** A Swarm in memory: what `change` does to a node is kept in order, tasks are where the test puts them. */
function swarm(nodes: ClusterNode[], tasks: PlacedTask[] = []) {
  const changes: string[] = [];
  const cluster = {
    nodes: async () => nodes,
    placed: async () => tasks,
    change: async (id: string, { availability }: { availability?: ClusterNode["availability"] }) => {
      changes.push(`${id} ${availability}`);
      const changed = nodes.find((one) => one.id === id);
      if (changed && availability) changed.availability = availability;
    },
  };
  const worker = { services: t.worker, ports: { cluster } } as unknown as WorkerContext;
  return { worker, nodes, tasks, changes };
}

async function appsOn(count: number, settings: object = {}) {
  const team = await t.newTeam();
  await team.caller.projects.create({ name: "shop" });
  const made: string[] = [];
  for (let n = 0; n < count; n++) {
    const app = await team.caller.apps.create({ name: `api-${n}`, project: "shop", git: "https://git.example.com/a.git", ...settings });
    await t.worker.db.update(apps).set({ activeSlot: "a" }).where(eq(apps.id, app.id));
    made.push(app.id);
  }
  return { made, teamId: team.identity.team.teamId };
}
const on = (app: string, where: string, slot = "a"): PlacedTask => ({ app, slot, node: where, isRunning: true });

async function operation(teamId: string, before: ClusterNode["availability"] = "active"): Promise<OperationRow> {
  const values = { teamId, nodeId: "n1", kind: "node-drain" as const, input: { before }, actor: "admin", createdAt: t.worker.clock() };
  const [row] = await t.worker.db
    .insert(operations)
    .values({ ...values, status: "running" })
    .returning();
  return row as OperationRow;
}
const movesOf = (ids: string[]) =>
  t.worker.db
    .select()
    .from(operations)
    .where(and(eq(operations.kind, "move"), inArray(operations.appId, ids)));

/** Performs moves as a worker's operator would, until stopped. @returns the largest number that were open at once */
function performMoves(ids: string[], tasks: PlacedTask[], fails?: { app: string }) {
  let largest = 0;
  let isOver = false;
  const done = (async () => {
    while (!isOver) {
      const open = (await movesOf(ids)).filter((one) => one.status === "queued");
      largest = Math.max(largest, open.length);
      const [first] = open;
      if (first) {
        const failed = fails?.app === first.appId;
        const error = failed
          ? { code: "unhealthy", what: "The health check did not pass within 60 s.", why: "/ answered 500.", fix: "Look at the log." }
          : null;
        if (!failed) for (const task of tasks) if (task.app === first.appId) task.node = "n2";
        await t.worker.db
          .update(operations)
          .set({ status: failed ? "failed" : "succeeded", error })
          .where(eq(operations.id, first.id));
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return largest;
  })();
  return async () => {
    isOver = true;
    return done;
  };
}
const { signal } = new AbortController();

describe("draining a node", () => {
  test("it takes nothing new, each application that serves from it is moved, two at once, and then it is drained", async () => {
    const { made, teamId } = await appsOn(5);
    const [first = "", second = "", third = "", fourth = "", elsewhere = ""] = made;
    const s = swarm([node("n1"), node("n2")], [on(first, "n1"), on(first, "n2"), on(second, "n1"), on(third, "n1"), on(fourth, "n1"), on(elsewhere, "n2")]);
    const stop = performMoves(made, s.tasks);
    await drainNode(s.worker, await operation(teamId), s.nodes[0] as ClusterNode, signal);
    expect(await stop()).toBeLessThanOrEqual(2);
    expect(s.changes).toEqual(["n1 pause", "n1 drain"]);
    expect((await movesOf(made)).map((move) => move.appId).sort()).toEqual([first, second, third, fourth].sort());
  });

  test("one that cannot become healthy elsewhere ends it: the node is as it was, and the reason is the application's own", async () => {
    const { made, teamId } = await appsOn(1);
    const s = swarm([node("n1"), node("n2")], [on(made[0] ?? "", "n1")]);
    const stop = performMoves(made, s.tasks, { app: made[0] ?? "" });
    await expect(drainNode(s.worker, await operation(teamId), s.nodes[0] as ClusterNode, signal)).rejects.toMatchObject({
      code: "conflict",
      explanation: { what: "api-0 could not be moved.", why: "The health check did not pass within 60 s. / answered 500.", fix: "Look at the log." },
    });
    await stop();
    expect(s.changes).toEqual(["n1 pause", "n1 active"]);
  });

  test("a worker that takes it over repeats no move, and waits for the one that is open", async () => {
    const { made, teamId } = await appsOn(1);
    const row = await operation(teamId);
    const s = swarm([node("n1", { availability: "pause" }), node("n2")], [on(made[0] ?? "", "n1")]);
    await t.worker.db
      .insert(operations)
      .values({ teamId, appId: made[0] ?? "", kind: "move", input: { node: "n1", drain: row.id }, actor: "admin", createdAt: t.worker.clock() });
    const draining = drainNode(s.worker, row, s.nodes[0] as ClusterNode, signal);
    const stop = performMoves(made, s.tasks);
    await draining;
    await stop();
    expect(await movesOf(made)).toHaveLength(1);
    expect(s.nodes[0]?.availability).toBe("drain");
  });

  test("one whose lease is lost leaves the node to whoever has it now", async () => {
    const { made, teamId } = await appsOn(1);
    const s = swarm([node("n1"), node("n2")], [on(made[0] ?? "", "n1")]);
    const lost = new AbortController();
    const draining = drainNode(s.worker, await operation(teamId), s.nodes[0] as ClusterNode, lost.signal);
    await expect.poll(async () => (await movesOf(made)).length).toBe(1);
    lost.abort(new Error("lost"));
    await expect(draining).rejects.toThrow("lost");
    expect(s.changes).toEqual(["n1 pause"]);
  });

  test("a volume keeps it from being drained; a node that was paused is paused again", async () => {
    const { made, teamId } = await appsOn(1, { volumes: [{ name: "data", path: "/data" }] });
    const s = swarm([node("n1", { availability: "pause" }), node("n2")], [on(made[0] ?? "", "n1")]);
    await expect(drainNode(s.worker, await operation(teamId, "pause"), s.nodes[0] as ClusterNode, signal)).rejects.toMatchObject({
      explanation: { what: "host-n1 holds volumes of api-0." },
    });
    expect(s.changes.at(-1)).toBe("n1 pause");
    expect(await movesOf(made)).toEqual([]);
  });

  test("the last node that takes work is left alone", async () => {
    const { teamId } = await appsOn(0);
    const s = swarm([node("n1"), node("n2", { availability: "drain" }), node("n3", { state: "down" })]);
    await expect(drainNode(s.worker, await operation(teamId), s.nodes[0] as ClusterNode, signal)).rejects.toMatchObject({ code: "conflict" });
    expect(s.changes).toEqual([]);
  });

  test("what only bakes there is left to Swarm, and a node that is down has nothing to move", async () => {
    const { made, teamId } = await appsOn(1);
    const baking = swarm([node("n1"), node("n2")], [on(made[0] ?? "", "n1", "b")]);
    const gone = setTimeout(() => baking.tasks.splice(0), 300);
    await drainNode(baking.worker, await operation(teamId), baking.nodes[0] as ClusterNode, signal);
    clearTimeout(gone);
    const down = swarm([node("n1", { state: "down" }), node("n2")], [on(made[0] ?? "", "n1")]);
    await drainNode(down.worker, await operation(teamId), down.nodes[0] as ClusterNode, signal);
    expect(await movesOf(made)).toEqual([]);
    expect(down.changes).toEqual(["n1 drain"]);
  });
});
