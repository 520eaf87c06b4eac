import { inArray, lt, type SQL, sql } from "drizzle-orm";
import type { Database } from "../../db/client";
import { appDisk, apps, appUsage, nodeUsage } from "../../db/schema";
import { type Micros, toIso } from "../../db/schema/columns";
import { insertRecords } from "../data/records";
import { rollUp } from "./rollup";
import { KEPT } from "./schema";
import { DAY, floorTo, keptFrom } from "./window";

/** The step of what is sampled. */
export const SAMPLE_STEP = 10;

type Used = {
  /** Microseconds since the look before. */
  micros: number;
  cpuMicros: number;
  memoryBytes: number;
  receivedBytes: number;
  sentBytes: number;
  readBytes: number;
  writtenBytes: number;
};
/** What one container used since the look before. */
export type ContainerSample = Used & { app: string; container: string };
/** What the whole machine used. Sizes in bytes. */
export type NodeSample = Used & { cores: number; memoryTotal: number; diskUsed: number; diskTotal: number; load: number };
/** One look at one machine. `at` is where the ten seconds begin that it stands for: the same whoever looked. */
export type UsageBatch = { nodeId: string; at: Micros; node: NodeSample; containers: ContainerSample[] };

/** The ten seconds that a look stands for which was taken about their end. */
export const sampledSlot = (now: Micros): Micros => floorTo(now - (SAMPLE_STEP * 1_000_000) / 2, SAMPLE_STEP);

/**
 * Stores looks at one machine, each table's rows by one statement, and the minutes and hours that they lie in anew: late ones change what
 * they belong to, and what is there already stays, so that two workers that look at the same machine count once.
 * Looks that are older than what is kept are left out.
 *
 * @returns the teams whose applications are in it
 */
export async function storeUsage(db: Database, batches: readonly UsageBatch[], now: Micros): Promise<string[]> {
  const fresh = batches.filter((batch) => batch.at >= keptFrom(SAMPLE_STEP, now));
  if (fresh.length === 0) return [];
  const teams = await teamsOf(db, [...new Set(fresh.flatMap((batch) => batch.containers.map(({ app }) => app)))]);
  const rows = fresh.flatMap((batch) => appRows(batch, teams));
  await db.transaction(async (tx) => {
    for (const nodeId of [...new Set(fresh.map((batch) => batch.nodeId))].sort()) {
      // a minute that two count at once would lose what the other has just added
      await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`usage:${nodeId}`}, 0))`);
    }
    await tx.execute(insertRecords(nodeUsage, null, fresh.map(nodeRow)));
    if (rows.length > 0) await tx.execute(insertRecords(appUsage, null, rows));
    for (const nodeId of new Set(fresh.map((batch) => batch.nodeId)))
      await rollUp(
        tx,
        nodeId,
        fresh.filter((batch) => batch.nodeId === nodeId).map((batch) => batch.at),
      );
  });
  return [...new Set(rows.map((row) => row.teamId))];
}

async function teamsOf(db: Database, ids: string[]): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map();
  const found = await db.select({ id: apps.id, teamId: apps.teamId }).from(apps).where(inArray(apps.id, ids));
  return new Map(found.map((row) => [row.id, row.teamId]));
}

const sum = (list: readonly Used[], pick: (one: Used) => number) => list.reduce((total, one) => total + pick(one), 0);
/** Cores: what was used in an interval, in as many of them as it took. */
const coresOf = ({ cpuMicros, micros }: Used) => (micros > 0 ? cpuMicros / micros : 0);

/** An application's containers as one row: a container that has just started is part of the interval only, and counts with that part. */
function appRows({ nodeId, at, node, containers }: UsageBatch, teams: Map<string, string>) {
  const byApp = new Map<string, ContainerSample[]>();
  for (const one of containers) byApp.set(one.app, [...(byApp.get(one.app) ?? []), one]);
  return [...byApp].flatMap(([appId, list]) => {
    const teamId = teams.get(appId);
    if (teamId === undefined) return [];
    const memory = sum(list, (one) => one.memoryBytes);
    return [
      {
        teamId,
        appId,
        nodeId,
        step: SAMPLE_STEP,
        at,
        samples: 1,
        micros: node.micros,
        cpuMicros: sum(list, (one) => one.cpuMicros),
        cpuMost: coresOf({ ...node, cpuMicros: sum(list, (one) => one.cpuMicros) }),
        memorySum: memory,
        memoryMost: memory,
        memoryMostOne: Math.max(...list.map((one) => one.memoryBytes)),
        receivedBytes: sum(list, (one) => one.receivedBytes),
        sentBytes: sum(list, (one) => one.sentBytes),
        readBytes: sum(list, (one) => one.readBytes),
        writtenBytes: sum(list, (one) => one.writtenBytes),
        containerSum: list.length,
      },
    ];
  });
}

function nodeRow({ nodeId, at, node: { memoryBytes, load, ...node } }: UsageBatch) {
  return {
    ...node,
    nodeId,
    step: SAMPLE_STEP,
    at,
    samples: 1,
    cpuMost: coresOf({ ...node, memoryBytes }),
    memorySum: memoryBytes,
    memoryMost: memoryBytes,
    loadSum: load,
  };
}

export type DiskUse = { app: string; volumeBytes: number; imageBytes: number; writableBytes: number };

/** What applications hold on a node's disk, as the present hour's measurement: the last one of an hour counts. */
export async function storeDisk(db: Database, nodeId: string, at: Micros, used: readonly DiskUse[]): Promise<void> {
  const teams = await teamsOf(
    db,
    used.map((one) => one.app),
  );
  const hour = floorTo(at, 3600);
  for (const { app, ...bytes } of used) {
    const teamId = teams.get(app);
    if (teamId === undefined) continue;
    await db
      .insert(appDisk)
      .values({ teamId, appId: app, nodeId, at: hour, ...bytes })
      .onConflictDoUpdate({ target: [appDisk.appId, appDisk.at, appDisk.nodeId], set: bytes });
  }
}

/** Removes what is older than it is kept. @returns how many rows */
export async function forgetUsage(db: Database, now: Micros): Promise<number> {
  let removed = 0;
  for (const { step } of KEPT) {
    const limit = keptFrom(step, now);
    removed += await removeRows(db, sql`delete from app_usage where step = ${step} and at < ${toIso(limit)}::timestamptz`);
    removed += await removeRows(db, sql`delete from node_usage where step = ${step} and at < ${toIso(limit)}::timestamptz`);
  }
  const longest = Math.max(...KEPT.map((one) => one.days));
  const gone = await db
    .delete(appDisk)
    .where(lt(appDisk.at, floorTo(now, 3600) - longest * DAY))
    .returning({ app: appDisk.appId });
  return removed + gone.length;
}

async function removeRows(db: Database, statement: SQL): Promise<number> {
  return (await db.execute(statement)).count;
}
