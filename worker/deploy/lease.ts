import { and, eq, type SQL, sql } from "drizzle-orm";
import { apps, deployments } from "../../db/schema";
import type { Services } from "../../server/context";
import type { DeploymentRow } from "../../server/deployments/view";
import { DeployError } from "../errors";

export const LEASE_MS = 10_000;
export const LEASE_MICROS = LEASE_MS * 1_000;
export const HEARTBEAT_MS = 1_000;
/** Before the lease lapses for the others, its holder has stopped. */
export const SURRENDER_MS = LEASE_MS - 2_000;

type Tx = Parameters<Parameters<Services["db"]["transaction"]>[0]>[0];
type Changes = Partial<typeof deployments.$inferInsert>;

/** Somebody else holds this deployment now: whatever this worker still does must change nothing. */
export const fenced = () => new DeployError("fenced", { what: "Another worker has taken this deployment over." }, { kind: "ours" });

/** Every write to a running deployment: it takes effect only while this worker's epoch is the newest. @throws DeployError `fenced` */
export async function writeFenced(db: Services["db"] | Tx, deployment: Pick<DeploymentRow, "id" | "epoch">, changes: Changes): Promise<DeploymentRow> {
  const [row] = await db
    .update(deployments)
    .set(changes)
    .where(and(eq(deployments.id, deployment.id), eq(deployments.epoch, deployment.epoch), eq(deployments.status, "running")))
    .returning();
  if (!row) throw fenced();
  return row;
}

/**
 * The next deployment that may start, taken in one transaction: no other of its application runs. Rollbacks go first; then projects
 * take turns, the one with the fewest running deployments first, so that a hundred of one do not hold up another's; then production, then
 * the oldest.
 * PostgreSQL decides between workers (`for update skip locked`, the partial unique index); losing is no failure.
 * @param hasBuildSlot without one, only deployments that build nothing are taken
 * @param mostBuilds how many may build at once on all nodes together; 0 for as many as there are slots
 */
export async function claimNext(services: Services, workerId: string, hasBuildSlot: boolean, mostBuilds = 0): Promise<DeploymentRow | null> {
  for (let attempt = 0; attempt < 5; attempt++) {
    try {
      const claimed = await services.db.transaction(async (tx) => claimOne(tx, services.clock(), workerId, hasBuildSlot && (await hasRoom(tx, mostBuilds))));
      if (claimed !== "overtaken") return claimed;
    } catch (error) {
      if (!isUniqueViolation(error)) throw error;
    }
  }
  return null;
}

/** Workers count one after another, so that two do not take the last place. A deployment that has not begun a step is about to fetch. */
async function hasRoom(tx: Tx, mostBuilds: number): Promise<boolean> {
  if (mostBuilds === 0) return true;
  await tx.execute(sql`select pg_advisory_xact_lock(hashtext('dokploy builds'))`);
  const [row] = await tx.execute<{ n: number }>(sql`
    select count(*)::int as n from deployments
    where status = 'running' and kind in ('code', 'redeploy') and coalesce(step, 'fetch') in ('fetch', 'plan', 'build')`);
  return (row?.n ?? 0) < mostBuilds;
}

/** An operation that moves slots; one that only renders routes minds nothing. */
const underWay = (appId: SQL) =>
  sql`select 1 from operations o where o.app_id = ${appId} and o.status = 'running' and o.kind <> 'route' and o.lease_until >= now()`;

/** Locks the application first, then its deployment: the order in which deployments are accepted, so that the two never wait for each other. */
async function claimOne(tx: Tx, now: number, workerId: string, hasBuildSlot: boolean): Promise<DeploymentRow | null | "overtaken"> {
  const [next] = await tx.execute<{ id: string; app_id: string }>(sql`
    select d.id, d.app_id from deployments d join apps a on a.id = d.app_id join environments e on e.id = a.environment_id
      left join (select project_id, count(*) as n from deployments where status = 'running' group by project_id) busy on busy.project_id = d.project_id
    where d.status = 'queued' and (${hasBuildSlot} or d.kind in ('rollback', 'config', 'promote'))
      and not exists (select from deployments r where r.app_id = d.app_id and r.status = 'running')
      and not exists (${underWay(sql`d.app_id`)})
    order by d.priority desc, coalesce(busy.n, 0), e.tier = 'production' desc, d.created_at
    limit 1 for update of a skip locked`);
  if (!next) return null;
  // Looked at again under the lock: an operation's claim, which takes the same lock, may have come in between.
  const [operation] = await tx.execute(underWay(sql`${next.app_id}::uuid`));
  if (operation) return "overtaken";
  const epoch = await raiseEpoch(tx, next.app_id);
  const [row] = await tx
    .update(deployments)
    .set({ status: "running", epoch, workerId, leaseUntil: now + LEASE_MICROS, startedAt: now })
    .where(and(eq(deployments.id, next.id), eq(deployments.status, "queued")))
    .returning();
  return row ?? "overtaken";
}

/**
 * A running deployment whose lease has lapsed, or which a dead predecessor of this very worker held.
 * @param started when this process began: leases of the same worker id from before are its predecessor's
 */
export async function takeOverNext(services: Services, workerId: string, mine: ReadonlySet<string>): Promise<DeploymentRow | null> {
  return services.db.transaction(async (tx) => {
    const now = services.clock();
    const rows = await tx.execute<{ id: string; app_id: string }>(sql`
      select d.id, d.app_id from deployments d join apps a on a.id = d.app_id
      where d.status = 'running' and (d.lease_until < now() or d.worker_id = ${workerId})
      order by d.created_at for update of a skip locked`);
    const next = [...rows].find((row) => !mine.has(row.id));
    if (!next) return null;
    const epoch = await raiseEpoch(tx, next.app_id);
    const [row] = await tx
      .update(deployments)
      .set({ epoch, workerId, leaseUntil: now + LEASE_MICROS, attempt: sql`${deployments.attempt} + 1` as unknown as number })
      .where(and(eq(deployments.id, next.id), eq(deployments.status, "running")))
      .returning();
    return row ?? null;
  });
}

export async function raiseEpoch(tx: Tx, appId: string): Promise<number> {
  const [app] = await tx
    .update(apps)
    .set({ epoch: sql`${apps.epoch} + 1` })
    .where(eq(apps.id, appId))
    .returning({ epoch: apps.epoch });
  if (!app) throw new Error(`Application ${appId} of a deployment is gone.`);
  return app.epoch;
}

/**
 * Keeps the lease while a deployment runs, and hears of a cancellation: by the heartbeat's answer, within a second.
 * `lost` is called when the lease is somebody else's, and when it could not be renewed for so long that it may be.
 */
export function keepLease(
  services: Services,
  deployment: DeploymentRow,
  on: { cancelRequested: () => void; lost: () => void },
): { beat(): Promise<void>; stop(): void } {
  let renewedAt = performance.now();
  const beat = async () => {
    const askedAt = performance.now();
    if (askedAt - renewedAt > SURRENDER_MS) return on.lost();
    try {
      const row = await writeFenced(services.db, deployment, { leaseUntil: services.clock() + LEASE_MICROS });
      renewedAt = Math.max(renewedAt, askedAt);
      if (row.cancelRequestedAt !== null) on.cancelRequested();
    } catch (error) {
      if (error instanceof DeployError && error.code === "fenced") on.lost();
      else services.log.warn({ err: error, deployment: deployment.id }, "heartbeat failed");
    }
  };
  const timer = setInterval(() => void beat(), HEARTBEAT_MS);
  return { beat, stop: () => clearInterval(timer) };
}

/** Gives a lease up, so that whoever looks next takes the deployment over at once. */
export async function giveUpLease(services: Services, deployment: Pick<DeploymentRow, "id" | "epoch">): Promise<void> {
  await services.db
    .update(deployments)
    .set({ leaseUntil: services.clock() })
    .where(and(eq(deployments.id, deployment.id), eq(deployments.epoch, deployment.epoch), eq(deployments.status, "running")));
}

function isUniqueViolation(error: unknown): boolean {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) if ((cause as { code?: unknown }).code === "23505") return true;
  return false;
}
