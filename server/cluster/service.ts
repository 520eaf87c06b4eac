import { and, asc, desc, eq, inArray, isNotNull, like, or } from "drizzle-orm";
import { nodes, operations, workers } from "../../db/schema";
import { toIso } from "../../db/schema/columns";
import type { TeamContext } from "../context";
import type { TeamRows } from "../data/team-data";
import { AppError } from "../errors";
import { operationDone, requestNodeOperation, takeAnswer } from "../operations/service";
import { BUILD_LABEL } from "./constants";
import { joinProblem } from "./join";
import { buildsOn, type ClusterNode, type JoinToken, type NodeList, type NodeRole, type NodeWork } from "./schema";

type NodeRow = typeof nodes.$inferSelect;
type NodeKind = "node-labels" | "node-role" | "node-drain" | "node-activate" | "node-remove";
const TIMEOUT_MS = 60_000;
/** What moves applications takes as long as they need to be healthy elsewhere. */
const DRAIN_TIMEOUT_MS = 240_000;
const SHOWN_MICROS = 3_600_000_000;

const readRows = (rows: TeamRows) => rows.query((db) => db.select().from(nodes).orderBy(asc(nodes.role), asc(nodes.hostname), asc(nodes.id)));

/** The machines of the cluster, as a worker last saw them. */
export async function listNodes(ctx: TeamContext): Promise<NodeList> {
  const { found, works, worker } = await ctx.team.transaction(async (rows) => ({
    found: await readRows(rows),
    works: await rows.list(operations, {
      where: and(isNotNull(operations.nodeId), like(operations.kind, "node-%")),
      orderBy: desc(operations.createdAt),
      limit: 200,
    }),
    worker: (await rows.query((db) => db.select().from(workers).orderBy(desc(workers.reportedAt)).limit(1)))[0],
  }));
  const since = ctx.now() - SHOWN_MICROS;
  const items = found.map((row) => {
    const last = works.find((work) => work.nodeId === row.id);
    return toView(row, last && last.status !== "succeeded" && last.createdAt > since ? toWork(last) : null);
  });
  const own = found.find((row) => row.isOwn);
  return { items, nextCursor: null, joinProblem: own ? joinProblem(own.managerAddress, worker?.registry ?? "") : null };
}

const toWork = (row: typeof operations.$inferSelect): NodeWork => ({
  kind: row.kind.slice("node-".length) as NodeWork["kind"],
  status: row.status as NodeWork["status"],
  error: row.error ?? null,
});

const toView = (row: NodeRow, work: NodeWork | null): ClusterNode => ({
  id: row.id,
  name: row.hostname,
  role: row.role,
  isLeader: row.isLeader,
  isOwn: row.isOwn,
  builds: buildsOn(row),
  // a drained node has none: Swarm has ended it, or is about to
  agent: row.agent && row.availability !== "drain" ? { ...row.agent, since: toIso(row.agent.since) } : null,
  availability: row.availability,
  state: row.state,
  message: row.message,
  address: row.address,
  labels: row.labels,
  cpus: row.cpus,
  memory: row.memoryBytes,
  engineVersion: row.engineVersion,
  replicas: row.replicas,
  joinedAt: toIso(row.joinedAt),
  seenAt: row.seenAt === null ? null : toIso(row.seenAt),
  work,
});

/** @throws AppError `not_found`, `conflict` when several machines have that host name */
export async function findNode(ctx: TeamContext, reference: string): Promise<NodeRow> {
  const found = await ctx.team.query((db) =>
    db
      .select()
      .from(nodes)
      .where(or(eq(nodes.id, reference), eq(nodes.hostname, reference)))
      .limit(10),
  );
  const [first, second] = found;
  if (!first) throw new AppError("not_found", { what: `There is no node ${reference}.`, fix: "dokploy node list shows them." });
  if (second)
    throw new AppError("conflict", { what: `${found.length} nodes are named ${reference}.`, why: found.map((row) => row.id).join(", "), fix: "Give the id." });
  return first;
}

/** Changes a node and answers it as it is then; null once it is removed. @param isAwaited false answers at once, while the worker goes on */
async function operateNode(
  ctx: TeamContext,
  reference: string,
  kind: NodeKind,
  input: Record<string, unknown> = {},
  isAwaited = true,
): Promise<ClusterNode | null> {
  const node = await findNode(ctx, reference);
  await refuseWhileBusy(ctx, node);
  const operation = await requestNodeOperation(ctx, { id: node.id, name: node.hostname }, kind, { ...input, before: node.availability });
  if (isAwaited) await operationDone(ctx, operation.id, kind === "node-drain" ? DRAIN_TIMEOUT_MS : TIMEOUT_MS);
  return (await listNodes(ctx)).items.find((one) => one.id === node.id) ?? null;
}

async function refuseWhileBusy(ctx: TeamContext, node: NodeRow): Promise<void> {
  const open = await ctx.team.first(
    operations,
    and(eq(operations.nodeId, node.id), like(operations.kind, "node-%"), inArray(operations.status, ["queued", "running"])),
  );
  if (!open) return;
  const doing = open.kind.replace("node-", "");
  throw new AppError("conflict", { what: `${node.hostname} is busy: ${doing}.`, why: `${open.actor} asked for it.`, fix: "Wait until it has ended." });
}

async function changed(node: Promise<ClusterNode | null>, reference: string): Promise<ClusterNode> {
  const now = await node;
  if (!now) throw new AppError("not_found", { what: `The node ${reference} is gone.` });
  return now;
}

export const setNodeLabels = (ctx: TeamContext, reference: string, input: { set: Record<string, string>; unset: string[] }) =>
  changed(operateNode(ctx, reference, "node-labels", input), reference);
/** Whether images are built on a node: a label of it, so that Swarm keeps it. */
export const setNodeBuilds = (ctx: TeamContext, reference: string, builds: boolean) =>
  setNodeLabels(ctx, reference, { set: { [BUILD_LABEL]: String(builds) }, unset: [] });
export const setNodeRole = (ctx: TeamContext, reference: string, role: NodeRole) => changed(operateNode(ctx, reference, "node-role", { role }), reference);
export const drainNode = (ctx: TeamContext, reference: string, isAwaited: boolean) =>
  changed(operateNode(ctx, reference, "node-drain", {}, isAwaited), reference);
export const activateNode = (ctx: TeamContext, reference: string) => changed(operateNode(ctx, reference, "node-activate"), reference);
export async function removeNode(ctx: TeamContext, reference: string): Promise<{ id: string; name: string }> {
  const node = await findNode(ctx, reference);
  await operateNode(ctx, node.id, "node-remove");
  return { id: node.id, name: node.hostname };
}

/**
 * The token and command by which a machine joins. The worker's answer waits in Redis for a minute, sealed by the team's key, and is gone
 * when it is read: it is in no table, log or audit row.
 * @param rotate makes the present token of that role worthless
 */
export async function joinToken(ctx: TeamContext, input: { role: NodeRole; rotate: boolean }): Promise<JoinToken> {
  const operation = await requestNodeOperation(ctx, null, "node-join-token", input);
  await operationDone(ctx, operation.id, TIMEOUT_MS);
  const answer = await takeAnswer(ctx, operation.id);
  if (answer === null)
    throw new AppError("unavailable", { what: "The token did not arrive.", why: "Redis may have been restarted meanwhile.", fix: "Ask again." });
  return { role: input.role, ...(JSON.parse(answer) as Omit<JoinToken, "role">) };
}
