import type { TablesRelationalConfig } from "drizzle-orm";
import type { PostgresJsSession } from "drizzle-orm/postgres-js";
import { drizzle } from "drizzle-orm/postgres-js";
import postgres from "postgres";
import * as schema from "./schema";

/** Statements for many rows differ by their number of rows: kept by name, each variant would stay on both sides for good. */
const MOST_PARAMETERS = 100;

/**
 * Drizzle asks for statements without a name, which PostgreSQL parses and plans anew each time; named ones are planned once a
 * connection. A push to deploy became 2.5 times cheaper by this.
 */
function preparing<T extends postgres.ISql>(sql: T): T {
  const inside = (name: "begin" | "savepoint") => {
    const open = (sql as unknown as Record<string, (...given: unknown[]) => Promise<unknown>>)[name];
    return (...given: unknown[]) => {
      const work = given.pop() as (tx: postgres.TransactionSql) => unknown;
      return open?.call(sql, ...given, (tx: postgres.TransactionSql) => work(preparing(tx)));
    };
  };
  return new Proxy(sql, {
    get(target, key, receiver) {
      if (key === "unsafe")
        return (query: string, values?: never[], options?: object) =>
          target.unsafe(query, values, { ...options, prepare: (values?.length ?? 0) <= MOST_PARAMETERS });
      if (key === "begin" || key === "savepoint") return inside(key);
      return Reflect.get(target, key, receiver);
    },
  });
}

/** A pool of at most `max` connections. Close it with `sql.end()`. */
export function createDatabase(url: string, max: number, applicationName: string) {
  const sql = postgres(url, { max, onnotice: () => {}, connection: { application_name: applicationName }, idle_timeout: 60, connect_timeout: 5 });
  return { sql, db: drizzle(preparing(sql), { schema }) };
}
export type Database = ReturnType<typeof createDatabase>["db"];
export type Transaction = Parameters<Parameters<Database["transaction"]>[0]>[0];
/**
 * Sends a statement at once, before any that Drizzle is asked for afterwards on the same transaction (Drizzle sends some steps later): what
 * follows need not wait for its answer.
 */
export function sendAhead(tx: Transaction, statement: string, values: string[]): Promise<unknown> {
  const { client } = tx._.session as unknown as PostgresJsSession<Sql, typeof schema, TablesRelationalConfig>;
  return client.unsafe(statement, values).execute();
}

export type Sql = ReturnType<typeof createDatabase>["sql"];
