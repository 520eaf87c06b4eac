import { randomBytes } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { openPlatform, type Platform } from "../support/platform";

let platform: Platform;
beforeAll(() => {
  platform = openPlatform();
});

describe("REST", () => {
  test("OpenAPI 3.1 is public and describes what answers", async () => {
    const answer = await fetch(`${platform.up.dashboard}/api/v1/openapi.json`);
    const document = (await answer.json()) as { openapi: string; paths: Record<string, unknown> };
    expect(document.openapi).toMatch(/^3\.1/);
    expect(Object.keys(document.paths)).toEqual(
      expect.arrayContaining(["/api/v1/projects", "/api/v1/apps/{app}/deployments", "/api/v1/deployments/{deployment}"]),
    );
  });

  test("errors are problems with what, why, fix and code", async () => {
    const missing = await platform.api("/api/v1/apps/nowhere");
    expect(missing.status).toBe(404);
    expect(missing.headers.get("content-type")).toContain("application/problem+json");
    expect(await missing.json()).toMatchObject({ title: expect.any(String), status: 404, code: "not_found", fix: expect.any(String) });
    const invalid = await platform.api("/api/v1/projects", { method: "POST", headers: { "content-type": "application/json" }, body: '{"name":"Not A Name"}' });
    expect(invalid.status).toBe(400);
    const broken = await platform.api("/api/v1/projects", { method: "POST", headers: { "content-type": "application/json" }, body: "{nonsense" });
    expect(broken.status).toBe(400);
    expect((await fetch(`${platform.up.dashboard}/api/v1/projects`)).status).toBe(401);
    expect((await platform.api("/api/v1/nowhere")).status).toBe(404);
  });

  test("lists are pages, and a cursor goes on where the page ended", async () => {
    const names = [1, 2, 3].map((n) => `page-${n}-${randomBytes(3).toString("hex")}`);
    for (const name of names) await platform.client.projects.create.mutate({ name });
    const seen: string[] = [];
    for (let cursor: string | null = ""; cursor !== null; ) {
      const page = (await (await platform.api(`/api/v1/projects?limit=2${cursor ? `&cursor=${cursor}` : ""}`)).json()) as {
        items: { name: string }[];
        nextCursor: string | null;
      };
      expect(page.items.length).toBeLessThanOrEqual(2);
      seen.push(...page.items.map((one) => one.name));
      cursor = page.nextCursor;
    }
    expect(seen).toEqual(expect.arrayContaining(names));
    expect(new Set(seen).size).toBe(seen.length);
    for (const name of names) await platform.client.projects.delete.mutate({ project: name });
  });

  test("a write that is repeated with its Idempotency-Key happens once", async () => {
    const name = `once-${randomBytes(3).toString("hex")}`;
    const headers = { "content-type": "application/json", "idempotency-key": crypto.randomUUID() };
    const post = (body: object) => platform.api("/api/v1/projects", { method: "POST", headers, body: JSON.stringify(body) });
    const first = await post({ name });
    const second = await post({ name });
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(await second.json()).toEqual(await first.json());
    expect((await post({ name: `${name}-x` })).status).toBe(409);
    await platform.client.projects.delete.mutate({ project: name });
  });
});

describe("around it", () => {
  test("health, readiness and metrics", async () => {
    expect(await (await fetch(`${platform.up.dashboard}/healthz`)).json()).toEqual({ status: "ok" });
    expect(await (await fetch(`${platform.up.dashboard}/readyz`)).json()).toEqual({ status: "ready", parts: { postgresql: "ok", redis: "ok", worker: "ok" } });
    expect(await (await fetch(`${platform.up.dashboard}/metrics`)).text()).toContain("dokploy_http_request_duration_seconds");
    expect((await fetch(`${platform.up.dashboard}/metrics`, { headers: { "x-forwarded-for": "203.0.113.9" } })).status).toBe(401);
  });

  test("a cookie counts for requests of our own origin only", async () => {
    const { email, password } = platform.up.admin;
    const signIn = await fetch(`${platform.up.dashboard}/api/v1/sign-in`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ email, password }),
    });
    const cookie = signIn.headers.getSetCookie()[0]?.split(";")[0] ?? "";
    const post = (origin: string) =>
      fetch(`${platform.up.dashboard}/api/v1/projects`, {
        method: "POST",
        headers: { "content-type": "application/json", cookie, origin },
        body: '{"name":"UPPER"}',
      });
    expect((await post(platform.up.dashboard)).status).toBe(400);
    expect((await post("http://evil.example.com")).status).toBe(401);
    expect(signIn.headers.getSetCookie()[0]).toMatch(/HttpOnly/);
  });

  test("a webhook's body over 25 MB is refused by its length", async () => {
    const answer = await fetch(`${platform.up.dashboard}/webhooks/github/${crypto.randomUUID()}`, { method: "POST", body: Buffer.alloc(26 * 1024 * 1024) });
    expect(answer.status).toBe(413);
  });
});
