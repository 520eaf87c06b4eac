import { drizzle } from "drizzle-orm/postgres-js";
import { migrate } from "drizzle-orm/postgres-js/migrator";
import postgres from "postgres";
import { lockTables } from "./row-security";

const ADVISORY_LOCK = 7_243_001;

export type Role = { name: string; password: string };
export type Roles = { web: Role; worker: Role };

/**
 * Brings the schema up to date and locks it: the two roles that the processes connect as own nothing, and
 * row-level security is in force for them. Concurrent callers wait for each other.
 *
 * @param adminUrl a role that may create roles and tables
 */
export async function migrateDatabase(adminUrl: string, roles: Roles, folder: string): Promise<void> {
  const sql = postgres(adminUrl, { max: 1, onnotice: () => {} });
  try {
    await sql`select pg_advisory_lock(${ADVISORY_LOCK})`;
    await migrate(drizzle(sql), { migrationsFolder: folder });
    await lockTables(sql, roles);
  } finally {
    await sql.end();
  }
}
