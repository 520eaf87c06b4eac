import http from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "../../../deploy/up/ports.mjs";
import type { EdgeApp, ProbeAnswer, SlotSpec } from "../../../worker/ports";
import { openTestEngine, type TestEngine } from "../../support/engine-fixture";
import { eventually } from "../../support/eventually";

let engine: TestEngine;
let pages: http.Server;
let image = "";
let network = "";
const { signal } = new AbortController();

/** Answers which version it is and the headers that it got. */
const SERVER =
  "require('http').createServer((q,r)=>{if(q.url==='/hold')return void setTimeout(()=>r.end('held'),1500);if(q.url==='/503'){r.statusCode=503;return r.end('mine')}r.end(JSON.stringify({version:process.env.VERSION,headers:q.headers}))}).listen(+process.env.PORT||3000,process.env.ADDRESS)";

const spec = (slot: "a" | "b", version: string, more: Partial<SlotSpec> = {}): SlotSpec => ({
  name: `${engine.homeId}-${slot}`,
  image,
  network,
  labels: { "dokploy.app": "x" },
  env: { VERSION: version },
  replicas: 1,
  command: ["node", "-e", SERVER],
  stopGraceS: 2,
  limits: { memoryBytes: 128 * 1024 * 1024 },
  reservations: {},
  mounts: [],
  files: [],
  epoch: 1,
  ...more,
});
const app = (generation: string, weights: [number, number], more: Partial<EdgeApp> = {}): EdgeApp => ({
  appId: "x",
  generation,
  epoch: 1,
  routes: [{ host: "x.localhost", path: "/" }],
  slots: { a: { service: `${engine.homeId}-a`, port: 3000, weight: weights[0] }, b: { service: `${engine.homeId}-b`, port: 3000, weight: weights[1] } },
  split: null,
  unavailable: null,
  ...more,
});
const running = (slot: "a" | "b", replicas = 1) => engine.ports.slots.untilRunning({ name: `${engine.homeId}-${slot}`, replicas, timeoutMs: 30_000, signal });

/** The edge tells of nothing by events: it is asked. */
const until = <T>(question: () => Promise<T>, isRight: (answer: T) => boolean): Promise<T> =>
  eventually(
    async () => {
      const answer = await question();
      return isRight(answer) ? answer : undefined;
    },
    60,
    10,
  ) as Promise<T>;
const serving = (generation: string) =>
  until(
    () => engine.ports.edge.servedGeneration({ appId: "x", signal }),
    (served) => served === generation,
  );
const healthy = (slot: "a" | "b") =>
  until(
    () => engine.ports.edge.probe({ appId: "x", slot, path: "/", timeoutMs: 1000, signal }),
    (answer: ProbeAnswer) => answer.kind === "answer" && answer.status === 200,
  );
function get(port: number, path: string, headers: Record<string, string>): Promise<{ status: number; body: string; headers: http.IncomingHttpHeaders }> {
  return new Promise((resolve, reject) => {
    http
      .get({ host: "127.0.0.1", port, path, headers, agent: false }, (response) => {
        let body = "";
        response.on("data", (part) => {
          body += part;
        });
        response.on("end", () => resolve({ status: response.statusCode ?? 0, body, headers: response.headers }));
      })
      .on("error", reject);
  });
}
const visit = (path = "/") => get(engine.publicPort, path, { host: "x.localhost" });

beforeAll(async () => {
  const pagesPort = await freePort();
  pages = http.createServer((request, response) => {
    response.statusCode = Number(/\/edge-pages\/(\d+)/.exec(request.url ?? "")?.[1] ?? 500);
    response.end(`page ${request.url} for ${request.headers.host}`);
  });
  await new Promise<void>((resolve) => pages.listen(pagesPort, "0.0.0.0", resolve));
  engine = await openTestEngine({ needsEdge: true, pages: { url: `http://dokploy-host:${pagesPort}` } });
  network = `${engine.homeId}-net`;
  image = (await engine.ports.docker.getImage("node:20-slim").inspect()).Id;
  await engine.ports.edgeControl.reconcile();
  await engine.ports.network.ensure({ name: network, labels: { "dokploy.environment": "production" } });
}, 120_000);
afterAll(async () => {
  await engine.close();
  pages.close();
}, 60_000);

describe("an application behind the edge", () => {
  it("is probed, gets traffic, and hands it to the other slot without a failed request", async () => {
    const { slots, edge } = engine.ports;
    await slots.ensure(spec("a", "1"));
    await running("a");
    await edge.write(app("1.1", [0, 0]));
    await serving("1.1");
    await healthy("a");
    await edge.write(app("2.1", [1, 0]));
    await serving("2.1");
    expect(JSON.parse((await visit()).body)).toMatchObject({ version: "1" });

    await slots.ensure(spec("b", "2"));
    await running("b");
    await healthy("b");
    let isOver = false;
    const seen = new Set<string>();
    const failures: number[] = [];
    const load = Array.from({ length: 4 }, async () => {
      while (!isOver) {
        const { status, body } = await visit();
        if (status === 200) seen.add((JSON.parse(body) as { version: string }).version);
        else failures.push(status);
      }
    });
    await edge.write(app("3.1", [0, 1]));
    await serving("3.1");
    const after = await visit();
    isOver = true;
    await Promise.all(load);
    expect(JSON.parse(after.body)).toMatchObject({ version: "2" });
    expect(failures).toEqual([]);
    expect([...seen].sort()).toEqual(["1", "2"]);
  }, 60_000);

  it("never sees the secret, and probes show it its own host", async () => {
    const answers = await Promise.all([visit(), get(engine.publicPort, "/", { host: "x.localhost", "x-forwarded-for": "6.6.6.6" })]);
    for (const { body, headers } of answers) {
      expect(body).not.toContain("x-dokploy");
      expect(headers["x-dokploy-generation"]).toBeUndefined();
    }
    expect(answers[1]?.body).not.toContain("6.6.6.6");
  });

  it("keeps the internal entry point shut for those without the secret", async () => {
    const attempts: Record<string, string>[] = [{}, { "x-dokploy-slot": "x/a" }, { "x-dokploy-slot": "x/generation", "x-dokploy-probe": "wrong" }];
    for (const headers of attempts) {
      expect((await get(engine.probePort, "/", { host: "probe", ...headers })).status).toBe(404);
      expect((await get(engine.probePort, "/metrics", { host: "probe", ...headers })).status).toBe(404);
    }
  });

  it("counts what is in flight", async () => {
    const held = visit("/hold");
    await until(
      () => engine.ports.edge.inFlight({ appId: "x", slot: "b" }),
      (count) => count >= 1,
    );
    expect((await held).body).toBe("held");
    await until(
      () => engine.ports.edge.inFlight({ appId: "x", slot: "b" }),
      (count) => count === 0,
    );
    const { b } = await engine.ports.edge.traffic({ appId: "x", signal });
    expect(b.answers).toBeGreaterThan(0);
    expect(b.buckets.at(-1)?.[1]).toBe(b.answers);
  }, 20_000);

  it("loses nothing while the edge joins another network", async () => {
    const other = `${engine.homeId}-other`;
    const joining = engine.ports.network.ensure({ name: other, labels: {} });
    let isOver = false;
    const done = joining.finally(() => {
      isOver = true;
    });
    const statuses = new Set<number>();
    while (!isOver) statuses.add((await visit()).status);
    await done;
    expect([...statuses]).toEqual([200]);
    await engine.ports.network.ensure({ name: other, labels: {} });
    await engine.ports.network.remove(other);
    await engine.ports.network.remove(other);
  }, 60_000);

  it("joins a network that was removed a moment ago and is made anew", async () => {
    const name = `${engine.homeId}-again`;
    const joined = () => expect.poll(() => engine.ports.network.ensure({ name, labels: {} }), { timeout: 10_000 }).toBe(true);
    for (let n = 0; n < 5; n++) {
      await joined();
      await engine.ports.network.remove(name);
    }
    await joined();
    expect((await engine.ports.docker.getNetwork(name).inspect()) as object).toMatchObject({ Name: name, Driver: "overlay" });
    await engine.ports.network.remove(name);
  }, 60_000);

  it("shows the edge's pages for what is unknown, stopped or failing, and leaves an application's own 503 alone", async () => {
    expect(await get(engine.publicPort, "/deep?q", { host: "unknown.localhost" })).toMatchObject({
      status: 404,
      body: "page /edge-pages/404?q for unknown.localhost",
    });
    expect(await visit("/503")).toMatchObject({ status: 503, body: "mine" });
    await engine.ports.edge.write(app("4.1", [0, 1], { slots: { a: app("", [0, 0]).slots.a, b: { service: `${engine.homeId}-b`, port: 9, weight: 1 } } }));
    await serving("4.1");
    expect(await visit()).toMatchObject({ status: 502, body: "page /edge-pages/502 for x.localhost" });
    await engine.ports.edge.write(app("5.1", [0, 1], { unavailable: "stopped" }));
    await serving("5.1");
    expect(await visit()).toMatchObject({ status: 503, body: "page /edge-pages/503/stopped for x.localhost" });
    await engine.ports.edge.remove("x");
    await until(
      () => engine.ports.edge.servedGeneration({ appId: "x", signal }),
      (served) => served === null,
    );
    expect((await visit()).status).toBe(404);
  }, 60_000);

  it("is found again by an edge that was removed", async () => {
    await engine.ports.edge.write(app("6.1", [0, 1]));
    await engine.ports.docker.getContainer(`dokploy-edge-${engine.homeId}`).remove({ force: true });
    await engine.ports.edgeControl.reconcile();
    await serving("6.1");
    await healthy("b");
    expect((await visit()).status).toBe(200);
    expect((await engine.ports.edgeControl.reconcile()).replaced).toBe(false);
  }, 60_000);
});

describe("a slot", () => {
  it("is left alone when nothing changed, and scaled without a restart", async () => {
    const { slots, docker } = engine.ports;
    const index = async () => ((await docker.getService(`${engine.homeId}-b`).inspect()) as { Version: { Index: number } }).Version.Index;
    const before = await index();
    await slots.ensure(spec("b", "2"));
    expect(await index()).toBe(before);
    await slots.scale(`${engine.homeId}-b`, 2, 1);
    await running("b", 2);
    expect(await slots.state(`${engine.homeId}-b`)).toMatchObject({ replicas: 2, running: 2, epoch: 1, labels: { "dokploy.home": engine.homeId } });
    await slots.scale(`${engine.homeId}-b`, 0, 2);
    await slots.untilStopped({ name: `${engine.homeId}-b`, timeoutMs: 30_000, signal });
  }, 60_000);

  it("refuses the worker of an older epoch", async () => {
    await expect(engine.ports.slots.ensure(spec("b", "9"))).rejects.toMatchObject({ code: "fenced" });
    await expect(engine.ports.slots.scale(`${engine.homeId}-b`, 1, 1)).rejects.toMatchObject({ code: "fenced" });
  });

  it("tells where it listens", async () => {
    await engine.ports.slots.ensure(spec("b", "3", { epoch: 3, env: { PORT: "4000", ADDRESS: "127.0.0.1" } }));
    await running("b");
    expect(
      await until(
        () => engine.ports.slots.listeners(`${engine.homeId}-b`),
        (found) => found.length > 0,
      ),
    ).toEqual([{ address: "127.0.0.1", port: 4000 }]);
  }, 30_000);

  it.each([
    ["ends", { command: ["sh", "-c", "echo begin; echo why >&2; exit 3"] }, { kind: "exited", exitCode: 3, lastLines: expect.arrayContaining(["why"]) }],
    ["ends with 0", { command: ["true"] }, { kind: "exited", exitCode: 0 }],
    [
      "runs out of memory",
      { limits: { memoryBytes: 32 * 1024 * 1024 }, command: ["node", "-e", "const a=[];for(;;)a.push(Buffer.alloc(1e6,1))"] },
      { kind: "oom", exitCode: 137 },
    ],
    ["has no image", { image: `sha256:${"ab".repeat(32)}` }, { kind: "image" }],
    ["has no command", { command: ["no-such-command"] }, { kind: "exited" }],
  ] as const)(
    "says so when it %s",
    async (_, more, expected) => {
      const epoch = 10 + Number((await engine.ports.slots.state(`${engine.homeId}-b`))?.epoch ?? 0);
      await engine.ports.slots.ensure(spec("b", "f", { ...(more as Partial<SlotSpec>), epoch }));
      expect(await engine.ports.slots.firstFailure({ name: `${engine.homeId}-b`, signal })).toMatchObject(expected);
    },
    30_000,
  );

  it("says when no node has room", async () => {
    await engine.ports.slots.ensure(spec("b", "big", { epoch: 1000, reservations: { memoryBytes: 1e15 } }));
    await expect(running("b")).rejects.toMatchObject({ code: "no_capacity" });
  }, 30_000);

  it("is waited for until it is gone", async () => {
    for (const slot of ["a", "b"] as const) {
      await engine.ports.slots.remove(`${engine.homeId}-${slot}`, Number.MAX_SAFE_INTEGER);
      await engine.ports.slots.untilStopped({ name: `${engine.homeId}-${slot}`, timeoutMs: 30_000, signal });
      expect(await engine.ports.slots.state(`${engine.homeId}-${slot}`)).toBeNull();
    }
    await engine.ports.slots.remove(`${engine.homeId}-a`, Number.MAX_SAFE_INTEGER);
  }, 60_000);
});
