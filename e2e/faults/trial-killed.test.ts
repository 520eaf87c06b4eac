import { afterAll, beforeAll, expect, test } from "vitest";
import { engineRequest } from "../support/engine-api.mjs";
import { answerOf, eventually, type FaultApp, type Faults, openFaults } from "../support/faults";
import { SERVER } from "../support/git-repository";
import { ask, startLoad, untilEnded } from "../support/platform";
import { recordFact } from "../support/reliability";

let faults: Faults;
beforeAll(async () => {
  faults = await openFaults();
});
afterAll(() => faults.close());

type Operation = { id: string; kind: string; status: string; attempts: number };
const latest = async (app: FaultApp): Promise<Operation | undefined> => {
  const [row] = await faults.sql<Operation[]>`select id, kind, status, attempts from operations where app_id = ${app.id} order by created_at desc limit 1`;
  return row;
};
const LATE = SERVER("late").replace("server.listen(", "setTimeout(() => server.listen(").replace('"0.0.0.0");', '"0.0.0.0"), 4000);');
const TRIAL = { headers: { "x-trial": "yes" } };
const header = { name: "X-Trial", value: "yes" };
const onTrial = (app: FaultApp) => faults.platform.client.traffic.read.query({ app: app.id });

/** Release 2 answers `late`, and only 4 s after its start; release 3, which is live, answers `new`. */
async function threeReleases(name: string): Promise<FaultApp> {
  const app = await faults.app(name);
  for (const server of [LATE, SERVER("new")]) {
    app.repository.commit({ "server.js": server });
    expect((await untilEnded(faults.platform, await faults.deploy(app))).status).toBe("succeeded");
  }
  // the slot is free: the trial has to fill it
  expect(await faults.orphans()).toEqual([]);
  return app;
}

test("kill -9 while a trial is being started: taken over, the release gets its share, no request fails", async () => {
  const app = await threeReleases("trial-killed");
  const load = startLoad(app.url, 50);
  const begun = faults.platform.client.traffic.split.mutate({ app: app.id, release: 2, weight: 20, header }).catch((error: unknown) => error);
  const first = await eventually(async () => {
    const operation = await latest(app);
    return operation?.kind === "split" && operation.status === "running" ? operation : undefined;
  });
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const { at } = await faults.kill("worker");
  await eventually(async () => ((await latest(app))?.attempts ?? 0) > first.attempts || undefined);
  const toLeaseS = (Date.now() - at) / 1000;
  const ended = await eventually(async () => {
    const operation = await latest(app);
    return operation && ["succeeded", "failed"].includes(operation.status) ? operation : undefined;
  }, 60);
  const toEndS = (Date.now() - at) / 1000;
  await begun;
  for (let n = 0; n < 10; n++) expect((await ask(app.url, TRIAL)).body.trim()).toBe("late");
  const { sent, failures } = await load.stop();
  recordFact({ group: "kill -9 of the worker", case: "during the start of a trial", sent, failed: failures.length, toLeaseS, toEndS, end: ended.status });
  expect(ended.status).toBe("succeeded");
  expect(toLeaseS).toBeLessThan(15);
  expect(toEndS).toBeLessThan(15 + 30);
  expect(failures).toEqual([]);
  expect(await onTrial(app)).toMatchObject({ live: { release: 3, weight: 80 }, split: { release: 2, weight: 20, phase: "running" } });
  const [events] = await faults.sql<{ n: number }[]>`select count(*)::int as n from audit_events where target = ${app.id} and event = 'traffic.started'`;
  expect(events?.n).toBe(1);
  await faults.platform.client.traffic.end.mutate({ app: app.id });
  expect(await answerOf(app)).toBe("new");
  expect(await faults.orphans()).toEqual([]);
});

test("a trial outlives its worker, and comes back when the engine has lost its service", async () => {
  const app = await threeReleases("trial-kept");
  await faults.platform.client.traffic.split.mutate({ app: app.id, release: 1, header });
  const [row] = await faults.sql<{ name: string }[]>`select case active_slot when 'a' then slot_b else slot_a end as name from apps where id = ${app.id}`;
  const load = startLoad(app.url, 30);
  const gone = await engineRequest(faults.platform.up.dockerHost, "DELETE", `/services/${row?.name}`, { timeoutMs: 20_000 });
  expect(gone.status).toBeLessThan(300);
  await faults.kill("worker");
  await eventually(async () => ((await ask(app.url, TRIAL)).body.trim() === "before" ? true : undefined), 60, 200);
  const { failures } = await load.stop();
  expect(failures).toEqual([]);
  expect(await onTrial(app)).toMatchObject({ split: { release: 1, phase: "running" } });
  // killed while it ends: the slot is emptied by whoever comes next
  const ending = faults.platform.client.traffic.end.mutate({ app: app.id }).catch((error: unknown) => error);
  await eventually(async () => ((await latest(app))?.kind === "end-split" ? true : undefined));
  await faults.kill("worker");
  await ending;
  await eventually(async () => ((await onTrial(app)).split === null ? true : undefined), 60, 200);
  expect(await answerOf(app)).toBe("new");
  expect(await faults.orphans()).toEqual([]);
});
