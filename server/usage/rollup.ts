import { type SQL, sql } from "drizzle-orm";
import type { Transaction } from "../../db/client";
import { type Micros, toIso } from "../../db/schema/columns";
import { floorTo } from "./window";

/** Rows of `from` make rows of `to`, both in seconds. */
const LEVELS = [
  { from: 10, to: 60 },
  { from: 60, to: 3600 },
] as const;

/** How the rows of a step become one of the next: only what can be put together without a loss. */
const SUMS = {
  samples: "sum",
  micros: "sum",
  cpu_micros: "sum",
  cpu_most: "max",
  memory_sum: "sum",
  memory_most: "max",
  received_bytes: "sum",
  sent_bytes: "sum",
  read_bytes: "sum",
  written_bytes: "sum",
} as const;
const TABLES = {
  app_usage: {
    key: ["team_id", "app_id", "node_id"],
    conflict: "app_id, step, at, node_id",
    columns: { ...SUMS, container_sum: "sum", memory_most_one: "max" },
  },
  node_usage: {
    key: ["node_id"],
    conflict: "node_id, step, at",
    columns: { ...SUMS, cores: "max", memory_total: "max", disk_used: "max", disk_total: "max", load_sum: "sum" },
  },
} as const;

/**
 * The minutes and hours that hold any of these instants, counted anew from all that is stored of them. Doing it again changes nothing.
 * @param tx one that holds the node's lock: see `storeUsage`
 */
export async function rollUp(tx: Transaction, nodeId: string, instants: readonly Micros[]): Promise<void> {
  for (const { from, to } of LEVELS)
    for (const start of new Set(instants.map((at) => floorTo(at, to))))
      for (const table of Object.keys(TABLES) as (keyof typeof TABLES)[]) await tx.execute(rollUpOne(table, nodeId, from, to, start));
}

function rollUpOne(name: keyof typeof TABLES, nodeId: string, from: number, to: number, start: Micros): SQL {
  const { key, conflict, columns } = TABLES[name];
  const keys = sql.raw(key.join(", "));
  const names = Object.keys(columns);
  const merged = sql.raw(
    Object.entries(columns)
      .map(([column, how]) => `${how}(${column})`)
      .join(", "),
  );
  const replaced = sql.raw(names.map((column) => `${column} = excluded.${column}`).join(", "));
  const [begin, end] = [toIso(start), toIso(start + to * 1_000_000)];
  return sql`insert into ${sql.raw(name)} (${keys}, step, at, ${sql.raw(names.join(", "))})
    select ${keys}, ${to}::int, ${begin}::timestamptz, ${merged} from ${sql.raw(name)}
    where node_id = ${nodeId} and step = ${from} and at >= ${begin}::timestamptz and at < ${end}::timestamptz
    group by ${keys}
    on conflict (${sql.raw(conflict)}) do update set ${replaced}`;
}
