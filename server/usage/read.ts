import { and, desc, eq, gte, inArray, lt, type SQL, sql } from "drizzle-orm";
import type { PgColumn } from "drizzle-orm/pg-core";
import type { Transaction } from "../../db/client";
import { appDisk, appUsage, nodes, nodeUsage } from "../../db/schema";
import { type Micros, toIso } from "../../db/schema/columns";
import type { TeamRows } from "../data/team-data";
import type { UsagePoint } from "./schema";
import { SECOND, type UsageWindow } from "./window";

/** Which rows a question is about: those of applications, or of what a node did, or of applications on a node. */
export type Place = { apps: string[]; node: string | null };

type Own = Parameters<Parameters<TeamRows["query"]>[0]>[1];
const float = (value: SQL) => sql<number>`(${value})::float8`;
const bucketOf = (column: PgColumn, step: number) => float(sql`floor(extract(epoch from ${column}) / ${step}::int) * ${step}::int * 1000000`);
const within = (table: typeof appUsage | typeof nodeUsage, { from, to }: Pick<UsageWindow, "from" | "to">, step: number) =>
  and(eq(table.step, step), gte(table.at, from), lt(table.at, to)) as SQL;

/** How much of each point's time each machine was looked at: what sums are divided by. */
function looksOf(tx: Transaction, window: UsageWindow, node: string | null) {
  return tx
    .select({
      bucket: bucketOf(nodeUsage.at, window.step).as("bucket"),
      node: nodeUsage.nodeId,
      samples: float(sql`sum(${nodeUsage.samples})`).as("samples"),
      micros: float(sql`sum(${nodeUsage.micros})`).as("looked"),
    })
    .from(nodeUsage)
    .where(and(within(nodeUsage, window, window.stored), node === null ? undefined : eq(nodeUsage.nodeId, node)))
    .groupBy(sql`1`, nodeUsage.nodeId);
}

/** A point with what it is made of: how long was looked, and the bytes that have gone by. */
export type Point = Omit<UsagePoint, "disk" | "at"> & { at: Micros; looked: number; bytes: Bytes };
type Bytes = Record<"received" | "sent" | "read" | "written", number>;

/** What applications used by time and machine: each one's peak first, then all of them added up. */
function usedOf(tx: Transaction, own: Own, window: UsageWindow, { apps, node }: Place) {
  const each = tx
    .select({
      bucket: bucketOf(appUsage.at, window.step).as("bucket"),
      node: appUsage.nodeId,
      cpu: float(sql`sum(${appUsage.cpuMicros})`).as("cpu"),
      cpuMost: float(sql`max(${appUsage.cpuMost})`).as("cpu_high"),
      memory: float(sql`sum(${appUsage.memorySum})`).as("memory"),
      memoryMost: float(sql`max(${appUsage.memoryMost})`).as("memory_high"),
      received: float(sql`sum(${appUsage.receivedBytes})`).as("received"),
      sent: float(sql`sum(${appUsage.sentBytes})`).as("sent"),
      read: float(sql`sum(${appUsage.readBytes})`).as("bytes_read"),
      written: float(sql`sum(${appUsage.writtenBytes})`).as("written"),
      containers: float(sql`sum(${appUsage.containerSum})`).as("containers"),
    })
    .from(appUsage)
    .where(own(appUsage, and(inArray(appUsage.appId, apps), within(appUsage, window, window.stored), node === null ? undefined : eq(appUsage.nodeId, node))))
    .groupBy(sql`1`, appUsage.nodeId, appUsage.appId)
    .as("each_app");
  const all = (column: SQL.Aliased<number>) => float(sql`sum(${column})`);
  return tx
    .select({
      bucket: each.bucket,
      node: each.node,
      cpu: all(each.cpu),
      cpuMost: all(each.cpuMost),
      memory: all(each.memory),
      memoryMost: all(each.memoryMost),
      received: all(each.received),
      sent: all(each.sent),
      read: all(each.read),
      written: all(each.written),
      containers: all(each.containers),
    })
    .from(each)
    .groupBy(each.bucket, each.node);
}

/**
 * Applications' use by time, all of them together: on each machine what was used, by how much of the time that machine was looked at; then
 * the machines added up. `most` adds up each application's own peak on each machine: never less than what they had at once.
 */
export async function appPoints(rows: TeamRows, window: UsageWindow, { apps, node }: Place): Promise<Point[]> {
  return rows.query(async (tx, own) => {
    const looked = await looksOf(tx, window, node);
    const used = apps.length === 0 ? [] : await usedOf(tx, own, window, { apps, node });
    const points = new Map<Micros, Point>();
    const looks = new Map(looked.map((look) => [`${look.bucket} ${look.node}`, look]));
    for (const { bucket, micros: time } of looked) {
      const other = points.get(bucket);
      points.set(bucket, { at: bucket, ...NONE, looked: Math.max(time, other?.looked ?? 0), bytes: { received: 0, sent: 0, read: 0, written: 0 } });
    }
    for (const row of used) {
      const look = looks.get(`${row.bucket} ${row.node}`);
      const point = points.get(row.bucket);
      if (!look || !point) continue;
      const seconds = look.micros / SECOND;
      for (const key of Object.keys(point.bytes) as (keyof Bytes)[]) point.bytes[key] += row[key];
      add(point, {
        cpu: row.cpu / look.micros,
        cpuMost: row.cpuMost,
        memory: row.memory / look.samples,
        memoryMost: row.memoryMost,
        received: row.received / seconds,
        sent: row.sent / seconds,
        read: row.read / seconds,
        written: row.written / seconds,
        containers: row.containers / look.samples,
      });
    }
    return [...points.values()].sort((a, b) => a.at - b.at);
  });
}

const NONE = { cpu: 0, cpuMost: 0, memory: 0, memoryMost: 0, received: 0, sent: 0, read: 0, written: 0, containers: 0 };
const add = (point: Point, more: typeof NONE) => {
  for (const key of Object.keys(NONE) as (keyof typeof NONE)[]) point[key] = (point[key] ?? 0) + more[key];
};

export type NodePoint = Point & { disk: number; cores: number; memoryTotal: number; diskTotal: number; load: number };

/** Of a machine's rows: means over the time that was looked at, and what there is of it. */
const MACHINE = {
  cpu: float(sql`sum(${nodeUsage.cpuMicros}) / sum(${nodeUsage.micros})`),
  memory: float(sql`sum(${nodeUsage.memorySum}) / sum(${nodeUsage.samples})`),
  disk: float(sql`max(${nodeUsage.diskUsed})`),
  cores: float(sql`max(${nodeUsage.cores})`),
  memoryTotal: float(sql`max(${nodeUsage.memoryTotal})`),
  diskTotal: float(sql`max(${nodeUsage.diskTotal})`),
};

/** What every machine did over a whole window, in one query; null for one that nobody looked at. */
export const machineMeans = (rows: TeamRows, window: UsageWindow) =>
  rows.query((tx) =>
    tx
      .select({ id: nodes.id, name: nodes.hostname, role: nodes.role, isLeader: nodes.isLeader, state: nodes.state, ...MACHINE })
      .from(nodes)
      .leftJoin(nodeUsage, and(eq(nodeUsage.nodeId, nodes.id), within(nodeUsage, window, window.stored)))
      .groupBy(nodes.id)
      .orderBy(desc(nodes.isOwn), nodes.hostname),
  );

/** What a whole machine did. */
export async function nodePoints(rows: TeamRows, window: UsageWindow, node: string): Promise<NodePoint[]> {
  const found = await rows.query((tx) =>
    tx
      .select({
        at: bucketOf(nodeUsage.at, window.step),
        ...MACHINE,
        cpuMost: float(sql`max(${nodeUsage.cpuMost})`),
        memoryMost: float(sql`max(${nodeUsage.memoryMost})`),
        looked: float(sql`sum(${nodeUsage.micros})`),
        received: float(sql`sum(${nodeUsage.receivedBytes})`),
        sent: float(sql`sum(${nodeUsage.sentBytes})`),
        read: float(sql`sum(${nodeUsage.readBytes})`),
        written: float(sql`sum(${nodeUsage.writtenBytes})`),
        load: float(sql`sum(${nodeUsage.loadSum}) / sum(${nodeUsage.samples})`),
      })
      .from(nodeUsage)
      .where(and(eq(nodeUsage.nodeId, node), within(nodeUsage, window, window.stored)))
      .groupBy(sql`1`)
      .orderBy(sql`1`),
  );
  return found.map(({ received, sent, read, written, ...point }) => {
    const seconds = point.looked / SECOND;
    const rates = { received: received / seconds, sent: sent / seconds, read: read / seconds, written: written / seconds };
    return { ...point, ...rates, containers: null, bytes: { received, sent, read, written } };
  });
}

export type AppSums = {
  app: string;
  n: number;
  looks: number;
  cpu: number;
  cpuP95: number;
  cpuMost: number;
  memory: number;
  memoryP95: number;
  memoryMost: number;
  mostOne: number;
  received: number;
  sent: number;
  read: number;
  written: number;
};

/** Each application's use while it ran: means, quantiles and peaks of its minutes (or hours), all its machines together. */
export async function appSums(rows: TeamRows, window: UsageWindow, grain: 60 | 3600, { apps, node }: Place): Promise<AppSums[]> {
  if (apps.length === 0) return [];
  return rows.query((tx, own) => {
    const minutes = tx
      .select({
        app: appUsage.appId,
        looks: float(sql`max(${appUsage.samples})`).as("looks"),
        cpu: float(sql`sum(${appUsage.cpuMicros} / ${appUsage.micros})`).as("cpu"),
        cpuMost: float(sql`sum(${appUsage.cpuMost})`).as("cpu_high"),
        memory: float(sql`sum(${appUsage.memorySum} / ${appUsage.samples})`).as("memory"),
        memoryMost: float(sql`sum(${appUsage.memoryMost})`).as("memory_high"),
        mostOne: float(sql`max(${appUsage.memoryMostOne})`).as("most_one"),
        received: float(sql`sum(${appUsage.receivedBytes})`).as("received"),
        sent: float(sql`sum(${appUsage.sentBytes})`).as("sent"),
        read: float(sql`sum(${appUsage.readBytes})`).as("bytes_read"),
        written: float(sql`sum(${appUsage.writtenBytes})`).as("written"),
      })
      .from(appUsage)
      .where(own(appUsage, and(inArray(appUsage.appId, apps), within(appUsage, window, grain), node === null ? undefined : eq(appUsage.nodeId, node))))
      .groupBy(appUsage.appId, appUsage.at)
      .as("minutes");
    // a minute or hour counts by how often was looked in it
    const weighed = (column: SQL.Aliased<number>) => float(sql`sum(${column} * ${minutes.looks}) / sum(${minutes.looks})`);
    const p95 = (column: SQL.Aliased<number>) => float(sql`percentile_cont(0.95) within group (order by ${column})`);
    return tx
      .select({
        app: minutes.app,
        n: float(sql`count(*)`),
        looks: float(sql`sum(${minutes.looks})`),
        cpu: weighed(minutes.cpu),
        cpuP95: p95(minutes.cpu),
        cpuMost: float(sql`max(${minutes.cpuMost})`),
        memory: weighed(minutes.memory),
        memoryP95: p95(minutes.memory),
        memoryMost: float(sql`max(${minutes.memoryMost})`),
        mostOne: float(sql`max(${minutes.mostOne})`),
        received: float(sql`sum(${minutes.received})`),
        sent: float(sql`sum(${minutes.sent})`),
        read: float(sql`sum(${minutes.read})`),
        written: float(sql`sum(${minutes.written})`),
      })
      .from(minutes)
      .groupBy(minutes.app);
  });
}

const diskRows = (own: Own, { apps, node }: Place, when: SQL | undefined) =>
  own(appDisk, and(inArray(appDisk.appId, apps), when, node === null ? undefined : eq(appDisk.nodeId, node)));

/** Bytes on disk by time, all applications and machines together: of each the last measurement in a point, of an hour at the least. */
export async function diskPoints(rows: TeamRows, { from, to, step }: UsageWindow, place: Place): Promise<Map<Micros, number>> {
  if (place.apps.length === 0) return new Map();
  const found = await rows.query((tx, own) => {
    const bucket = bucketOf(appDisk.at, Math.max(step, HOUR));
    const last = tx
      .selectDistinctOn([appDisk.appId, appDisk.nodeId, sql`1`], {
        bucket: bucket.as("bucket"),
        bytes: float(sql`${appDisk.volumeBytes} + ${appDisk.imageBytes} + ${appDisk.writableBytes}`).as("bytes"),
      })
      .from(appDisk)
      .where(diskRows(own, place, and(gte(appDisk.at, from - 2 * HOUR * SECOND), lt(appDisk.at, to))))
      .orderBy(appDisk.appId, appDisk.nodeId, sql`1`, desc(appDisk.at))
      .as("last");
    return tx
      .select({ at: last.bucket, bytes: float(sql`sum(${last.bytes})`) })
      .from(last)
      .groupBy(last.bucket);
  });
  return new Map(found.map(({ at, bytes }) => [at, bytes]));
}
const HOUR = 3600;

/** What each application held when it was last measured, all machines together. */
export async function lastDisks(rows: TeamRows, since: Micros, place: Place) {
  if (place.apps.length === 0) return [];
  return rows.query((tx, own) => {
    const last = tx
      .selectDistinctOn([appDisk.appId, appDisk.nodeId])
      .from(appDisk)
      .where(diskRows(own, place, gte(appDisk.at, since)))
      .orderBy(appDisk.appId, appDisk.nodeId, desc(appDisk.at))
      .as("last");
    return tx
      .select({
        app: last.appId,
        at: float(sql`max(extract(epoch from ${last.at}) * 1000000)`),
        volumes: float(sql`sum(${last.volumeBytes})`),
        images: float(sql`sum(${last.imageBytes})`),
        writable: float(sql`sum(${last.writableBytes})`),
      })
      .from(last)
      .groupBy(last.appId);
  });
}

/** The machines that there are, and when each was last looked at. */
export const lookedAt = (rows: TeamRows, since: Micros): Promise<{ id: string; hostname: string; state: string; at: Micros | null }[]> =>
  rows.query((tx) =>
    tx
      .select({
        id: nodes.id,
        hostname: nodes.hostname,
        state: nodes.state,
        at: sql<Micros | null>`(select (extract(epoch from max(u.at)) * 1000000)::float8 from node_usage u where u.step = 10 and u.node_id = ${nodes.id} and u.at >= ${toIso(since)}::timestamptz)`,
      })
      .from(nodes)
      .orderBy(desc(nodes.isOwn), nodes.hostname),
  );
