import { and, count as countRows, eq, type SQL, sql } from "drizzle-orm";
import type { PgColumn, PgTable } from "drizzle-orm/pg-core";
import type { Database, Transaction } from "../../db/client";
import { insertRecords } from "./records";

export type TeamTable = PgTable & { teamId: PgColumn };
type Row<T extends PgTable> = T["$inferSelect"];
type NewRow<T extends PgTable> = Omit<T["$inferInsert"], "teamId">;
type ListOptions = { where?: SQL | undefined; orderBy?: SQL | PgColumn | (SQL | PgColumn)[]; limit?: number; lock?: "update" };

/** The rows of one team, inside one transaction that PostgreSQL's row-level security sees as that team's. */
export type TeamRows = {
  first<T extends TeamTable>(table: T, where: SQL | undefined, options?: { lock?: "update" }): Promise<Row<T> | null>;
  list<T extends TeamTable>(table: T, options?: ListOptions): Promise<Row<T>[]>;
  count<T extends TeamTable>(table: T, where?: SQL): Promise<number>;
  /** Null when a unique index holds such a row already. */
  insert<T extends TeamTable>(table: T, values: NewRow<T>): Promise<Row<T> | null>;
  insertMany<T extends TeamTable>(table: T, values: NewRow<T>[]): Promise<void>;
  /** The same for thousands of rows at once (see `insertRecords`). */
  insertRecords<T extends TeamTable>(table: T, values: NewRow<T>[]): Promise<void>;
  update<T extends TeamTable>(table: T, values: Partial<NewRow<T>> | Record<string, SQL>, where: SQL | undefined): Promise<Row<T>[]>;
  remove<T extends TeamTable>(table: T, where: SQL | undefined): Promise<Row<T>[]>;
  /** For joins and aggregates. Every table read must be restricted by `own(table)`. */
  query<R>(read: (db: Transaction, own: (table: TeamTable, where?: SQL) => SQL) => Promise<R>): Promise<R>;
};

/** The only way by which domain code reaches tables: one team's rows. Each call outside `transaction` is a transaction of its own. */
export type TeamData = TeamRows & { readonly id: string; transaction<R>(work: (rows: TeamRows) => Promise<R>): Promise<R> };

/** Runs `work` in a transaction whose `dokploy.*` settings tell row-level security who is asking. */
export function withSettings<R>(db: Database, settings: Record<string, string>, work: (tx: Transaction) => Promise<R>): Promise<R> {
  return db.transaction(async (tx) => {
    const calls = Object.entries(settings).map(([key, value]) => sql`set_config(${`dokploy.${key}`}, ${value}, true)`);
    await tx.execute(sql`select ${sql.join(calls, sql`, `)}`);
    return work(tx);
  });
}

/** Goes on as a team within a transaction that has just found out which one it is. */
export async function asTeam(tx: Transaction, teamId: string): Promise<TeamRows> {
  await tx.execute(sql`select set_config('dokploy.team', ${teamId}, true)`);
  return teamRows(tx, teamId);
}

export function teamData(db: Database, teamId: string): TeamData {
  const transaction = <R>(work: (rows: TeamRows) => Promise<R>) => withSettings(db, { team: teamId }, (tx) => work(teamRows(tx, teamId)));
  return {
    id: teamId,
    transaction,
    first: (table, where, options) => transaction((rows) => rows.first(table, where, options)),
    list: (table, options) => transaction((rows) => rows.list(table, options)),
    count: (table, where) => transaction((rows) => rows.count(table, where)),
    insert: (table, values) => transaction((rows) => rows.insert(table, values)),
    insertMany: (table, values) => transaction((rows) => rows.insertMany(table, values)),
    insertRecords: (table, values) => transaction((rows) => rows.insertRecords(table, values)),
    update: (table, values, where) => transaction((rows) => rows.update(table, values, where)),
    remove: (table, where) => transaction((rows) => rows.remove(table, where)),
    query: (read) => transaction((rows) => rows.query(read)),
  };
}

function teamRows(tx: Transaction, teamId: string): TeamRows {
  const own = (table: TeamTable, where?: SQL): SQL => and(eq(table.teamId, teamId), where) as SQL;
  const list: TeamRows["list"] = async (table, { where, orderBy, limit, lock } = {}) => {
    let query = tx
      .select()
      .from(table as TeamTable)
      .where(own(table, where))
      .$dynamic();
    if (orderBy) query = query.orderBy(...(Array.isArray(orderBy) ? orderBy : [orderBy]));
    if (limit !== undefined) query = query.limit(limit);
    if (lock) query = query.for(lock);
    return (await query) as Row<typeof table>[];
  };
  return {
    list,
    first: async (table, where, options) => (await list(table, { where, limit: 1, ...options }))[0] ?? null,
    count: async (table, where) =>
      (
        await tx
          .select({ n: countRows() })
          .from(table as TeamTable)
          .where(own(table, where))
      )[0]?.n ?? 0,
    insert: async (table, values) => {
      const rows = (await tx
        .insert(table as TeamTable)
        .values({ ...values, teamId } as never)
        .onConflictDoNothing()
        .returning()) as Row<typeof table>[];
      return rows[0] ?? null;
    },
    insertMany: async (table, values) => {
      if (values.length > 0)
        await tx
          .insert(table as TeamTable)
          .values(values.map((row) => ({ ...row, teamId })) as never)
          .onConflictDoNothing();
    },
    insertRecords: async (table, values) => {
      if (values.length > 0) await tx.execute(insertRecords(table, teamId, values as Record<string, unknown>[]));
    },
    update: async (table, values, where) =>
      (await tx
        .update(table as TeamTable)
        .set(values as never)
        .where(own(table, where))
        .returning()) as Row<typeof table>[],
    remove: async (table, where) =>
      (await tx
        .delete(table as TeamTable)
        .where(own(table, where))
        .returning()) as Row<typeof table>[],
    query: (read) => read(tx, own),
  };
}
