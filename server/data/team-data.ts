import { and, count as countRows, eq, type SQL } from "drizzle-orm";
import type { PgColumn, PgTable } from "drizzle-orm/pg-core";
import { type Database, sendAhead, type Transaction } from "../../db/client";
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
  /** Thousands of rows cost one statement with one parameter (see `insertRecords`). Answers how many were not there before. */
  insertMany<T extends TeamTable>(table: T, values: NewRow<T>[]): Promise<number>;
  /** The same, where rows with the same values in `key`, a unique index, are replaced. */
  replaceMany<T extends TeamTable>(table: T, values: NewRow<T>[], key: PgColumn[]): Promise<void>;
  update<T extends TeamTable>(table: T, values: Partial<NewRow<T>> | Record<string, SQL>, where: SQL | undefined): Promise<Row<T>[]>;
  remove<T extends TeamTable>(table: T, where: SQL | undefined): Promise<Row<T>[]>;
  /** For joins and aggregates. Every table read must be restricted by `own(table)`. */
  query<R>(read: (db: Transaction, own: (table: TeamTable, where?: SQL) => SQL) => Promise<R>): Promise<R>;
};

/** The only way by which domain code reaches tables: one team's rows. Each call outside `transaction` is a transaction of its own. */
export type TeamData = TeamRows & { readonly id: string; transaction<R>(work: (rows: TeamRows) => Promise<R>): Promise<R> };

/**
 * Runs `work` in a transaction whose `dokploy.*` settings tell row-level security who is asking. The settings go ahead of `work`'s first
 * statement on the same connection, in the same round to the database.
 */
export function withSettings<R>(db: Database, settings: Record<string, string>, work: (tx: Transaction) => Promise<R>): Promise<R> {
  return db.transaction((tx) => ahead(tx, settings, () => work(tx)));
}

/** Goes on as a team within a transaction that has just found out which one it is. */
export function asTeam<R>(tx: Transaction, teamId: string, work: (rows: TeamRows) => Promise<R>): Promise<R> {
  return ahead(tx, { team: teamId }, () => work(teamRows(tx, teamId)));
}

async function ahead<R>(tx: Transaction, settings: Record<string, string>, work: () => Promise<R>): Promise<R> {
  const named = Object.entries(settings);
  const calls = named.map((_, n) => `set_config($${2 * n + 1}, $${2 * n + 2}, true)`);
  const values = named.flatMap(([key, value]) => [`dokploy.${key}`, value]);
  const set = sendAhead(tx, `select ${calls.join(", ")}`, values);
  const [, done] = await Promise.all([set, work()]);
  return done;
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
    replaceMany: (table, values, key) => transaction((rows) => rows.replaceMany(table, values, key)),
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
    insertMany: async (table, values) => (values.length > 0 ? (await tx.execute(insertRecords(table, teamId, values as Record<string, unknown>[]))).count : 0),
    replaceMany: async (table, values, key) => {
      if (values.length > 0) await tx.execute(insertRecords(table, teamId, values as Record<string, unknown>[], key));
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
