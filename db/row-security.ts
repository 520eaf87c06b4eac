import type { Sql } from "./client";
import type { Role, Roles } from "./migrate";

/** Tables that belong to no team. Every other one, those of workers apart, must carry `team_id`, or the migration fails. */
const SHARED_TABLES = ["users", "sessions", "workers", "nodes", "node_usage", "settings"];
/** Tables of no team that the web role may not touch: with what is in them it could speak to engines. */
const WORKER_TABLES = ["authorities"];

const team = `(select nullif(current_setting('dokploy.team', true), '')::uuid)`;
const user = `(select nullif(current_setting('dokploy.user', true), '')::uuid)`;
const tokenHash = `(select nullif(current_setting('dokploy.token', true), ''))`;
const app = `(select nullif(current_setting('dokploy.app', true), '')::uuid)`;

/** Rows that may be read before the team is known, each by something that only its holder has. */
const BY_KEY: Record<string, string> = {
  memberships: `user_id = ${user}`,
  api_tokens: `hash = ${tokenHash}`,
  apps: `id = ${app}`,
  teams: `id in (select team_id from memberships where user_id = ${user}) or id = (select team_id from apps where id = ${app})`,
};

/**
 * The second lock (the first is the scoped accessor): every team's table has forced row-level security.
 * The web role sees the team that its transaction names; the worker role, which no request reaches, sees all.
 */
export async function lockTables(sql: Sql, roles: Roles): Promise<void> {
  await createRole(sql, roles.web);
  await createRole(sql, roles.worker);
  const web = sql(roles.web.name);
  const worker = sql(roles.worker.name);
  await sql`grant usage on schema public to ${web}, ${worker}`;
  await sql`grant select, insert, update, delete on all tables in schema public to ${web}, ${worker}`;
  await sql`revoke update, delete on spans from ${web}, ${worker}`;

  const tables = await sql<{ name: string; owned: boolean }[]>`
    select c.relname as name, exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'team_id' and not a.attisdropped) as owned
    from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') order by 1`;
  for (const { name, owned } of tables) {
    if (SHARED_TABLES.includes(name)) continue;
    if (WORKER_TABLES.includes(name)) {
      await sql`revoke all on ${sql(name)} from ${web}`;
      continue;
    }
    if (!owned && name !== "teams") throw new Error(`Table ${name} has no team_id and is not listed as shared.`);
    const own = `${name === "teams" ? "id" : "team_id"} = ${team}`;
    const table = sql(name);
    await sql.begin(async (tx) => {
      await tx`alter table ${table} enable row level security`;
      await tx`alter table ${table} force row level security`;
      for (const policy of ["team", "by_key", "worker"]) await tx`drop policy if exists ${tx(policy)} on ${table}`;
      await tx.unsafe(`create policy team on "${name}" for all to "${roles.web.name}" using (${own}) with check (${own})`);
      if (BY_KEY[name]) await tx.unsafe(`create policy by_key on "${name}" for select to "${roles.web.name}" using (${BY_KEY[name]})`);
      await tx.unsafe(`create policy worker on "${name}" for all to "${roles.worker.name}" using (true) with check (true)`);
    });
  }
}

async function createRole(sql: Sql, role: Role): Promise<void> {
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(role.name)) throw new Error(`Not a role name: ${role.name}`);
  const [existing] = await sql`select from pg_roles where rolname = ${role.name}`;
  const password = role.password.replaceAll("'", "''");
  await sql.unsafe(
    `${existing ? "alter" : "create"} role "${role.name}" login nosuperuser nobypassrls nocreatedb nocreaterole noinherit password '${password}'`,
  );
}

/**
 * Refuses to go on when the role may step around row-level security.
 * @throws Error that says what the role may do and which role to use.
 */
export async function refuseMightyRole(sql: Sql): Promise<void> {
  const [role] = await sql<{ name: string; mighty: boolean; owns: boolean }[]>`
    select rolname as name, rolsuper or rolbypassrls as mighty,
      exists (select from pg_class where relowner = pg_roles.oid and relnamespace = 'public'::regnamespace) as owns
    from pg_roles where rolname = current_user`;
  if (role?.mighty || role?.owns) {
    throw new Error(
      `Database role ${role.name} ${role.mighty ? "may bypass row-level security" : "owns tables"}. Connect as the role that bin/up created for this process.`,
    );
  }
}
