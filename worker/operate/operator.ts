import { and, eq, sql } from "drizzle-orm";
import { operations } from "../../db/schema";
import { isDatabaseAway } from "../../server/database-away";
import { AppError } from "../../server/errors";
import { type OperationRow, operationStream } from "../../server/operations/service";
import type { WorkerContext } from "../context";
import { fenced, HEARTBEAT_MS, LEASE_MICROS, raiseEpoch, SURRENDER_MS } from "../deploy/lease";
import { DeployError } from "../errors";
import { perform } from "./operations";

const MAX_LOST = 10;
const SWEEP_MS = 2_000;
const MAX_ATTEMPTS = 3;
const CONCURRENCY = 8;
/** A project that is deleted has many of them, and each waits for containers to end: what else is asked for has room beside. */
const DELETIONS = 4;

/** Performs operations, one at a time for each application and each node, from rows in PostgreSQL. */
export function createOperator(worker: WorkerContext): { wake(): void; close(): Promise<void> } {
  const running = new Map<Promise<void>, OperationRow["kind"]>();
  const { log } = worker.services;
  let isClosing = false;
  let turn: Promise<void> = Promise.resolve();

  const claimAll = async () => {
    try {
      while (!isClosing && running.size < CONCURRENCY) {
        const deletions = [...running.values()].filter((kind) => kind === "delete").length;
        const row = await claim(worker, { mayDelete: deletions < DELETIONS });
        if (!row) return;
        const done: Promise<void> = finish(worker, row)
          .catch((error: unknown) => log.error({ err: error, operation: row.id }, "operation not stored; its lease will lapse"))
          .finally(() => {
            running.delete(done);
            wake();
          });
        running.set(done, row.kind);
      }
    } catch (error) {
      log.warn({ err: error }, "claiming operations failed; the next sweep tries again");
    }
  };
  const wake = () => {
    if (!isClosing) turn = turn.then(claimAll);
  };
  const sweep = setInterval(wake, SWEEP_MS);
  return {
    wake,
    async close() {
      isClosing = true;
      clearInterval(sweep);
      await turn;
      await Promise.race([Promise.all(running.keys()), new Promise((resolve) => setTimeout(resolve, 7_000).unref())]);
    },
  };
}

type Claiming = { mayDelete: boolean };
/** The oldest that may run now; null when there is none. */
export const claim = async (worker: Pick<WorkerContext, "services">, claiming: Claiming): Promise<OperationRow | null> =>
  (await claimForNode(worker)) ?? (await claimForApp(worker, claiming));

/** One at a time for each node. */
async function claimForNode({ services }: Pick<WorkerContext, "services">): Promise<OperationRow | null> {
  const now = services.clock();
  const next = sql`(
    select o.id from operations o
    where o.app_id is null and (o.status = 'queued' or (o.status = 'running' and o.lease_until < now()))
      and not exists (select from operations r where r.app_id is null and r.node_id = o.node_id and r.status = 'running' and r.lease_until >= now() and r.id <> o.id)
    order by o.created_at limit 1 for update skip locked)`;
  const [row] = await services.db
    .update(operations)
    .set({ status: "running", startedAt: now, leaseUntil: now + LEASE_MICROS, attempts: sql`${operations.attempts} + 1` })
    .where(eq(operations.id, next))
    .returning();
  return row ?? null;
}

async function claimForApp(worker: Pick<WorkerContext, "services">, { mayDelete }: Claiming): Promise<OperationRow | null> {
  return worker.services.db.transaction(async (tx) => {
    const [next] = await tx.execute<{ id: string; app_id: string; kind: string }>(sql`
      select o.id, o.app_id, o.kind from operations o join apps a on a.id = o.app_id
      where (o.status = 'queued' or (o.status = 'running' and o.lease_until < now()))
        and not exists (select from operations r where r.app_id = o.app_id and r.status = 'running' and r.lease_until >= now() and r.id <> o.id)
        and (o.kind <> 'delete' or ${mayDelete})
        and (o.kind = 'route' or not exists (select from deployments d where d.app_id = o.app_id and d.status = 'running'))
      order by o.created_at limit 1 for update of a, o skip locked`);
    if (!next) return null;
    if (next.kind !== "route") {
      // Looked at again under the lock that a deployment's claim takes too: it may have come in between.
      const [running] = await tx.execute(sql`select 1 from deployments d where d.app_id = ${next.app_id}::uuid and d.status = 'running'`);
      if (running) return null;
      await raiseEpoch(tx, next.app_id);
    }
    const now = worker.services.clock();
    const [row] = await tx
      .update(operations)
      .set({ status: "running", startedAt: now, leaseUntil: now + LEASE_MICROS, attempts: sql`${operations.attempts} + 1` })
      .where(eq(operations.id, next.id))
      .returning();
    return row ?? null;
  });
}

/** The attempt is the epoch: each claim raises it. */
const isHeld = (row: OperationRow) => and(eq(operations.id, row.id), eq(operations.attempts, row.attempts), eq(operations.status, "running"));

/** As a deployment's lease is kept: who cannot renew it stops before another may have it. */
function keepLease({ services }: WorkerContext, row: OperationRow, onLost: () => void): NodeJS.Timeout {
  let renewedAt = performance.now();
  const beat = async () => {
    const askedAt = performance.now();
    if (askedAt - renewedAt > SURRENDER_MS) return onLost();
    try {
      const leaseUntil = services.clock() + LEASE_MICROS;
      const kept = await services.db.update(operations).set({ leaseUntil }).where(isHeld(row)).returning({ id: operations.id });
      if (kept.length === 0) return onLost();
      renewedAt = Math.max(renewedAt, askedAt);
    } catch (error) {
      services.log.warn({ err: error, operation: row.id }, "an operation's lease was not renewed");
    }
  };
  return setInterval(() => void beat(), HEARTBEAT_MS);
}

async function finish(worker: WorkerContext, row: OperationRow): Promise<void> {
  const { db, clock, log, events, redis, env } = worker.services;
  let error: OperationRow["error"] = null;
  let status: OperationRow["status"] = "succeeded";
  const lost = new AbortController();
  const lease = keepLease(worker, row, () => lost.abort(fenced()));
  try {
    if (row.attempts > MAX_LOST)
      throw new AppError("internal", { what: `No worker lived through this operation in ${MAX_LOST} attempts.`, fix: "Look at the worker's log." });
    await perform(worker, row, lost.signal);
  } catch (thrown) {
    // while the engine is away too: the lease lapses, and it is tried again after that
    if (lost.signal.aborted || isDatabaseAway(thrown) || (thrown instanceof DeployError && thrown.code === "engine_unavailable")) {
      log.warn({ err: thrown, operation: row.id }, "the operation is left to whoever has its lease next");
      return;
    }
    const isTemporary = thrown instanceof DeployError && thrown.kind === "temporary" && row.attempts < MAX_ATTEMPTS;
    status = isTemporary ? "queued" : "failed";
    const known =
      thrown instanceof AppError || thrown instanceof DeployError
        ? { code: thrown.code, ...thrown.explanation }
        : {
            code: "internal",
            what: "The operation failed on our side.",
            why: thrown instanceof Error ? thrown.message.slice(0, 300) : String(thrown),
            fix: "Try again; the worker's log says more.",
          };
    error = known;
    log.warn({ err: thrown, operation: row.id, kind: row.kind }, "operation failed");
  } finally {
    clearInterval(lease);
  }
  await db
    .update(operations)
    .set({ status, error, finishedAt: status === "queued" ? null : clock(), leaseUntil: null })
    .where(isHeld(row));
  events.publish(row.teamId, row.appId === null ? { type: "nodes" } : { type: "app", app: row.appId });
  const key = operationStream(env.DOKPLOY_HOME_ID, row.id);
  await redis
    .multi()
    .xadd(key, "*", "s", status)
    .expire(key, 300)
    .exec()
    .catch((lost: Error) => log.debug({ error: lost.message }, "operation's end not announced"));
}
