import { createHash, randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import postgres from "postgres";
import { migrateDatabase, type Roles } from "../../db/migrate";
import { createUser } from "../../server/accounts/service";
import { type Actor, contextOf, type Identity, type Services, type TeamContext } from "../../server/context";
import { readEnv } from "../../server/env";
import { createLog } from "../../server/log";
import { createCaller } from "../../server/router";
import { createServices } from "../../server/services";

const FOLDER = path.resolve("db/migrations");
const required = (key: "TEST_DATABASE_URL" | "TEST_REDIS_URL"): string => {
  const value = process.env[key];
  if (!value) throw new Error(`${key} is missing: run the integration level with bin/test.`);
  return value;
};
const withDatabase = (url: string, name: string, role?: { name: string; password: string }) => {
  const parsed = new URL(url);
  parsed.pathname = `/${name}`;
  if (role) {
    parsed.username = role.name;
    parsed.password = role.password;
  }
  return parsed.toString();
};

/** Everything of one test file: a database of its own from a template, a Redis prefix, both roles. */
export type TestServices = {
  web: Services & { close(): Promise<void> };
  worker: Services & { close(): Promise<void> };
  roles: Roles;
  adminUrl: string;
  /** A new person with a team of their own. */
  newTeam(
    name?: string,
    options?: { isAdmin: boolean },
  ): Promise<{ ctx: TeamContext; identity: Identity; caller: ReturnType<typeof createCaller>; userId: string }>;
  close(): Promise<void>;
};

export async function openTestServices(overrides: Record<string, string> = {}): Promise<TestServices> {
  const admin = required("TEST_DATABASE_URL");
  const roles: Roles = { web: { name: "dokploy_test_web", password: "a test password" }, worker: { name: "dokploy_test_worker", password: "a test password" } };
  const template = await ensureTemplate(admin, roles);
  const name = `t_${randomBytes(6).toString("hex")}`;
  const sql = postgres(admin, { max: 1, onnotice: () => {} });
  await sql.unsafe(`create database ${name} template ${template}`);

  const env = (role: "web" | "worker") =>
    readEnv({
      NODE_ENV: "test",
      DOKPLOY_HOME_ID: name.replace("_", "-"),
      DATABASE_URL: withDatabase(admin, name, roles[role]),
      REDIS_URL: required("TEST_REDIS_URL"),
      DOKPLOY_MASTER_KEY: Buffer.alloc(32, 7).toString("base64"),
      DOKPLOY_LOG_LEVEL: "silent",
      ...overrides,
    });
  const web = await createServices(env("web"), "test-web", createLog("test", "silent"));
  const worker = await createServices(env("worker"), "test-worker", createLog("test", "silent"));

  return {
    web,
    worker,
    roles,
    adminUrl: withDatabase(admin, name),
    async newTeam(teamName = `team-${randomBytes(4).toString("hex")}`, { isAdmin } = { isAdmin: false }) {
      const email = `${teamName}@example.test`;
      const { user, team } = await createUser(web, { email, name: teamName, password: "correct horse battery", isAdmin, teamName });
      const actor: Actor = { userId: user.id, email, name: teamName, isAdmin, via: "session", scopes: ["*"] };
      const identity: Identity = { actor, sessionId: null, team: { teamId: team.id, teamName, role: "owner", wrappedKey: team.wrappedKey } };
      const caller = createCaller({ services: web, identity, address: "127.0.0.1", isSecure: false, setCookie: () => {} });
      return { ctx: contextOf(web, team.id, team.wrappedKey, email), identity, caller, userId: user.id };
    },
    async close() {
      await web.close();
      await worker.close();
      await sql.unsafe(`drop database ${name} with (force)`);
      await sql.end();
    },
  };
}

/** One migrated template for each state of the migrations; concurrent files wait for whoever makes it. */
async function ensureTemplate(admin: string, roles: Roles): Promise<string> {
  const hash = createHash("sha256");
  for (const file of [...readdirSync(FOLDER).filter((one) => one.endsWith(".sql"))].sort()) hash.update(readFileSync(path.join(FOLDER, file)));
  hash.update(readFileSync(path.resolve("db/row-security.ts")));
  const name = `template_${hash.digest("hex").slice(0, 16)}`;
  const sql = postgres(admin, { max: 1, onnotice: () => {} });
  try {
    await sql`select pg_advisory_lock(7243002)`;
    const [existing] = await sql`select datistemplate as done from pg_database where datname = ${name}`;
    if (existing?.done) return name;
    if (existing) await sql.unsafe(`drop database ${name} with (force)`);
    await sql.unsafe(`create database ${name}`);
    await migrateDatabase(withDatabase(admin, name), roles, FOLDER);
    await sql.unsafe(`alter database ${name} is_template true`);
    return name;
  } finally {
    await sql.end();
  }
}
