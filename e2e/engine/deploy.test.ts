import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fromIso } from "../../db/schema/columns";
import { SERVER, serverFiles } from "../support/git-repository";
import { type Journey, openJourney } from "../support/journey";
import { ask, type Platform, sendPush, startLoad, untilEnded } from "../support/platform";

let journey: Journey;
let platform: Platform;
let newApp: Journey["newApp"];

beforeAll(async () => {
  journey = await openJourney("journey");
  ({ platform, newApp } = journey);
});
afterAll(() => journey.close());

describe("the demo", () => {
  test("is live and its spans add up to its lead time exactly", async () => {
    const { demo } = platform.up;
    if (!demo) throw new Error("bin/up was run without the demo");
    expect((await ask(demo.url)).status).toBe(200);
    const run = await platform.client.deployments.read.query({ deployment: demo.deployment });
    const steps = run.spans.filter((span) => span.parent === null).map((span) => span.step);
    for (const step of ["validate", "queue", "fetch", "plan", "build", "release", "health", "route", "verify"]) expect(steps).toContain(step);
    const micros = { va: 0, nnva: 0, wait: 0 };
    for (const span of run.spans)
      if (span.parent === null && span.step !== "bake" && span.finishedAt) micros[span.class] += fromIso(span.finishedAt) - fromIso(span.startedAt);
    const start = Math.min(fromIso(run.commit?.authoredAt ?? run.createdAt), fromIso(run.createdAt));
    expect(micros.va + micros.nnva + micros.wait).toBe(fromIso(run.finishedAt ?? "") - start);
    expect(run.spans.filter((span) => span.parent !== null && span.step === "vertex").length).toBeGreaterThan(0);
  });
});

describe("a push", () => {
  test("with a signed webhook brings the new answer live without a failed request", async () => {
    const { app, repository, deploy, url } = await newApp("push", serverFiles("one"));
    expect(await deploy()).toMatchObject({ status: "succeeded", outcome: "succeeded" });
    expect((await ask(url)).body).toContain("one");

    const load = startLoad(url, 50);
    const sha = repository.commit({ "server.js": SERVER("two") }, "Say two");
    const secret = app.webhook.secret ?? "";
    const answer = await sendPush({ url: app.webhook.url, secret }, { branch: "main", sha });
    expect(answer.status).toBe(202);
    const run = await untilEnded(platform, ((await answer.json()) as { deployment: string }).deployment);
    expect((await ask(url)).body).toContain("two");
    const { sent, failures } = await load.stop();
    expect(failures).toEqual([]);
    expect(sent).toBeGreaterThan(10);
    expect(run).toMatchObject({ status: "succeeded", trigger: "webhook", commit: { sha, message: "Say two" }, commits: [sha] });
    expect(run.spans.map((span) => span.step)).toEqual(expect.arrayContaining(["push", "webhook", "validate", "queue"]));
    const built = run.spans.find((span) => span.step === "build" && span.parent === null);
    expect(built?.detail, "of the context only what changed is sent").toMatchObject({ sentFiles: 1, sentBytes: SERVER("two").length });
  });

  test("of the same delivery, another branch, and with a wrong signature", async () => {
    const { app, repository } = await newApp("deliveries", serverFiles("x"));
    const hook = { url: app.webhook.url, secret: app.webhook.secret ?? "" };
    const sha = repository.head();
    expect(await (await sendPush(hook, { branch: "other", sha })).json()).toEqual({ ignored: "other branch: other" });
    expect((await sendPush(hook, { branch: "main", sha, tamper: true })).status).toBe(401);
    const first = await (await sendPush(hook, { branch: "main", sha, delivery: "one" })).json();
    expect(await (await sendPush(hook, { branch: "main", sha, delivery: "one" })).json()).toEqual(first);
    await untilEnded(platform, (first as { deployment: string }).deployment);
  });
});

describe("a bad release never takes traffic", () => {
  const good = serverFiles("good");
  const cases: [string, Record<string, string>, string, RegExp][] = [
    ["a Dockerfile step that fails", { Dockerfile: "FROM node:20-slim\nRUN node -e 'console.log(\"about to fail\"); process.exit(3)'\n" }, "build_failed", /./],
    ["a Dockerfile with a syntax error", { Dockerfile: "FROM node:20-slim\nRUNN x\n" }, "build_failed", /RUNN|line 2|Dockerfile/i],
    ["a crash at start", { "server.js": 'console.error("cannot find the database"); process.exit(7);' }, "crashed", /status 7|database/],
    ["listening on another port", { "server.js": 'require("node:http").createServer((q, r) => r.end("x")).listen(4567, "0.0.0.0");' }, "wrong_port", /4567/],
    [
      "listening on loopback only",
      { "server.js": 'require("node:http").createServer((q, r) => r.end("x")).listen(process.env.PORT, "127.0.0.1");' },
      "listens_on_loopback",
      /127\.0\.0\.1/,
    ],
    [
      "answering 500 to the health check",
      { "server.js": 'require("node:http").createServer((q, r) => { r.statusCode = 500; r.end("x"); }).listen(process.env.PORT, "0.0.0.0");' },
      "unhealthy",
      /500/,
    ],
  ];

  test("six ways to break it: the old release answers all the while, and each reason is named", async () => {
    const { repository, deploy, url } = await newApp("bad", good);
    expect((await deploy()).status).toBe("succeeded");
    const load = startLoad(url, 20);
    for (const [name, files, code, words] of cases) {
      repository.commit({ ...good, ...files }, name);
      const run = await deploy();
      expect(run, name).toMatchObject({ status: "failed", liveAt: null });
      const { reason } = run;
      expect(`${reason?.what} ${reason?.why} ${reason?.fix} ${reason?.lastLines?.join(" ")}`, name).toMatch(words);
      if (!["build_failed"].includes(code)) expect(reason?.code, name).toBe(code);
      else expect(run.outcome, name).toBe("build_failed");
      expect(reason?.fix, name).toBeTruthy();
    }
    const { failures, bodies } = await load.stop();
    expect(failures).toEqual([]);
    expect([...bodies.keys()].every((body) => body.startsWith("good"))).toBe(true);
  });

  test("a late start (5 s) costs no request", async () => {
    const { repository, deploy, url } = await newApp("late", serverFiles("early"));
    await deploy();
    const load = startLoad(url, 30);
    repository.commit({
      "server.js": SERVER("late").replace("server.listen(", "setTimeout(() => server.listen(").replace('"0.0.0.0");', '"0.0.0.0"), 5000);'),
    });
    expect((await deploy()).status).toBe("succeeded");
    expect((await ask(url)).body).toContain("late");
    expect((await load.stop()).failures).toEqual([]);
  });

  test("a ref that does not exist is a failed deployment", async () => {
    const { deploy } = await newApp("norefs", serverFiles("x"));
    expect(await deploy({ branch: "nowhere" })).toMatchObject({ status: "failed", reason: { code: "ref_not_found" } });
    expect(await deploy({ commit: "deadbeef00" })).toMatchObject({ status: "failed" });
  });
});
