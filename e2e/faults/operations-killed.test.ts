import { mkdirSync, readdirSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { engineRequest } from "../support/engine-api.mjs";
import { answerOf, eventually, type FaultApp, type Faults, openFaults } from "../support/faults";
import { SERVER } from "../support/git-repository";
import { ask, startLoad, untilEnded } from "../support/platform";
import { recordFact } from "../support/reliability";
import { openStartSwitch } from "../support/start-switch";

let faults: Faults;
beforeAll(async () => {
  faults = await openFaults();
});
afterAll(() => faults.close());

type Operation = { id: string; status: string; attempts: number; leased: boolean };
const latest = async (app: FaultApp): Promise<Operation | undefined> => {
  const [row] = await faults.sql<Operation[]>`
    select id, status, attempts, lease_until > now() as leased from operations where app_id = ${app.id} order by created_at desc limit 1`;
  return row;
};
const LATE = SERVER("late").replace("server.listen(", "setTimeout(() => server.listen(").replace('"0.0.0.0");', '"0.0.0.0"), 4000);');

/** Begins an operation, kills the worker in the middle of it, and waits for its end. */
async function killDuring(app: FaultApp, name: string, begin: () => Promise<unknown>) {
  const load = startLoad(app.url, 50);
  const begun = begin().catch((error: unknown) => error);
  const first = await eventually(async () => {
    const operation = await latest(app);
    return operation?.status === "running" ? operation : undefined;
  });
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const { at } = await faults.kill("worker");
  await eventually(async () => {
    const operation = await latest(app);
    return operation && (operation.attempts > first.attempts || operation.status === "succeeded") ? true : undefined;
  });
  const toLeaseS = (Date.now() - at) / 1000;
  const ended = await eventually(async () => {
    const operation = await latest(app);
    return operation && ["succeeded", "failed"].includes(operation.status) ? operation : undefined;
  }, 60);
  const toEndS = (Date.now() - at) / 1000;
  await begun;
  const { sent, failures } = await load.stop();
  recordFact({ group: "kill -9 of the worker", case: `during a ${name}`, sent, failed: failures.length, toLeaseS, toEndS, end: ended.status });
  return { ended, failures, toLeaseS, toEndS };
}

test("kill -9 during a restart: taken over, one slot runs, no request fails", async () => {
  const app = await faults.app("restarted");
  app.repository.commit({ "server.js": LATE });
  expect((await untilEnded(faults.platform, await faults.deploy(app))).status).toBe("succeeded");
  await eventually(async () => ((await faults.orphans()).length === 0 ? true : undefined));
  const { ended, failures, toLeaseS, toEndS } = await killDuring(app, "restart", () => faults.platform.client.apps.restart.mutate({ app: app.id }));
  expect(ended.status).toBe("succeeded");
  expect(toLeaseS).toBeLessThan(15);
  expect(toEndS).toBeLessThan(15 + 30);
  expect(failures).toEqual([]);
  expect(await answerOf(app)).toBe("late");
  expect(await faults.orphans()).toEqual([]);
});

test("kill -9 during a start, a stop, a scale and a delete: each is taken over and ends as it was asked for", async () => {
  const { client } = faults.platform;
  // slow to begin and slow to end, so that all four are under way
  const slow = LATE.replace("server.close(() => process.exit(0))", "setTimeout(() => process.exit(0), 2500)");
  const names = ["started", "stopped", "scaled", "deleted"] as const;
  const made = await Promise.all(
    names.map(async (name) => {
      const app = await faults.app(name);
      app.repository.commit({ "server.js": slow });
      expect((await untilEnded(faults.platform, await faults.deploy(app))).status).toBe("succeeded");
      return app;
    }),
  );
  const [started, stopped, scaled, deleted] = made as [FaultApp, FaultApp, FaultApp, FaultApp];
  await client.apps.stop.mutate({ app: started.id });
  await eventually(async () => ((await faults.orphans()).length === 0 ? true : undefined));
  const load = startLoad(scaled.url, 25);
  const begun = Promise.allSettled([
    client.apps.start.mutate({ app: started.id }),
    client.apps.stop.mutate({ app: stopped.id }),
    client.apps.scale.mutate({ app: scaled.id, replicas: 3 }),
    client.apps.delete.mutate({ app: deleted.id }),
  ]);
  const states = () => Promise.all(made.map(latest));
  await eventually(async () => ((await states()).some((one) => one?.status === "running") ? true : undefined));
  await new Promise((resolve) => setTimeout(resolve, 600));
  const { at } = await faults.kill("worker");
  const ended = await eventually(async () => {
    const now = await states();
    return now.every((one) => one && ["succeeded", "failed"].includes(one.status)) ? now : undefined;
  }, 90);
  const toEndS = (Date.now() - at) / 1000;
  await begun;
  const { sent, failures } = await load.stop();
  const end = names.map((name, index) => `${name}: ${ended[index]?.status}`).join(", ");
  recordFact({
    group: "kill -9 of the worker",
    case: "during a start, a stop, a scale and a delete",
    sent,
    failed: failures.length,
    toLeaseS: null,
    toEndS,
    end,
  });
  expect(ended.map((one) => one?.status)).toEqual(Array(4).fill("succeeded"));
  expect(failures).toEqual([]);
  expect(await answerOf(started)).toBe("late");
  expect((await ask(stopped.url)).status).toBe(503);
  expect(await client.apps.read.query({ app: stopped.id })).toMatchObject({ status: "stopped" });
  expect(await client.apps.read.query({ app: scaled.id })).toMatchObject({ status: "healthy", replicas: 3 });
  await expect(client.apps.read.query({ app: deleted.id })).rejects.toThrow(/no application/);
  expect((await ask(deleted.url)).status).toBe(404);
  expect(await faults.orphans()).toEqual([]);
});

test("a restart that never becomes healthy leaves the running slot alone, and no second one", async () => {
  const app = await faults.app("spoiled", { health: { timeoutS: 3 } });
  const start = await openStartSwitch();
  try {
    app.repository.commit({ "server.js": start.server("before") });
    expect((await untilEnded(faults.platform, await faults.deploy(app))).status).toBe("succeeded");
    start.turnOff();
    await expect(faults.platform.client.apps.restart.mutate({ app: app.id })).rejects.toThrow(/Nothing (answered|listens)/);
    expect(await answerOf(app)).toBe("before");
    expect(await faults.orphans()).toEqual([]);
  } finally {
    await start.close();
  }
});

test("what nobody needs is removed when a worker starts: a slot, a command, a network, a work tree, an index", async () => {
  const { dockerHost } = faults.platform.up;
  const owner = { "dokploy.home": faults.homeId };
  const post = async (place: string, body: unknown) => {
    const answer = await engineRequest(dockerHost, "POST", place, { body, timeoutMs: 20_000 });
    expect(answer.status, answer.text).toBeLessThan(300);
  };
  const name = `left-${faults.project}`;
  await post("/services/create", {
    Name: name,
    Labels: { ...owner, "dokploy.slot": "a" },
    Mode: { Replicated: { Replicas: 0 } },
    TaskTemplate: { ContainerSpec: { Image: "busybox" } },
  });
  await post(`/containers/create?name=${name}`, {
    Image: "node:20-slim",
    Cmd: ["sleep", "600"],
    Labels: { ...owner, "dokploy.one-off": "dokploy-release-gone-1" },
  });
  await post("/networks/create", { Name: name, Driver: "overlay", Attachable: true, Labels: { ...owner, "dokploy.network": "environment" } });
  // an image of ours that no release has
  const app = await faults.app("imaged");
  const [task] = await faults.sql<{ image: string }[]>`select image_id as image from releases where app_id = ${app.id}`;
  await post(`/images/${task?.image}/tag?repo=${name}&tag=kept`, {});
  await faults.platform.client.apps.delete.mutate({ app: app.id });
  await post(`/images/${name}:kept/tag?repo=dokploy/${app.id}&tag=${crypto.randomUUID()}`, {});
  mkdirSync(path.join(faults.home, "work", `${crypto.randomUUID()}-7`), { recursive: true });
  const mirrors = path.join(faults.home, "mirrors");
  const [mirror = ""] = readdirSync(mirrors);
  mkdirSync(path.join(mirrors, mirror, "index-2147483647-x"));
  await faults.kill("worker");
  expect(await faults.orphans()).toEqual([]);
});

test("a release that failed and is slow to end does not answer the gate of the next one", async () => {
  const app = await faults.app("ghost", { stopGraceS: 8, releaseCommand: null });
  // it ignores SIGTERM for its whole grace
  const stubborn = SERVER("ghost").replace("server.close(() => process.exit(0))", "{}");
  app.repository.commit({ "server.js": stubborn });
  const id = await faults.deploy(app);
  await faults.reaches(id, "health");
  await faults.platform.client.deployments.cancel.mutate({ deployment: id });
  const cancelled = await untilEnded(faults.platform, id);
  const load = startLoad(app.url, 50);
  app.repository.commit({ "server.js": LATE });
  const run = await untilEnded(faults.platform, await faults.deploy(app));
  const { sent, failures } = await load.stop();
  recordFact({
    group: "bad releases",
    case: "still ending when the next one comes",
    sent,
    failed: failures.length,
    toLeaseS: null,
    toEndS: null,
    end: run.status,
  });
  expect(["cancelled", "succeeded"]).toContain(cancelled.status);
  expect(run.status).toBe("succeeded");
  expect(failures).toEqual([]);
  expect(await answerOf(app)).toBe("late");
  expect(await faults.orphans()).toEqual([]);
});
