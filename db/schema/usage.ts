import { doublePrecision, index, integer, pgTable, primaryKey, text, unique, uuid } from "drizzle-orm/pg-core";
import { instant, teamId } from "./columns";

/** What sums and maxima are kept of, at each step alike: sums of sums and maxima of maxima are exact, averages of averages are not. */
const sums = () => ({
  /** Seconds that a row stands for: a sample, or a rollup of samples. */
  step: integer("step").notNull(),
  /** Where those seconds begin. */
  at: instant("at").notNull(),
  /** Looks at the machine. */
  samples: integer("samples").notNull(),
  /** Microseconds that were looked at: counters have been divided by nothing yet. */
  micros: doublePrecision("micros").notNull(),
  cpuMicros: doublePrecision("cpu_micros").notNull(),
  /** Cores in the busiest sample. */
  cpuMost: doublePrecision("cpu_most").notNull(),
  /** Bytes, added over the samples. */
  memorySum: doublePrecision("memory_sum").notNull(),
  memoryMost: doublePrecision("memory_most").notNull(),
  receivedBytes: doublePrecision("received_bytes").notNull(),
  sentBytes: doublePrecision("sent_bytes").notNull(),
  readBytes: doublePrecision("read_bytes").notNull(),
  writtenBytes: doublePrecision("written_bytes").notNull(),
});

/** What an application's containers on one node used, all of them together. A row is there for as long as one of them ran. */
export const appUsage = pgTable(
  "app_usage",
  {
    teamId: teamId(),
    appId: uuid("app_id").notNull(),
    nodeId: text("node_id").notNull(),
    ...sums(),
    /** Containers, added over the samples. */
    containerSum: integer("container_sum").notNull(),
    /** The largest of them at any sample: what a limit has to hold. */
    memoryMostOne: doublePrecision("memory_most_one").notNull(),
  },
  (t) => [unique("app_usage_place").on(t.appId, t.step, t.at, t.nodeId), index("app_usage_age").on(t.step, t.at)],
);

/** What a machine used, whoever's. It belongs to the installation; when it was looked at is also what applications' figures are divided by. */
export const nodeUsage = pgTable(
  "node_usage",
  {
    nodeId: text("node_id").notNull(),
    ...sums(),
    cores: integer("cores").notNull(),
    memoryTotal: doublePrecision("memory_total").notNull(),
    /** Of the file system that holds the engine's data. */
    diskUsed: doublePrecision("disk_used").notNull(),
    diskTotal: doublePrecision("disk_total").notNull(),
    /** The load average of a minute, added over the samples. */
    loadSum: doublePrecision("load_sum").notNull(),
  },
  (t) => [primaryKey({ columns: [t.nodeId, t.step, t.at] }), index("node_usage_age").on(t.step, t.at)],
);

/** What an application held on a node's disk, measured once an hour. */
export const appDisk = pgTable(
  "app_disk",
  {
    teamId: teamId(),
    appId: uuid("app_id").notNull(),
    nodeId: text("node_id").notNull(),
    /** The beginning of the hour. */
    at: instant("at").notNull(),
    volumeBytes: doublePrecision("volume_bytes").notNull(),
    /** Of its images, what no other image shares. */
    imageBytes: doublePrecision("image_bytes").notNull(),
    /** What its containers wrote beside their volumes. */
    writableBytes: doublePrecision("writable_bytes").notNull(),
  },
  (t) => [unique("app_disk_place").on(t.appId, t.at, t.nodeId), index("app_disk_age").on(t.at)],
);
