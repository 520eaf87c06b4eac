import { eq } from "drizzle-orm";
import { type APP_OPERATIONS, type NODE_OPERATIONS, operations } from "../../db/schema";
import { toIso } from "../../db/schema/columns";
import type { TeamContext } from "../context";
import { AppError } from "../errors";

export type OperationRow = typeof operations.$inferSelect;
export type OperationKind = OperationRow["kind"];
export type AppOperationKind = (typeof APP_OPERATIONS)[number];
export type NodeOperationKind = (typeof NODE_OPERATIONS)[number];
export type OperationView = {
  id: string;
  /** Null for what is done to a node. */
  app: string | null;
  kind: OperationKind;
  status: OperationRow["status"];
  error: OperationRow["error"];
  createdAt: string;
  finishedAt: string | null;
};

export const toOperationView = (row: OperationRow): OperationView => ({
  id: row.id,
  app: row.appId,
  kind: row.kind,
  status: row.status,
  error: row.error,
  createdAt: toIso(row.createdAt),
  finishedAt: row.finishedAt === null ? null : toIso(row.finishedAt),
});

/** Something that changes what runs without a new release: start, stop, restart, scale, routes, delete. A worker does it; the row is the job. */
export async function requestOperation(ctx: TeamContext, appId: string, kind: AppOperationKind, input: Record<string, unknown> = {}): Promise<OperationRow> {
  const row = await ctx.team.insert(operations, { appId, kind, input, actor: ctx.actor, createdAt: ctx.now() });
  if (!row) throw new AppError("conflict", { what: "The operation could not be stored.", fix: "Try again." });
  ctx.services.queue.wakeOperation(row.id);
  await ctx.audit(`app.${kind}`, { id: appId }, input);
  return row;
}

/** Something that changes a machine of the cluster; `node` is null for what concerns the cluster as a whole. */
export async function requestNodeOperation(
  ctx: TeamContext,
  node: { id: string; name: string } | null,
  kind: NodeOperationKind,
  input: Record<string, unknown>,
): Promise<OperationRow> {
  const row = await ctx.team.insert(operations, { nodeId: node?.id ?? null, kind, input, actor: ctx.actor, createdAt: ctx.now() });
  if (!row) throw new AppError("conflict", { what: "The operation could not be stored.", fix: "Try again." });
  ctx.services.queue.wakeOperation(row.id);
  await ctx.audit(kind.replace("node-", "node."), node ? { name: node.name } : null, { ...(node ? { node: node.id } : {}), ...input });
  return row;
}

const ANSWER_S = 60;
const answerKey = (prefix: string, id: string) => `${prefix}:answer:${id}`;
const answerContext = (id: string) => `operation:${id}`;

/** Leaves a secret answer for whoever asked for the operation: sealed, for a minute, read once. */
export async function leaveAnswer(ctx: TeamContext, id: string, answer: string): Promise<void> {
  const { redis, env } = ctx.services;
  await redis.set(answerKey(env.DOKPLOY_HOME_ID, id), ctx.key.seal(answer, answerContext(id)), "EX", ANSWER_S);
}

/** The secret answer to an operation, which is gone with it; null when there is none. */
export async function takeAnswer(ctx: TeamContext, id: string): Promise<string | null> {
  const { redis, env } = ctx.services;
  const sealed = await redis.getdel(answerKey(env.DOKPLOY_HOME_ID, id));
  return sealed === null ? null : ctx.key.open(sealed, answerContext(id));
}

/** Waits until an operation has ended, told by the worker's event, at the latest `timeoutMs`. @throws AppError with the operation's own reason when it failed, `unavailable` when it is still under way */
export async function operationDone(ctx: TeamContext, id: string, timeoutMs: number): Promise<OperationView> {
  const { key, reader } = { key: operationStream(ctx.services.env.DOKPLOY_HOME_ID, id), reader: ctx.services.reader };
  let wake: () => void = () => {};
  const stop = reader.follow(
    key,
    () => wake(),
    () => wake(),
  );
  const deadline = Date.now() + timeoutMs;
  try {
    for (;;) {
      const changed = new Promise<void>((resolve) => {
        wake = resolve;
      });
      const row = await ctx.team.first(operations, eq(operations.id, id));
      if (row?.status === "succeeded") return toOperationView(row);
      if (row?.status === "failed")
        throw new AppError("conflict", {
          what: row.error?.what ?? "The operation failed.",
          ...(row.error?.why ? { why: row.error.why } : {}),
          ...(row.error?.fix ? { fix: row.error.fix } : {}),
        });
      const left = deadline - Date.now();
      if (left <= 0)
        throw new AppError("unavailable", {
          what: "The operation is still under way.",
          why: "No worker has finished it yet.",
          fix: "It goes on by itself; look again in a moment.",
        });
      await Promise.race([changed, new Promise((resolve) => setTimeout(resolve, Math.min(left, 2000)).unref())]);
    }
  } finally {
    stop();
  }
}

export const operationStream = (prefix: string, id: string) => `${prefix}:operation:${id}`;
