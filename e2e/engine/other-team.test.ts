import { createHash, randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type HomeDatabase, openHomeDatabase } from "../support/home-database";
import { openPlatform, type Platform } from "../support/platform";

let platform: Platform;
let sql: HomeDatabase;
const name = `stranger-${randomBytes(4).toString("hex")}`;
const email = `${name}@example.test`;
const token = `dkp_${randomBytes(32).toString("base64url")}`;

/** A person of another team with the first administrator's password: sign-up does not exist yet, so the rows are written. */
beforeAll(async () => {
  platform = openPlatform();
  sql = openHomeDatabase(platform.up);
  const [user] =
    await sql`insert into users (email, name, password_hash, created_at) select ${email}, 'Stranger', password_hash, now() from users limit 1 returning id`;
  const [team] = await sql`insert into teams (name, wrapped_key, created_at) select ${name}, wrapped_key, now() from teams limit 1 returning id`;
  await sql`insert into memberships (team_id, user_id, role, created_at) values (${team?.id}, ${user?.id}, 'owner', now())`;
  const hash = createHash("sha256").update(token).digest("hex");
  await sql`insert into api_tokens (team_id, user_id, name, hash, scopes, created_at) values (${team?.id}, ${user?.id}, 'test', ${hash}, '{*}', now())`;
});
afterAll(async () => {
  await sql`delete from api_tokens where name = 'test' and team_id in (select id from teams where name = ${name})`;
  await sql`delete from memberships where team_id in (select id from teams where name = ${name})`;
  await sql`delete from users where email = ${email}`;
  await sql`delete from teams where name = ${name}`;
  await sql.end();
});

type Operations = Record<string, Record<string, unknown>>;
const request = (place: string, init: RequestInit = {}) =>
  fetch(`${platform.up.dashboard}${place}`, { redirect: "manual", ...init, headers: { authorization: `Bearer ${token}`, ...init.headers } });
const idsOf = (demo: NonNullable<Platform["up"]["demo"]>): Record<string, string> => ({ app: demo.app, deployment: demo.deployment, project: "demo" });
const BODIES: Record<string, object> = {
  "/api/v1/apps/{app}/scale": { replicas: 2 },
  "/api/v1/apps/{app}/variables": { set: [{ key: "A", value: "b" }] },
  "/api/v1/apps/{app}/variables/import": { text: "A=b" },
  "/api/v1/apps/{app}/files": { set: [{ path: "/a", content: "b" }] },
  "/api/v1/apps/{app}/domains": { host: "stranger.example.test" },
  "/api/v1/apps/{app}/traffic/split": { release: 1, weight: 20 },
  "/api/v1/apps/{app}/traffic/mirror": { release: 1, percent: 10 },
  "/api/v1/deployments/{deployment}/mark": { failed: true, reason: "it is not mine" },
};

/** What a GET cannot be asked without. */
const QUERIES: Record<string, string> = { "/api/v1/apps/{app}/files/content": "?path=/etc/a" };

describe("a token of another team", () => {
  test("works for its own team, which sees nothing of the demo", async () => {
    expect(await (await request("/api/v1/whoami")).json()).toMatchObject({ team: { name } });
    expect(await (await request("/api/v1/apps")).json()).toMatchObject({ items: [] });
    expect(await (await request("/api/v1/deployments")).json()).toMatchObject({ items: [] });
  });

  test("gets 404 from each address that names something of the demo's", async () => {
    const { demo } = platform.up;
    if (!demo) throw new Error("bin/up was run without the demo");
    const { paths } = (await (await request("/api/v1/openapi.json")).json()) as { paths: Operations };
    const answers: Record<string, number> = {};
    for (const [path, operations] of Object.entries(paths)) {
      const place = path.replace(/\{(app|deployment|project)\}/g, (_, key: string) => idsOf(demo)[key] ?? "");
      if (place === path || place.includes("{")) continue;
      for (const method of Object.keys(operations)) {
        const body = method === "get" || method === "delete" ? null : JSON.stringify(BODIES[path] ?? {});
        const answer = await request(`${place}${QUERIES[path] ?? ""}`, { method: method.toUpperCase(), body, headers: { "content-type": "application/json" } });
        answers[`${method} ${path}`] = answer.status;
        expect(await answer.text()).not.toContain("hello");
      }
    }
    expect(Object.keys(answers).length).toBeGreaterThan(15);
    expect(Object.entries(answers).filter(([, status]) => status !== 404)).toEqual([]);
  });

  test("gets 404 from the streams of logs", async () => {
    for (const place of [`/api/v1/deployments/${platform.up.demo?.deployment}/logs`, `/api/v1/apps/${platform.up.demo?.app}/logs`]) {
      expect((await request(place, { headers: { accept: "text/event-stream" } })).status, place).toBe(404);
    }
  });
});

test("a signed-in person of another team gets 404 from each page and download", async () => {
  const form = new URLSearchParams({ email, password: platform.up.admin.password });
  const signedIn = await fetch(`${platform.up.dashboard}/sign-in`, {
    method: "POST",
    body: form,
    redirect: "manual",
    headers: { origin: platform.up.dashboard },
  });
  const cookie = signedIn.headers
    .getSetCookie()
    .map((one) => one.split(";")[0])
    .join("; ");
  expect(cookie).not.toBe("");
  const { app, deployment } = platform.up.demo ?? {};
  const tabs = ["", "/deployments", "/logs", "/usage", "/environment", "/domains", "/deliveries", "/settings", "/log.txt"];
  for (const place of [
    "/projects/demo",
    "/projects/demo/new",
    "/projects/demo/usage",
    ...tabs.map((tab) => `/apps/${app}${tab}`),
    `/deployments/${deployment}`,
    `/deployments/${deployment}/log.txt`,
  ]) {
    const answer = await fetch(`${platform.up.dashboard}${place}`, { headers: { cookie }, redirect: "manual" });
    expect(answer.status, place).toBe(404);
    expect(await answer.text(), place).not.toContain("hello");
  }
});
