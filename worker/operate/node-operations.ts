import { eq } from "drizzle-orm";
import { teams } from "../../db/schema";
import { joinCommand, joinProblem } from "../../server/cluster/join";
import type { NodeRole } from "../../server/cluster/schema";
import { contextOf } from "../../server/context";
import { AppError } from "../../server/errors";
import { leaveAnswer, type OperationRow } from "../../server/operations/service";
import { pause } from "../../server/pause";
import type { WorkerContext } from "../context";
import type { ClusterNode } from "../ports";
import { drainNode } from "./drain-node";

const ROLE_TIMEOUT_MS = 45_000;
const LOOK_MS = 250;

/** Does one operation on a machine of the cluster. Each may be repeated. The table of nodes is true when it has ended. */
export async function performOnNode(worker: WorkerContext, operation: OperationRow, lost: AbortSignal): Promise<void> {
  try {
    if (operation.kind === "node-join-token") return await giveJoinToken(worker, operation);
    const node = await findNode(worker, operation.nodeId ?? "");
    switch (operation.kind) {
      case "node-labels":
        return await setLabels(worker, node, operation.input as { set: Record<string, string>; unset: string[] });
      case "node-role":
        return await setRole(worker, node, operation.input.role as NodeRole, lost);
      case "node-drain":
        return await drainNode(worker, operation, node, lost);
      case "node-activate":
        return await worker.ports.cluster.change(node.id, { availability: "active" });
      case "node-remove":
        return await removeNode(worker, node);
      default:
        throw new Error(`${operation.kind} is nothing that is done to a node`);
    }
  } finally {
    await worker.nodes.refresh();
  }
}

async function findNode(worker: WorkerContext, id: string): Promise<ClusterNode> {
  const node = (await worker.ports.cluster.nodes()).find((one) => one.id === id);
  if (!node) throw new AppError("not_found", { what: "The node is gone." });
  return node;
}

async function giveJoinToken(worker: WorkerContext, operation: OperationRow): Promise<void> {
  const { role, rotate } = operation.input as { role: NodeRole; rotate: boolean };
  const { env, services, ports } = worker;
  const own = (await ports.cluster.nodes()).find((node) => node.id === worker.nodes.ownId());
  const problem = joinProblem(own?.managerAddress ?? null, env.REGISTRY);
  if (problem) throw new AppError("conflict", problem);
  const { token, address } = await ports.cluster.joinToken({ role, rotate });
  const [team] = await services.db.select({ wrappedKey: teams.wrappedKey }).from(teams).where(eq(teams.id, operation.teamId));
  if (!team) throw new AppError("not_found", { what: "The team is gone." });
  const certificate = Buffer.from(env.REGISTRY_CERTIFICATE, "base64").toString();
  const command = joinCommand({ token, address, registry: env.REGISTRY, certificate });
  await leaveAnswer(contextOf(services, operation.teamId, team.wrappedKey, "worker"), operation.id, JSON.stringify({ token, address, command }));
}

async function setLabels(worker: WorkerContext, node: ClusterNode, { set, unset }: { set: Record<string, string>; unset: string[] }): Promise<void> {
  const kept = Object.entries(node.labels).filter(([key]) => !unset.includes(key));
  await worker.ports.cluster.change(node.id, { labels: { ...Object.fromEntries(kept), ...set } });
}

/** @throws AppError `conflict` for what would leave the cluster without a manager that the platform can speak to */
async function setRole(worker: WorkerContext, node: ClusterNode, role: NodeRole, lost: AbortSignal): Promise<void> {
  if (role === node.role) return;
  if (role === "worker" && node.id === worker.nodes.ownId())
    throw new AppError("conflict", {
      what: `${node.hostname} cannot be demoted.`,
      why: "The platform speaks to the cluster through it, and only a manager answers.",
      fix: "Demote another node.",
    });
  if (role === "manager" && node.state !== "ready")
    throw new AppError("conflict", {
      what: `${node.hostname} cannot be promoted: it is ${node.state}.`,
      why: "A manager that does not answer counts against the majority that decides.",
      fix: "Bring it up first.",
    });
  await worker.ports.cluster.change(node.id, { role });
  const hasRole = (one: ClusterNode) => (role === "manager") === (one.managerAddress !== null);
  for (const deadline = Date.now() + ROLE_TIMEOUT_MS; Date.now() < deadline; await pause(LOOK_MS, lost)) {
    lost.throwIfAborted();
    if (hasRole(await findNode(worker, node.id))) return;
  }
  throw new AppError("unavailable", {
    what: `${node.hostname} has not taken its new role after ${ROLE_TIMEOUT_MS / 1000} s.`,
    fix: "Look at that machine's engine.",
  });
}

/** @throws AppError `conflict` while something may still run on it */
async function removeNode(worker: WorkerContext, node: ClusterNode): Promise<void> {
  if (node.id === worker.nodes.ownId())
    throw new AppError("conflict", {
      what: `${node.hostname} cannot be removed.`,
      why: "The platform itself runs on it.",
      fix: "bin/down takes the platform down.",
    });
  if (node.role === "manager")
    throw new AppError("conflict", {
      what: `${node.hostname} is a manager.`,
      why: "Managers decide by majority: one that is simply gone counts as a vote that is missing.",
      fix: `Demote it first: dokploy node demote ${node.hostname}`,
    });
  if (node.state === "ready" && node.availability !== "drain")
    throw new AppError("conflict", {
      what: `${node.hostname} still takes work.`,
      why: "Removed as it is, it would take with it what runs there.",
      fix: `Drain it first: dokploy node drain ${node.hostname}`,
    });
  await worker.ports.cluster.remove(node.id);
}
