import { and, eq, inArray, sql } from "drizzle-orm";
import { apps, operations } from "../../db/schema";
import { AppError } from "../../server/errors";
import type { OperationRow } from "../../server/operations/service";
import { pause } from "../../server/pause";
import type { WorkerContext } from "../context";
import type { ClusterNode } from "../ports";

/** Each move runs an application twice for a while: more at once would ask the other nodes for too much. */
const MOVES_AT_ONCE = 2;
const LOOK_MS = 250;
const MOVES_TIMEOUT_MS = 15 * 60_000;
const EMPTY_TIMEOUT_MS = 60_000;

type App = Pick<typeof apps.$inferSelect, "id" | "teamId" | "name" | "volumes" | "activeSlot">;
type Move = Pick<OperationRow, "appId" | "status" | "error">;

/**
 * Empties a node without a lost request. It first takes no new tasks; then each application that serves from it is moved as a restart
 * does it: the other slot starts elsewhere, passes its health gate, gets the traffic, and the old one ends once it has answered what it
 * was asked. Only then is it drained in Swarm's sense, which would end tasks whether their successors answer or not.
 * A worker that takes this over goes on from what it finds.
 * @throws AppError `conflict` when something cannot go elsewhere; the node is then as it was
 */
export async function drainNode(worker: WorkerContext, operation: OperationRow, node: ClusterNode, lost: AbortSignal): Promise<void> {
  const { cluster } = worker.ports;
  if (node.state === "ready") {
    await refuseLastNode(worker, node);
    await cluster.change(node.id, { availability: "pause" });
    try {
      refuseVolumes(await appsOn(worker, node), node);
      await moveAll(worker, operation, node, lost);
    } catch (error) {
      if (!lost.aborted) await cluster.change(node.id, { availability: beforeOf(operation) });
      throw error;
    }
  }
  await cluster.change(node.id, { availability: "drain" });
  await untilEmpty(worker, node, lost);
}

const beforeOf = ({ input }: OperationRow): ClusterNode["availability"] => (input.before === "pause" || input.before === "drain" ? input.before : "active");

async function refuseLastNode(worker: WorkerContext, node: ClusterNode): Promise<void> {
  const others = (await worker.ports.cluster.nodes()).filter((one) => one.id !== node.id && one.state === "ready" && one.availability === "active");
  if (others.length > 0) return;
  throw new AppError("conflict", {
    what: `${node.hostname} is the only node that takes work.`,
    why: "What runs there would have nowhere to go.",
    fix: "Activate another node, or let one join: dokploy node join-token",
  });
}

/** A volume is on one node's disk: what moves away from it starts without its data. */
function refuseVolumes(found: App[], node: ClusterNode): void {
  const bound = found.filter((app) => app.volumes.length > 0).map((app) => app.name);
  if (bound.length === 0) return;
  throw new AppError("conflict", {
    what: `${node.hostname} holds volumes of ${bound.join(", ")}.`,
    why: "A volume is on the disk of its node; elsewhere the application would start without its data.",
    fix: "Stop those applications, or move their data and set where they are placed, and drain again.",
  });
}

/** The applications whose slot that serves has a task on the node. */
async function appsOn(worker: WorkerContext, node: ClusterNode): Promise<App[]> {
  const there = (await worker.ports.cluster.placed()).filter((task) => task.node === node.id);
  const ids = [...new Set(there.map((task) => task.app))].filter((id) => /^[0-9a-f-]{36}$/.test(id));
  if (ids.length === 0) return [];
  const rows = await worker.services.db
    .select({ id: apps.id, teamId: apps.teamId, name: apps.name, volumes: apps.volumes, activeSlot: apps.activeSlot })
    .from(apps)
    .where(inArray(apps.id, ids));
  return rows.filter((row) => there.some((task) => task.app === row.id && task.slot === row.activeSlot));
}

async function moveAll(worker: WorkerContext, operation: OperationRow, node: ClusterNode, lost: AbortSignal): Promise<void> {
  const { services } = worker;
  const ours = and(eq(operations.kind, "move"), sql`${operations.input} ->> 'drain' = ${operation.id}`);
  for (const deadline = Date.now() + MOVES_TIMEOUT_MS; ; await pause(LOOK_MS, lost)) {
    lost.throwIfAborted();
    // moves first: one that ends in between leaves nothing behind that would be moved again
    const moves = await services.db.select({ appId: operations.appId, status: operations.status, error: operations.error }).from(operations).where(ours);
    const left = await appsOn(worker, node);
    refuseFailed(moves, left);
    const open = moves.filter((move) => move.status === "queued" || move.status === "running");
    if (left.length === 0 && open.length === 0) return;
    if (Date.now() > deadline)
      throw new AppError("unavailable", {
        what: `${left.map((app) => app.name).join(", ")} could not be moved within ${MOVES_TIMEOUT_MS / 60_000} minutes.`,
        why: "Deployments or other operations of them were under way.",
        fix: "Drain again when they have ended.",
      });
    const waiting = left.filter((app) => !open.some((move) => move.appId === app.id));
    for (const app of waiting.slice(0, Math.max(0, MOVES_AT_ONCE - open.length))) {
      const input = { node: node.id, drain: operation.id };
      const [move] = await services.db
        .insert(operations)
        .values({ teamId: app.teamId, appId: app.id, kind: "move", input, actor: operation.actor, createdAt: services.clock() })
        .returning({ id: operations.id });
      if (move) services.queue.wakeOperation(move.id);
    }
  }
}

function refuseFailed(moves: Move[], left: App[]): void {
  const failed = moves.find((move) => move.status === "failed");
  if (!failed) return;
  const name = left.find((app) => app.id === failed.appId)?.name ?? "An application";
  throw new AppError("conflict", {
    what: `${name} could not be moved.`,
    why: [failed.error?.what, failed.error?.why].filter(Boolean).join(" "),
    fix: failed.error?.fix ?? "Look at its log, and drain again.",
  });
}

/** Releases that are kept for a while after their successor went live are moved by Swarm. */
async function untilEmpty(worker: WorkerContext, node: ClusterNode, lost: AbortSignal): Promise<void> {
  if (node.state !== "ready") return;
  for (const deadline = Date.now() + EMPTY_TIMEOUT_MS; Date.now() < deadline; await pause(LOOK_MS, lost)) {
    lost.throwIfAborted();
    if (!(await worker.ports.cluster.placed()).some((task) => task.node === node.id)) return;
  }
}
