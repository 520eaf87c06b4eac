import { setTimeout as wait } from "node:timers/promises";
import { and, eq, isNull, sql } from "drizzle-orm";
import type { Transaction } from "../db/client";
import { apps, environments } from "../db/schema";
import type { WorkerContext } from "./context";
import type { AppPlace } from "./data";
import { DeployError } from "./errors";

const RETRY_MS = 50;
const SETTLE_MS = 250;
const MOST_TRIES = 40;

/**
 * The environment's network with the edge on it; it stays as long as the environment has an application.
 * @throws DeployError `engine_unavailable` when it could not be joined for ten seconds
 */
export async function ensureNetwork(worker: WorkerContext, { environment, project }: Pick<AppPlace, "environment" | "project">): Promise<void> {
  const name = environment.network;
  const labels = { "dokploy.home": worker.env.DOKPLOY_HOME_ID, "dokploy.project": project.name, "dokploy.environment": environment.name };
  // between two tries neither a lock nor a connection is held
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    if (await guarded(worker, name, "shared", () => worker.ports.network.ensure({ name, labels }))) return;
    await wait(SETTLE_MS);
  }
  throw new DeployError(
    "engine_unavailable",
    {
      what: `The edge could not join the network of ${project.name}/${environment.name}.`,
      why: "The engine is still removing the network or the edge of before.",
      fix: "It is tried again by itself; look at the engine's log if it stays so.",
    },
    { kind: "temporary" },
  );
}

/** Takes a network away when no application is left that could need it. Answers whether it did. */
export const removeUnusedNetwork = (worker: WorkerContext, name: string): Promise<boolean> =>
  guarded(worker, name, "exclusive", async (tx) => {
    const [used] = await tx
      .select({ id: apps.id })
      .from(apps)
      .innerJoin(environments, eq(environments.id, apps.environmentId))
      .where(and(eq(environments.network, name), isNull(apps.deletedAt)))
      .limit(1);
    if (used) return false;
    await worker.ports.network.remove(name);
    return true;
  });

/**
 * Who needs a network and who takes it away do not meet, whichever worker they are of: an application that is made while the last one of
 * its environment is deleted would else find its network under its hands gone. A lock of PostgreSQL's, asked for again rather than waited
 * for, so that no connection waits.
 */
async function guarded<R>(worker: WorkerContext, name: string, mode: "shared" | "exclusive", work: (tx: Transaction) => Promise<R>): Promise<R> {
  const ask = mode === "shared" ? sql`pg_try_advisory_xact_lock_shared` : sql`pg_try_advisory_xact_lock`;
  for (;;) {
    const done = await worker.services.db.transaction(async (tx) => {
      const [row] = await tx.execute<{ ok: boolean }>(sql`select ${ask}(hashtextextended(${`network:${name}`}, 0)) as ok`);
      return row?.ok ? { value: await work(tx) } : null;
    });
    if (done) return done.value;
    await wait(RETRY_MS);
  }
}
