import { createHash, randomBytes } from "node:crypto";
import { type Client, createClient } from "../../cli/client";
import { appLog, encodeLines } from "../../server/logs/codec";
import { type HomeDatabase, openHomeDatabase } from "./home-database";
import type { Platform } from "./platform";

export type FreshTeam = {
  sql: HomeDatabase;
  client: Client;
  api: Platform["api"];
  person: { email: string; password: string };
  cookie: { name: string; value: string; url: string };
  close(): Promise<void>;
};

/** A person with a team that has nothing, signed in by a row: pages are empty for nobody else. */
export async function openFreshTeam({ up }: Platform): Promise<FreshTeam> {
  const sql = openHomeDatabase(up);
  const name = `fresh-${randomBytes(3).toString("hex")}`;
  const email = `${name}@example.test`;
  const session = randomBytes(20).toString("hex");
  const [team] = await sql<{ id: string }[]>`
    insert into teams (name, wrapped_key, created_at)
    select ${name}, t.wrapped_key, now() from teams t join memberships m on m.team_id = t.id join users u on u.id = m.user_id where u.email = ${up.admin.email} limit 1
    returning id`;
  const [user] = await sql<{ id: string }[]>`
    insert into users (email, name, password_hash, created_at) select ${email}, 'Fresh Person', password_hash, now() from users where email = ${up.admin.email} returning id`;
  if (!team || !user) throw new Error("the fresh team was not made");
  await sql`insert into memberships (team_id, user_id, role, created_at) values (${team.id}, ${user.id}, 'owner', now())`;
  await sql`insert into sessions (id, user_id, expires_at, created_at)
    values (${createHash("sha256").update(session).digest("hex")}, ${user.id}, now() + interval '1 day', now())`;
  const cookie = `dokploy_session=${session}`;
  const client = createClient({ url: up.dashboard, cookie });
  return {
    sql,
    client,
    api: (place, init = {}) => fetch(`${up.dashboard}${place}`, { ...init, headers: { cookie, ...init.headers } }),
    person: { email, password: up.admin.password },
    cookie: { name: "dokploy_session", value: session, url: up.dashboard },
    async close() {
      for (const { name: project } of (await client.projects.list.query({ limit: 200 })).items) await client.projects.delete.mutate({ project });
      await sql`delete from users where id = ${user.id}`;
      await sql.end();
    },
  };
}

/** Deliveries of an application, a minute apart: every third was ignored, every seventh refused. */
export async function giveDeliveries(sql: HomeDatabase, app: string, count: number): Promise<void> {
  await sql`
    insert into webhook_deliveries (team_id, app_id, provider, delivery_key, event, status, answer, body, received_at)
    select a.team_id, a.id, 'github', gen_random_uuid(), 'push', case when n % 7 = 0 then 401 when n % 3 = 0 then 200 else 202 end,
      case when n % 7 = 0 then '{"error":{"what":"The signature is missing or wrong."}}' when n % 3 = 0 then '{"ignored":"the branch is feature/a-rather-long-branch-name-of-somebody, not main"}' else '{}' end::jsonb,
      '{"ref":"refs/heads/main"}', now() - n * interval '1 minute'
    from apps a, generate_series(1, ${count}::int) n where a.id = ${app}`;
}

/** Lines of an application's log, one of them longer than any screen. */
export async function giveLog(sql: HomeDatabase, app: string, count: number): Promise<void> {
  const from = Date.now() * 1000 - count * 1_000_000;
  const text = (n: number) => (n % 40 === 0 ? `error: ${"upstream timed out ".repeat(30)}` : `GET /products/${n} 200 in ${n % 90} ms`);
  const lines = Array.from({ length: count }, (_, k) => ({
    n: k + 1,
    t: from + k * 1_000_000,
    s: "1",
    x: text(k + 1),
    ...((k + 1) % 40 === 0 ? { e: 1 as const } : {}),
  }));
  await sql`
    insert into log_chunks (team_id, stream, first_line, last_line, first_at, last_at, data)
    select team_id, ${appLog(app)}, 1, ${count}, now() - ${count} * interval '1 second', now(), ${await encodeLines(lines)} from apps where id = ${app}`;
}
