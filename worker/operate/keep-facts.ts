import { inArray, isNull } from "drizzle-orm";
import { apps, factChanges, teams } from "../../db/schema";
import { contextOf } from "../../server/context";
import { refreshFacts } from "../../server/metrics/keep-facts";
import type { WorkerContext } from "../context";

/** After an import of years nobody should wait for all of it at once: facts are brought up to date before anybody asks. */
export async function keepFacts({ services }: Pick<WorkerContext, "services">, signal: AbortSignal): Promise<void> {
  const stale = await services.db.selectDistinct({ id: factChanges.teamId }).from(factChanges);
  if (stale.length === 0) return;
  const found = await services.db
    .select({ id: teams.id, wrappedKey: teams.wrappedKey })
    .from(teams)
    .where(
      inArray(
        teams.id,
        stale.map((team) => team.id),
      ),
    );
  for (const team of found) {
    const ctx = contextOf(services, team.id, team.wrappedKey, "worker");
    const own = await ctx.team.query((db, scoped) =>
      db
        .select({ id: apps.id, name: apps.name, projectId: apps.projectId, environmentId: apps.environmentId })
        .from(apps)
        .where(scoped(apps, isNull(apps.deletedAt))),
    );
    await refreshFacts(ctx, { apps: own }, signal);
  }
}

const EVERY_MS = 30_000;
export function keepFactsRegularly(worker: WorkerContext): { close(): Promise<void> } {
  const closing = new AbortController();
  let under: Promise<void> | null = null;
  const timer = setInterval(() => {
    under ??= keepFacts(worker, closing.signal)
      .catch((error: unknown) => worker.services.log.warn({ err: error }, "facts not kept; the next round tries again"))
      .finally(() => {
        under = null;
      });
  }, EVERY_MS);
  return {
    async close() {
      clearInterval(timer);
      closing.abort();
      await under;
    },
  };
}
