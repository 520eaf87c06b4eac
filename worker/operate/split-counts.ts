import { and, eq, isNotNull, isNull } from "drizzle-orm";
import { apps } from "../../db/schema";
import type { Slot } from "../../server/apps/schema";
import type { Count, SplitSeen } from "../../server/traffic/schema";
import type { WorkerContext } from "../context";
import { between } from "../deploy/traffic";
import type { SlotTraffic } from "../ports";

const ASK_TIMEOUT_MS = 5_000;
const SLOTS = ["a", "b"] as const;
const each = <T>(of: (slot: Slot) => T): Record<Slot, T> => ({ a: of("a"), b: of("b") });
const countOf = ({ answers, errors }: SlotTraffic): Count => ({ answers, errors });

/** The edge's counters as they are now: a split that begins counts from here. */
export async function countNow(worker: WorkerContext, appId: string, signal: AbortSignal): Promise<SplitSeen> {
  const now = await worker.ports.edge.traffic({ appId, signal });
  return { at: worker.services.clock(), last: each((slot) => countOf(now[slot])), total: each(() => ({ answers: 0, errors: 0 })) };
}

/** What was seen before and what has come since; a counter that fell began anew with the edge. */
export function addCounts(seen: SplitSeen, now: Record<Slot, Count>, at: number): SplitSeen {
  const added = (slot: Slot): Count => {
    const more = between({ ...seen.last[slot], buckets: [] }, { ...now[slot], buckets: [] });
    return { answers: seen.total[slot].answers + more.answers, errors: seen.total[slot].errors + more.errors };
  };
  return { at, last: each((slot) => now[slot]), total: each(added) };
}

/** Keeps what both releases of a split have answered. Several workers may look: only who saw the newest record writes the next one. */
export async function observeSplits({ services, ports }: WorkerContext): Promise<void> {
  const { db, clock, events } = services;
  const open = await db
    .select({ id: apps.id, teamId: apps.teamId, seen: apps.splitSeen })
    .from(apps)
    .where(and(isNotNull(apps.split), isNull(apps.deletedAt)));
  for (const { id, teamId, seen } of open) {
    if (seen === null) continue;
    const traffic = await ports.edge.traffic({ appId: id, signal: AbortSignal.timeout(ASK_TIMEOUT_MS) });
    const next = addCounts(
      seen,
      each((slot) => countOf(traffic[slot])),
      clock(),
    );
    const written = await db
      .update(apps)
      .set({ splitSeen: next })
      .where(and(eq(apps.id, id), eq(apps.splitSeen, seen), isNotNull(apps.split)))
      .returning({ id: apps.id });
    if (written.length > 0 && SLOTS.some((slot) => next.total[slot].answers !== seen.total[slot].answers)) events.publish(teamId, { type: "app", app: id });
  }
}
