import { afterAll, beforeAll, expect, test } from "vitest";
import { engineRequest } from "../support/engine-api.mjs";
import { serverFiles } from "../support/git-repository";
import { type HomeDatabase, openHomeDatabase } from "../support/home-database";
import { type Journey, openJourney } from "../support/journey";
import { ask, type Platform, startLoad, untilEnded } from "../support/platform";

let journey: Journey;
let platform: Platform;
let sql: HomeDatabase;
beforeAll(async () => {
  journey = await openJourney("files");
  ({ platform } = journey);
  sql = openHomeDatabase(platform.up);
});
afterAll(async () => {
  await sql.end();
  await journey.close();
});

/** Answers with what stands at its path, as the container has it: content, mode, owner. */
const SHOWING = `const fs = require("node:fs");
require("node:http").createServer((q, r) => {
  if (q.url === "/") return r.end("up");
  try { const s = fs.statSync(q.url); r.end(JSON.stringify({ content: fs.readFileSync(q.url).toString("base64"), mode: (s.mode & 0o777).toString(8), uid: s.uid, gid: s.gid })); }
  catch (error) { r.end(JSON.stringify({ error: error.code })); }
}).listen(process.env.PORT, "0.0.0.0");
process.on("SIGTERM", () => process.exit(0));`;
const showing = { ...serverFiles("x"), "server.js": SHOWING };

type Seen = { content?: string; mode?: string; uid?: number; gid?: number; error?: string };
const inContainer = async (url: string, path: string): Promise<Seen> => JSON.parse((await ask(`${url}${path}`)).body) as Seen;
const textOf = async (url: string, path: string) => Buffer.from((await inContainer(url, path)).content ?? "", "base64").toString();
async function configs(app: string): Promise<{ name: string; labels: Record<string, string> }[]> {
  const filters = encodeURIComponent(JSON.stringify({ label: [`dokploy.app=${app}`] }));
  const answer = await engineRequest(platform.up.dockerHost, "GET", `/configs?filters=${filters}`, { timeoutMs: 10_000 });
  return (answer.json as { Spec: { Name: string; Labels: Record<string, string> } }[]).map(({ Spec }) => ({ name: Spec.Name, labels: Spec.Labels }));
}
const refusal = (wish: Promise<unknown>): Promise<string> =>
  wish.then(
    () => "it was accepted",
    (error: { data?: { explanation?: object } }) => Object.values(error.data?.explanation ?? {}).join(" — "),
  );

test("a file is in the container, changes with one deployment, comes back with a rollback, and goes when nothing uses it", async () => {
  const { app, deploy, url } = await journey.newApp("one", showing, { bakeS: 0, drainS: 0, releaseCommand: "cat /etc/shop/a.yml" });
  const files = platform.client.apps.files;
  const first = await files.change.mutate({ app: app.id, set: [{ path: "/etc/shop/a.yml", content: "greeting: one\n" }] });
  expect(first.deployment).toBeNull();
  const begun = await deploy();
  expect(begun.reason).toBeNull();
  // the release command had it before the first task did
  const log = await platform.client.deployments.logs.query({ deployment: begun.id, limit: 1000 });
  expect(log.items.map((line) => line.x)).toContain("greeting: one");
  expect(await textOf(url, "/etc/shop/a.yml")).toBe("greeting: one\n");
  expect(await inContainer(url, "/etc/shop/a.yml")).toMatchObject({ mode: "444", uid: 0, gid: 0 });

  const load = startLoad(url, 30);
  const bytes = Buffer.from([0, 1, 2, 255, 10]);
  const changed = await files.change.mutate({
    app: app.id,
    set: [
      { path: "/etc/shop/a.yml", content: "greeting: two\n" },
      { path: "/srv/key.bin", content: bytes.toString("base64"), encoding: "base64", mode: "0400", uid: 0, gid: 12 },
    ],
  });
  const run = await untilEnded(platform, changed.deployment?.id ?? "");
  expect(run).toMatchObject({ kind: "config", status: "succeeded", changedKeys: ["/etc/shop/a.yml", "/srv/key.bin"] });
  const { config } = await platform.client.deployments.changes.query({ deployment: run.id });
  expect(config).toEqual({ added: ["/srv/key.bin"], removed: [], changed: ["/etc/shop/a.yml"] });
  expect(await textOf(url, "/etc/shop/a.yml")).toBe("greeting: two\n");
  expect(await inContainer(url, "/srv/key.bin")).toEqual({ content: bytes.toString("base64"), mode: "400", uid: 0, gid: 12 });

  // the same again is no change
  expect((await files.change.mutate({ app: app.id, set: [{ path: "/etc/shop/a.yml", content: "greeting: two\n" }] })).deployment).toBeNull();

  const back = await untilEnded(platform, (await platform.client.deployments.rollback.mutate({ app: app.id, to: 1 })).id);
  expect(back.status).toBe("succeeded");
  expect(await textOf(url, "/etc/shop/a.yml")).toBe("greeting: one\n");
  expect(await inContainer(url, "/srv/key.bin")).toEqual({ error: "ENOENT" });
  expect((await load.stop()).failures).toEqual([]);

  // of three versions the live release uses one
  await expect.poll(async () => (await configs(app.id)).length, { timeout: 20_000 }).toBe(1);
  const [kept] = await configs(app.id);
  expect(kept?.name).toMatch(/^dkp-[0-9a-f]{16}$/);
  expect(kept?.labels["dokploy.home"]).toBeTruthy();
  const rows = await sql<{ content: string }[]>`select content from app_files where app_id = ${app.id}`;
  expect(rows.length).toBe(3);
  for (const row of rows) expect(row.content + Buffer.from(row.content, "base64").toString()).not.toContain("greeting");
  const [release] = await sql<{ config: string; results: string }[]>`
    select r.config, d.results::text as results from releases r join deployments d on d.id = r.deployment_id where r.app_id = ${app.id} limit 1`;
  expect(`${release?.config}${release?.results}`).not.toContain("greeting");

  await platform.client.apps.delete.mutate({ app: app.id });
  expect(await configs(app.id)).toEqual([]);
  expect(await sql`select id from app_files where app_id = ${app.id}`).toEqual([]);
});

test("several changes before a deployment starts are one; the command line sets, lists, shows and removes", async () => {
  const { app, deploy, url } = await journey.newApp("cli", showing, { bakeS: 0, drainS: 0 });
  expect((await deploy()).reason).toBeNull();
  const running = await platform.client.deployments.create.mutate({ app: app.id });
  const stored = async (path: string) => (await platform.client.apps.files.change.mutate({ app: app.id, set: [{ path, content: path }] })).deployment;
  // from its first step on it has the configuration that it keeps
  await expect.poll(async () => (await platform.client.deployments.read.query({ deployment: running.id })).step, { timeout: 30_000 }).not.toBeNull();
  const [one, two] = [await stored("/srv/one"), await stored("/srv/two")];
  expect(two?.id).toBe(one?.id);
  const { status, reason, changedKeys } = await untilEnded(platform, one?.id ?? "");
  expect({ status, reason, changedKeys }).toEqual({ status: "succeeded", reason: null, changedKeys: ["/srv/one", "/srv/two"] });

  const binary = Buffer.from(Array.from({ length: 100 }, (_, n) => n)).toString("latin1");
  const first = await platform.cli(["file", "set", app.id, "/srv/a.txt", "--wait"], { stdin: "a\n" });
  expect(first, first.stderr).toMatchObject({ status: 0 });
  const second = await platform.cli(["file", "set", app.id, "/srv/b.txt", "--mode", "0600", "--uid", "7", "--wait"], { stdin: binary });
  expect(second, second.stderr).toMatchObject({ status: 0 });
  expect(await textOf(url, "/srv/a.txt")).toBe("a\n");
  expect(await inContainer(url, "/srv/b.txt")).toMatchObject({ mode: "600", uid: 7 });
  const listed = await platform.cli(["file", "list", app.id]);
  expect(listed.stdout).toMatch(/\/srv\/a\.txt +2 +0444 +0:0/);
  expect((await platform.cli(["file", "show", app.id, "/srv/a.txt"])).stdout).toBe("a\n");
  const removed = await platform.cli(["file", "remove", app.id, "/srv/a.txt", "/srv/b.txt", "--wait"]);
  expect(removed, removed.stderr).toMatchObject({ status: 0 });
  expect(await inContainer(url, "/srv/a.txt")).toEqual({ error: "ENOENT" });
  expect(await platform.cli(["file", "show", app.id, "/srv/a.txt"])).toMatchObject({ status: 4 });
  expect(await platform.cli(["file", "set", app.id, "/srv/big"], { stdin: "x".repeat(500_001) })).toMatchObject({ status: 2 });
  expect((await platform.cli(["file", "set", app.id, "/srv/big"], { stdin: "x".repeat(500_000) })).status).toBe(0);
  const [events] = await sql<{ n: number }[]>`select count(*)::int as n from audit_events where target = ${app.id} and event = 'files.revealed'`;
  expect(events?.n).toBe(1);
});

test("a service that the engine lost comes back with its files", async () => {
  const { app, deploy, url } = await journey.newApp("lost", showing, { bakeS: 0, drainS: 0 });
  await platform.client.apps.files.change.mutate({ app: app.id, set: [{ path: "/srv/a.txt", content: "kept" }] });
  expect((await deploy()).reason).toBeNull();
  await platform.client.apps.stop.mutate({ app: app.id });
  const [row] = await sql<{ name: string }[]>`select case active_slot when 'a' then slot_a else slot_b end as name from apps where id = ${app.id}`;
  await engineRequest(platform.up.dockerHost, "DELETE", `/services/${row?.name}`, { timeoutMs: 20_000 });
  for (const { name } of await configs(app.id)) await engineRequest(platform.up.dockerHost, "DELETE", `/configs/${name}`, { timeoutMs: 20_000 });
  expect(await configs(app.id)).toEqual([]);
  await platform.client.apps.start.mutate({ app: app.id });
  await expect.poll(() => textOf(url, "/srv/a.txt"), { timeout: 20_000 }).toBe("kept");
  await platform.client.apps.restart.mutate({ app: app.id });
  expect(await textOf(url, "/srv/a.txt")).toBe("kept");
});

test("hostile places and what gets in each other's way are refused", async () => {
  const volumes = [{ name: "data", path: "/data", shared: true }];
  const { app } = await journey.newApp("refused", showing, { volumes });
  const set = (path: string, content = "x") => refusal(platform.client.apps.files.change.mutate({ app: app.id, set: [{ path, content }] }));
  for (const path of ["/../etc/passwd", "/a/../b", "relative", "/", "/a b", "/a`b", "/a,b", "/{{.}}"]) expect(await set(path), path).toMatch(/path|absolute/i);
  for (const path of ["/proc/sys/x", "/sys/x", "/dev/null", "/etc/hosts"]) expect(await set(path), path).toContain("belongs to the engine");
  expect(await set("/data/x")).toContain("/data/x cannot be there beside the volume /data");
  expect(await set("/srv/x")).toBe("it was accepted");
  expect(await set("/srv")).toContain("One lies inside the other");
  const beside = { volumes: [...volumes, { name: "more", path: "/srv", shared: true }] };
  expect(await refusal(platform.client.apps.update.mutate({ app: app.id, settings: beside }))).toContain("/srv/x cannot be there");
  expect(await refusal(platform.client.apps.files.change.mutate({ app: app.id, unset: ["/nothing"] }))).toContain("no config file /nothing");
  const answer = await platform.api(`/api/v1/apps/${app.id}/files`);
  expect(await answer.json()).toMatchObject({ items: [{ path: "/srv/x", sizeBytes: 1, mode: "0444" }] });
});
