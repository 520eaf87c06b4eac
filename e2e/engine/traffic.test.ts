import http from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { engineRequest } from "../support/engine-api.mjs";
import { SERVER, serverFiles } from "../support/git-repository";
import { type HomeDatabase, openHomeDatabase } from "../support/home-database";
import { type Journey, openJourney } from "../support/journey";
import { type Answer, ask, type Platform, startLoad, untilEnded } from "../support/platform";
import { openStartSwitch } from "../support/start-switch";

let journey: Journey;
let platform: Platform;
let sql: HomeDatabase;

beforeAll(async () => {
  journey = await openJourney("traffic");
  ({ platform } = journey);
  sql = openHomeDatabase(platform.up);
});
afterAll(async () => {
  await sql.end();
  await journey.close();
});

/** Release 1 answers `one`, release 2, which is live, `two`. */
async function twoReleases(name: string, settings: object = {}) {
  const made = await journey.newApp(name, serverFiles("one"), { drainS: 2, ...settings });
  expect((await made.deploy()).reason).toBeNull();
  made.repository.commit({ "server.js": SERVER("two") });
  expect((await made.deploy()).reason).toBeNull();
  return { ...made, id: made.app.id };
}
const body = async (url: string, headers: Record<string, string> = {}): Promise<string> => (await ask(url, { headers })).body.trim();
const count = (bodies: Map<string, number>, word: string) => [...bodies].reduce((sum, [text, n]) => sum + (text.trim() === word ? n : 0), 0);
const events = async (app: string) =>
  (await sql<{ event: string }[]>`select event from audit_events where target = ${app} and event like 'traffic.%' order by at`).map((row) => row.event);
/** How many services the engine has of the application: two while a second release is in its slot. */
async function services(app: string): Promise<number> {
  const filters = encodeURIComponent(JSON.stringify({ label: [`dokploy.app=${app}`] }));
  const answer = await engineRequest(platform.up.dockerHost, "GET", `/services?filters=${filters}`, { timeoutMs: 10_000 });
  return (answer.json as unknown[]).length;
}
/** What, why and fix of a refusal, in one text. */
const refusal = (wish: Promise<unknown>): Promise<string> =>
  wish.then(
    () => "it was accepted",
    (error: { data?: { explanation?: object } }) => Object.values(error.data?.explanation ?? {}).join(" — "),
  );

/** Asks one after another on a few connections until `n` have been answered. */
async function many(url: string, n: number, headers: Record<string, string> = {}): Promise<Answer[]> {
  const answers: Answer[] = [];
  const one = async () => {
    while (answers.length < n) answers.push(await ask(url, { headers }));
  };
  await Promise.all(Array.from({ length: 8 }, one));
  return answers;
}

describe("a split by weight", () => {
  test("under load: nothing fails at its start, change, promotion; the share is about what was asked; promotion is a deployment", async () => {
    const { id, url } = await twoReleases("weighted");
    const load = startLoad(url, 40);
    const started = await platform.client.traffic.split.mutate({ app: id, release: 1, weight: 25 });
    expect(started).toMatchObject({ live: { release: 2, weight: 75 }, split: { kind: "split", release: 1, weight: 25, phase: "running" } });
    const answers = await many(url, 1000);
    const ones = answers.filter((answer) => answer.body.trim() === "one").length;
    expect(answers.filter((answer) => answer.status !== 200)).toEqual([]);
    expect(ones).toBeGreaterThan(answers.length * 0.18);
    expect(ones).toBeLessThan(answers.length * 0.32);
    const changed = await platform.client.traffic.split.mutate({ app: id, release: 1, weight: 50 });
    expect(changed.split).toMatchObject({ weight: 50, startedAt: started.split?.startedAt });
    const run = await platform.client.traffic.promote.mutate({ app: id });
    expect(await untilEnded(platform, run.id)).toMatchObject({ kind: "promote", status: "succeeded", release: 1, failed: false, reason: null });
    const { failures, bodies } = await load.stop();
    expect(failures).toEqual([]);
    expect(count(bodies, "one")).toBeGreaterThan(0);
    for (let n = 0; n < 20; n++) expect(await body(url)).toBe("one");
    expect(await platform.client.traffic.read.query({ app: id })).toMatchObject({ live: { release: 1, weight: 100 }, split: null });
    expect(await events(id)).toEqual(["traffic.started", "traffic.changed", "traffic.promote-requested"]);
    const log = await platform.client.deployments.logs.query({ deployment: run.id, limit: 1000 });
    expect(log.items.map((line) => line.x).join("\n")).toContain("still runs release 1: nothing to start");
    expect((await platform.client.deployments.list.query({ app: id })).items.some((one) => one.failed)).toBe(false);
  });

  test("under load it ends without a failed request, and its slot is empty", async () => {
    const { id, url } = await twoReleases("ended");
    await platform.client.traffic.split.mutate({ app: id, release: 1, weight: 50 });
    const load = startLoad(url, 60);
    await many(url, 100);
    expect(await services(id)).toBe(2);
    const ended = await platform.client.traffic.end.mutate({ app: id });
    const { failures } = await load.stop();
    expect(failures).toEqual([]);
    expect(await services(id)).toBe(1);
    expect(ended).toMatchObject({ live: { release: 2, weight: 100 }, split: null });
    for (let n = 0; n < 20; n++) expect(await body(url)).toBe("two");
    expect(await events(id)).toEqual(["traffic.started", "traffic.ended"]);
    await expect(platform.client.traffic.end.mutate({ app: id })).rejects.toThrow(/No second release/);
  });

  test("with a cookie a visitor stays where the first answer came from", async () => {
    const { id, url } = await twoReleases("sticky", { replicas: 2, strategy: "rolling" });
    await platform.client.traffic.split.mutate({ app: id, release: 1, weight: 50, sticky: true });
    const seen = new Set<string>();
    for (let visitor = 0; visitor < 8; visitor++) {
      const first = await firstVisit(url);
      for (let n = 0; n < 10; n++) expect(await body(url, { cookie: first.cookie })).toBe(first.body);
      seen.add(first.body);
    }
    expect([...seen].sort()).toEqual(["one", "two"]);
    // both releases are scaled together, and promoting gives up no replica
    await platform.client.apps.scale.mutate({ app: id, replicas: 3 });
    const load = startLoad(url, 30);
    const run = await platform.client.traffic.promote.mutate({ app: id });
    expect((await untilEnded(platform, run.id)).status).toBe("succeeded");
    expect((await load.stop()).failures).toEqual([]);
    await expect.poll(async () => (await platform.client.apps.read.query({ app: id })).runningReplicas, { timeout: 20_000 }).toBe(3);
  });
});

/** A request without a cookie, and the cookie that the edge gives for it. */
function firstVisit(url: string): Promise<{ body: string; cookie: string }> {
  const target = new URL(url);
  return new Promise((resolve, reject) => {
    http
      .get({ host: "127.0.0.1", port: target.port, headers: { host: target.host } }, (answer) => {
        const [cookie = ""] = answer.headers["set-cookie"] ?? [];
        answer.setEncoding("utf8");
        let text = "";
        answer.on("data", (part: string) => {
          text += part;
        });
        answer.on("end", () => resolve({ body: text.trim(), cookie: cookie.split(";")[0] ?? "" }));
      })
      .on("error", reject);
  });
}

test("a release on trial that crashes is taken off by itself; everybody has the live one, and the reason is kept", async () => {
  const burning = SERVER("one").replace(
    "createServer((q, r) =>",
    'createServer((q, r) => q.url === "/burn" ? (r.end(), console.error("the disk is on fire"), setTimeout(() => process.exit(3), 100)) :',
  );
  const { app, deploy, repository, url } = await journey.newApp("burning", { ...serverFiles("one"), "server.js": burning }, { drainS: 0, bakeS: 0 });
  expect((await deploy()).reason).toBeNull();
  repository.commit({ "server.js": SERVER("two") });
  expect((await deploy()).reason).toBeNull();
  const header = { name: "X-Trial", value: "yes" };
  await platform.client.traffic.split.mutate({ app: app.id, release: 1, header });
  const load = startLoad(url, 30);
  await ask(`${url}/burn`, { headers: { "x-trial": "yes" } });
  await expect.poll(async () => (await platform.client.traffic.read.query({ app: app.id })).split, { timeout: 30_000 }).toBeNull();
  expect(await body(url, { "x-trial": "yes" })).toBe("two");
  expect((await load.stop()).failures).toEqual([]);
  const [ended] = await sql<{ actor: string; by: string }[]>`
    select actor, detail->>'by' as by from audit_events where target = ${app.id} and event = 'traffic.ended'`;
  expect(ended).toMatchObject({ actor: "watch", by: expect.stringMatching(/ended with status 3 on trial.*the disk is on fire/s) });
}, 120_000);

test("a header or a cookie decides by itself; everybody else stays with the live release", async () => {
  const { id, url } = await twoReleases("matched");
  const shown = await platform.cli(["traffic", "split", id, "--release", "1", "--header", "X-Trial=yes", "--cookie", "trial=a.b"]);
  expect(shown, shown.stderr).toMatchObject({ status: 0 });
  expect(shown.stdout).toContain("The cookie trial=a.b goes to release 1.");
  for (const headers of [{ "x-trial": "yes" }, { cookie: "x=1; trial=a.b; y=2" }, { "x-trial": "no", cookie: "trial=a.b" }] as Record<string, string>[])
    for (let n = 0; n < 5; n++) expect(await body(url, headers)).toBe("one");
  for (const headers of [{}, { "x-trial": "no" }, { "x-trial": "yes2" }, { cookie: "trial=aXb" }, { cookie: "mytrial=a.b" }] as Record<string, string>[])
    for (let n = 0; n < 5; n++) expect(await body(url, headers), JSON.stringify(headers)).toBe("two");
  // what the edge counted comes with the next look of a worker
  await expect.poll(async () => (await platform.client.traffic.read.query({ app: id })).split?.answers, { timeout: 60_000 }).toBe(15);
  const read = await platform.client.traffic.read.query({ app: id });
  expect(read).toMatchObject({ live: { weight: 100 }, split: { weight: 0, errors: 0, header: { name: "X-Trial", value: "yes" } } });
});

test("a mirror copies a part of the requests and drops the answers; a copy that fails hurts nobody", async () => {
  const counting = `let n = 0;
require("node:http").createServer((q, r) => { if (q.url === "/count") return r.end(String(n)); if (q.url !== "/") n += 1; r.statusCode = q.url === "/" ? 200 : 500; r.end("copy"); }).listen(process.env.PORT, "0.0.0.0");
process.on("SIGTERM", () => process.exit(0));`;
  const { id, url, repository, deploy } = await twoReleases("mirrored");
  repository.commit({ "server.js": counting });
  expect((await deploy()).reason).toBeNull();
  expect((await untilEnded(platform, (await platform.client.deployments.rollback.mutate({ app: id, to: 2 })).id)).status).toBe("succeeded");
  const mirrored = await platform.cli(["traffic", "mirror", id, "--release", "3", "--percent", "50", "--json"]);
  expect(JSON.parse(mirrored.stdout)).toMatchObject({ live: { release: 2, weight: 100 }, split: { kind: "mirror", release: 3, weight: 50 } });
  const answers = await many(`${url}/page`, 400);
  expect(answers.filter((answer) => answer.status !== 200 || answer.body.trim() !== "two")).toEqual([]);
  await expect
    .poll(async () => (await platform.client.traffic.read.query({ app: id })).split?.errors ?? 0, { timeout: 60_000 })
    .toBeGreaterThan(answers.length * 0.4);
  const { split } = await platform.client.traffic.read.query({ app: id });
  expect(split?.errors).toBeLessThan(answers.length * 0.6);
  const promoted = await platform.cli(["traffic", "promote", id]);
  expect(promoted, promoted.stderr).toMatchObject({ status: 0 });
  expect(await body(url)).toBe("copy");
});

test("a deployment that comes meanwhile ends it first, without a failed request, and says so; a restart is refused", async () => {
  const { id, url, repository, deploy } = await twoReleases("overtaken");
  await platform.client.traffic.split.mutate({ app: id, release: 1, weight: 50 });
  await expect(platform.client.apps.restart.mutate({ app: id })).rejects.toThrow(/on trial/);
  const load = startLoad(url, 40);
  repository.commit({ "server.js": SERVER("three") });
  const run = await deploy();
  const { failures } = await load.stop();
  expect(run).toMatchObject({ status: "succeeded", reason: null });
  expect(failures).toEqual([]);
  for (let n = 0; n < 20; n++) expect(await body(url)).toBe("three");
  const log = await platform.client.deployments.logs.query({ deployment: run.id, limit: 1000 });
  expect(log.items.map((line) => line.x).join("\n")).toContain("The trial of release 1 has ended");
  expect((await platform.client.traffic.read.query({ app: id })).split).toBeNull();
  expect(await events(id)).toEqual(["traffic.started", "traffic.ended"]);
});

test("a release that does not become healthy gets nothing, and leaves nothing behind", async () => {
  const start = await openStartSwitch();
  try {
    const files = { ...serverFiles("one"), "server.js": start.server("one") };
    const { app, url, repository, deploy } = await journey.newApp("spoiled-trial", files, { health: { timeoutS: 3 }, bakeS: 0, drainS: 0 });
    expect((await deploy()).reason).toBeNull();
    repository.commit({ "server.js": SERVER("two") });
    expect((await deploy()).reason).toBeNull();
    start.turnOff();
    await expect(platform.client.traffic.split.mutate({ app: app.id, release: 1, weight: 50 })).rejects.toThrow(/Nothing (answered|listens)/);
    for (let n = 0; n < 10; n++) expect(await body(url)).toBe("two");
    expect(await platform.client.traffic.read.query({ app: app.id })).toMatchObject({ live: { release: 2, weight: 100 }, split: null });
    expect(await services(app.id)).toBe(1);
  } finally {
    await start.close();
  }
});

test("a release that fails its gate when it is promoted leaves the live one as it was; its trial is over", async () => {
  const failing = `let isBurnt = false;
require("node:http").createServer((q, r) => { isBurnt ||= q.url === "/burn"; r.statusCode = isBurnt ? 500 : 200; r.end("one"); }).listen(process.env.PORT, "0.0.0.0");
process.on("SIGTERM", () => process.exit(0));`;
  const settings = { health: { timeoutS: 3 }, bakeS: 0, drainS: 0 };
  const { app, url, repository, deploy } = await journey.newApp("not-promoted", { ...serverFiles("one"), "server.js": failing }, settings);
  expect((await deploy()).reason).toBeNull();
  repository.commit({ "server.js": SERVER("two") });
  expect((await deploy()).reason).toBeNull();
  await platform.client.traffic.split.mutate({ app: app.id, release: 1, header: { name: "X-Trial", value: "yes" } });
  expect((await ask(`${url}/burn`, { headers: { "X-Trial": "yes" } })).status).toBe(500);
  const load = startLoad(url, 30);
  const run = await platform.client.traffic.promote.mutate({ app: app.id });
  expect(await untilEnded(platform, run.id)).toMatchObject({ kind: "promote", status: "failed", liveAt: null, reason: { code: "unhealthy" } });
  const { failures } = await load.stop();
  expect(failures).toEqual([]);
  expect(await platform.client.traffic.read.query({ app: app.id })).toMatchObject({ live: { release: 2, weight: 100 }, split: null });
  expect(await services(app.id)).toBe(1);
  expect(await events(app.id)).toEqual(["traffic.started", "traffic.promote-requested", "traffic.ended"]);
});

describe("what is refused", () => {
  test("each with what, why and the way out", async () => {
    const { id } = await twoReleases("refused");
    const split = (more: object) => refusal(platform.client.traffic.split.mutate({ app: id, release: 1, ...more }));
    expect(await split({})).toContain("a weight, a header or a cookie");
    expect(await split({ release: 2, weight: 10 })).toContain("is the live one");
    expect(await split({ release: 9, weight: 10 })).toContain("no release 9");
    expect(await split({ weight: 100 })).toContain("promote it");
    expect(await split({ sticky: true, header: { name: "X-A", value: "y" } })).toContain("give one");
    for (const value of ["`) || Host(`evil", "a`b", "{{ env }}", "a\nb", "\\", "(?i)x", ""])
      expect(await split({ header: { name: "X-A", value } }), value).toContain("A header's value has");
    for (const value of [".*|", "a;b=c", "`", "$(x)", "a b"]) expect(await split({ cookie: { name: "a", value } }), value).toContain("A cookie's value has");
    for (const name of ["a b", "a`", "-a", ""]) expect(await split({ header: { name, value: "x" } }), name).toContain("A header's name has");
    for (const name of ["Host", "Cookie", "X-Dokploy-Slot"]) expect(await split({ header: { name, value: "x" } }), name).toContain("cannot be matched");
    const word = await platform.cli(["traffic", "split", id, "--weight", "10"]);
    expect(word).toMatchObject({ status: 2, stderr: expect.stringContaining("--release is missing") });
    expect(await platform.client.traffic.read.query({ app: id })).toMatchObject({ split: null });
  });

  test("an application that runs one release at a time has no second one beside it", async () => {
    const { app, deploy } = await journey.newApp("single", serverFiles("x"), { strategy: "recreate" });
    await expect(platform.client.traffic.split.mutate({ app: app.id, release: 1, weight: 10 })).rejects.toThrow(/never deployed/);
    expect((await deploy()).reason).toBeNull();
    await expect(platform.client.traffic.split.mutate({ app: app.id, release: 1, weight: 10 })).rejects.toThrow(/one release at a time/);
  });
});
