import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../support/eventually";
import { SERVER, serverFiles } from "../support/git-repository";
import { type Journey, openJourney } from "../support/journey";
import { ask, type Platform, startLoad, untilEnded } from "../support/platform";

let journey: Journey;
let platform: Platform;
let newApp: Journey["newApp"];

beforeAll(async () => {
  journey = await openJourney("strategies");
  ({ platform, newApp } = journey);
});
afterAll(() => journey.close());

/** Answers 500 to a part of the requests; `/` of the health check counts too, so it begins a second after the start. */
const FAILING = (part: number) => `const started = Date.now();
require("node:http").createServer((q, r) => {
  if (Date.now() - started > 1500 && Math.random() < ${part}) { r.statusCode = 500; return r.end("broken"); }
  r.end("failing");
}).listen(process.env.PORT, "0.0.0.0");
process.on("SIGTERM", () => process.exit(0));`;
/** Crashes when it is told to: by its own clock it would do so before it is live where that takes long. */
const CRASHING = `require("node:http").createServer((q, r) => {
  if (q.url === "/burn") setTimeout(() => { console.error("cannot reach the queue"); process.exit(3); }, 500);
  r.end("crashing");
}).listen(process.env.PORT, "0.0.0.0");`;

const canary = {
  steps: [
    { weight: 20, holdS: 2 },
    { weight: 60, holdS: 1 },
  ],
  minRequests: 10,
  maxErrorPercent: 5,
};
/** The automatic rollback of a deployment, once it has ended. */
async function rollbackOf(id: string, app: string) {
  const begun = await eventually(async () => (await platform.client.deployments.list.query({ app })).items.find((one) => one.remediates === id), 60);
  return untilEnded(platform, begun.id);
}

describe("canary", () => {
  test("goes up in its steps without a failed request, and says what it held", async () => {
    const { repository, deploy, url } = await newApp("canary", serverFiles("old"), { strategy: "canary", canary });
    await deploy();
    const load = startLoad(url, 40);
    repository.commit({ "server.js": SERVER("new") });
    const run = await deploy();
    const { failures, bodies } = await load.stop();
    expect(run).toMatchObject({ status: "succeeded", strategy: "canary", reason: null });
    expect(failures).toEqual([]);
    expect([...bodies.keys()].map((body) => body.trim()).sort()).toEqual(["new", "old"]);
    expect((await ask(url)).body).toContain("new");
    const log = await platform.client.deployments.logs.query({ deployment: run.id, limit: 10_000 });
    const text = log.items.map((line) => line.x).join("\n");
    expect(text).toContain("canary: the new release gets 20 % for 2 s, then 60 % for 1 s, then 100 % of the traffic");
    expect(text).toMatch(/20 % held for 2 s: \d+ answers, 0 errors/);
  });

  test("is taken back by itself when the new release answers with errors", async () => {
    const { repository, deploy, url } = await newApp("bad-canary", serverFiles("old"), {
      strategy: "canary",
      canary: { ...canary, steps: [{ weight: 30, holdS: 20 }] },
    });
    await deploy();
    const load = startLoad(url, 60);
    repository.commit({ "server.js": FAILING(0.6) });
    const run = await deploy();
    await load.stop();
    expect(run).toMatchObject({ status: "failed", liveAt: null, reason: { code: "canary_failed", why: expect.stringMatching(/answers were errors/) } });
    for (let n = 0; n < 20; n++) expect((await ask(url)).body.trim()).toBe("old");
  });
});

describe("recreate", () => {
  test("keeps a volume from release to release with one task at a time, and says how long nothing answered", async () => {
    const keeps = (name: string) => `const fs = require("node:fs");
fs.appendFileSync("/data/starts", ${JSON.stringify(name)} + "\\n");
if (fs.existsSync("/data/lock")) throw new Error("two at once");
fs.writeFileSync("/data/lock", "x");
process.on("SIGTERM", () => { fs.rmSync("/data/lock"); process.exit(0); });
require("node:http").createServer((q, r) => r.end(fs.readFileSync("/data/starts", "utf8"))).listen(process.env.PORT, "0.0.0.0");`;
    const volumes = [{ name: "data", path: "/data" }];
    const { app, repository, deploy, url } = await newApp("recreate", { ...serverFiles(""), "server.js": keeps("one") }, { volumes });
    expect(app.strategy).toBe("recreate");
    expect((await deploy()).reason).toBeNull();
    repository.commit({ "server.js": keeps("two") });
    const run = await deploy();
    expect(run.reason).toBeNull();
    expect((await ask(url)).body).toBe("one\ntwo\n");
    const route = run.spans.find((span) => span.step === "route");
    expect(route?.detail.gapMs).toBeGreaterThan(0);
    // the next release is broken: the old one starts again by itself
    repository.commit({ "server.js": 'throw new Error("broken");' });
    expect(await deploy()).toMatchObject({ status: "failed", liveAt: null });
    expect((await ask(url)).body).toBe("one\ntwo\ntwo\n");
  });

  test("what would run two writers at once is refused with the way out", async () => {
    const volumes = [{ name: "data", path: "/data" }];
    await expect(newApp("two-writers", serverFiles(""), { volumes, strategy: "blue-green" })).rejects.toThrow(/two releases at once/);
    await expect(newApp("two-replicas", serverFiles(""), { volumes, replicas: 2 })).rejects.toThrow(/share the volume/);
    const shared = await newApp("shared", serverFiles("shared"), { volumes: [{ name: "data", path: "/data", shared: true }], replicas: 2 });
    expect(shared.app.strategy).toBe("blue-green");
    expect((await shared.deploy()).reason).toBeNull();
  });
});

describe("after going live", () => {
  test("a release that crashes is rolled back by itself, once, and is a failed deployment", async () => {
    const { app, repository, deploy, url } = await newApp("crash-later", serverFiles("good"), { bakeS: 30 });
    await deploy();
    repository.commit({ "server.js": CRASHING });
    const run = await deploy();
    expect(run.status).toBe("succeeded");
    await ask(`${url}/burn`);
    const back = await rollbackOf(run.id, app.id);
    expect(back).toMatchObject({ kind: "rollback", trigger: "watch", status: "succeeded", release: 1 });
    expect((await ask(url)).body).toContain("good");
    const failed = await platform.client.deployments.read.query({ deployment: run.id });
    expect(failed).toMatchObject({ status: "succeeded", failed: true, failedMethod: "measured", failedReason: expect.stringMatching(/status 3|queue/) });
    expect((await platform.client.deployments.list.query({ app: app.id })).items.filter((one) => one.kind === "rollback")).toHaveLength(1);
  });

  test("a release whose answers turn into errors is rolled back too", async () => {
    const { app, repository, deploy, url } = await newApp("errors-later", serverFiles("good"), { bakeS: 30 });
    await deploy();
    const load = startLoad(url, 40);
    repository.commit({ "server.js": FAILING(0.5) });
    const run = await deploy();
    expect(run.status).toBe("succeeded");
    const back = await rollbackOf(run.id, app.id);
    await load.stop();
    expect(back).toMatchObject({ trigger: "watch", status: "succeeded" });
    expect((await platform.client.deployments.read.query({ deployment: run.id })).failedReason).toMatch(/answers were errors/);
    expect((await ask(url)).body).toContain("good");
  });
});
