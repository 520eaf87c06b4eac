import { eq } from "drizzle-orm";
import { drizzle } from "drizzle-orm/postgres-js";
import { afterAll, beforeAll, expect, test } from "vitest";
import * as schema from "../../db/schema";
import { apps, commits, deployments, nodeUsage, releases, spans } from "../../db/schema";
import { openTestServices, type TestServices } from "../../e2e/support/test-services";
import { METRIC_KEYS } from "../metrics/constants";
import { refreshFacts } from "../metrics/keep-facts";
import { findScope } from "../metrics/load";
import { createCaller } from "../router";

let t: TestServices;
beforeAll(async () => {
  t = await openTestServices();
});
afterAll(() => t.close());

const MINUTE = 60_000_000;
const DAY = 1440 * MINUTE;
type Team = Awaited<ReturnType<typeof teamWith>>;
type App = Team["apps"][number];

/** A team with this many applications, and a caller whose statements are counted. */
async function teamWith(count: number) {
  const team = await t.newTeam();
  if (count > 0) await team.caller.projects.create({ name: "shop" });
  const made = await Promise.all(
    Array.from({ length: count }, (_, n) => team.caller.apps.create({ name: `app-${n}`, project: "shop", git: "https://git.example.com/a.git" })),
  );
  const statements: string[] = [];
  const db = drizzle(t.web.sql, { schema, logger: { logQuery: (query) => statements.push(query) } });
  const call = { services: { ...t.web, db }, address: "127.0.0.1", isSecure: false, setCookie: () => {} };
  return { ...team, apps: made, statements, counted: createCaller({ ...call, identity: team.identity }), call };
}

const run = (app: App, number: number, createdAt: number, more: Partial<typeof deployments.$inferInsert> = {}) => ({
  ...{ id: crypto.randomUUID(), appId: app.id, projectId: app.projectId, environmentId: app.environmentId, number, actor: "somebody" },
  ...{ kind: "code" as const, trigger: "api" as const, strategy: "blue-green" as const, status: "succeeded" as const, outcome: "succeeded" as const },
  ...{ createdAt, acceptedAt: createdAt, liveAt: createdAt + MINUTE, finishedAt: createdAt + MINUTE },
  ...{ commitSha: `${app.name}-${number}`, commits: [`${app.name}-${number}`], commitsKnown: true },
  ...more,
});
const UNDER_WAY = { status: "running" as const, outcome: null, liveAt: null, finishedAt: null, step: "build", startedAt: 1 };
const step = (subject: string, app: App, name: string, startedAt: number, seconds: number) => ({
  ...{ stream: "deployment", subject, appId: app.id, step: name, class: "va" as const, outcome: "ok" as const },
  ...{ startedAt, finishedAt: startedAt + seconds * 1_000_000, recordedAt: startedAt },
});

/** Each application has been live, and deploys now. */
async function deployAll({ ctx, apps: all }: Team): Promise<void> {
  const now = ctx.now();
  const past = all.map((app) => run(app, 1, now - DAY));
  await ctx.team.insertMany(deployments, [...past, ...all.map((app) => run(app, 2, now - MINUTE, UNDER_WAY))]);
  await ctx.team.insertMany(
    spans,
    past.flatMap((one, n) => [step(one.id, all[n] as App, "build", now - DAY, 30), step(one.id, all[n] as App, "verify", now - DAY + MINUTE / 2, 5)]),
  );
  await ctx.team.insertMany(
    commits,
    all.map((app) => ({ appId: app.id, sha: `${app.name}-1`, authoredAt: now - DAY - MINUTE * 60, merge: false })),
  );
}

/** A release of the application has the traffic, with so many of its replicas running. */
async function giveRelease({ ctx }: Team, app: App, runningReplicas: number, replicas = 1): Promise<void> {
  const at = ctx.now() - DAY;
  const release = await ctx.team.insert(releases, {
    ...{ appId: app.id, number: 1, deploymentId: crypto.randomUUID(), imageId: "sha256:0", config: "", createdAt: at, liveAt: at },
  });
  await ctx.team.update(apps, { releaseId: release?.id ?? null, runningReplicas, replicas }, eq(apps.id, app.id));
}

test("it asks as many statements for two hundred applications as for one, and no more for none", async () => {
  const [none, one, many] = [await teamWith(0), await teamWith(1), await teamWith(200)];
  for (const team of [one, many]) {
    await deployAll(team);
    // what follows from a change is written once for each application that changed, by the worker or by who asks first
    await refreshFacts(team.ctx, await findScope(team.ctx, {}));
  }
  for (const team of [none, one, many]) team.statements.length = 0;
  const empty = await none.counted.overview.read();
  expect(empty).toMatchObject({ apps: { total: 0, isSettled: false }, shipping: { running: 0, items: [] }, recent: [], faster: { deployments: 0 } });
  const answers = [await one.counted.overview.read(), await many.counted.overview.read()];
  expect(answers.map((answer) => [answer.apps.total, answer.shipping.running, answer.faster.now.deploymentFrequency.n])).toEqual([
    [1, 1, 1],
    [200, 200, 200],
  ]);
  expect(many.statements.length).toBe(one.statements.length);
  expect(none.statements.length).toBeLessThanOrEqual(one.statements.length);
  expect(one.statements.length).toBeLessThan(40);
});

test("the worst come first, two hundred are eight rows and a sum, and what was never meant to run here is apart", async () => {
  const team = await teamWith(12);
  const [first, second, third, stopped, imported, ...rest] = team.apps as [App, App, App, App, App, ...App[]];
  await giveRelease(team, first, 1);
  await giveRelease(team, second, 0);
  await giveRelease(team, third, 1, 2);
  await giveRelease(team, stopped, 0);
  await team.ctx.team.update(apps, { desired: "stopped" }, eq(apps.id, stopped.id));
  await team.ctx.team.update(apps, { imported: true }, eq(apps.id, imported.id));
  const { apps: answer } = await team.caller.overview.read();
  expect(answer.counts).toEqual({ healthy: 1, down: 1, degraded: 1, stopped: 1, never_deployed: rest.length });
  expect(answer).toMatchObject({ total: 11, imported: 1, isSettled: true });
  expect(answer.listed.map((app) => app.status)).toEqual(["down", "degraded", "healthy", ...Array.from({ length: 5 }, () => "never_deployed")]);
  expect(answer.listed[1]).toMatchObject({ name: third.name, runningReplicas: 1, replicas: 2, release: 1, project: "shop", environment: "production" });
});

test("what an application uses is of its own last minutes; one that did not run has none", async () => {
  const team = await teamWith(2);
  const [busy, idle] = team.apps as [App, App];
  const minute = Math.floor(team.ctx.now() / MINUTE) * MINUTE - MINUTE;
  const used = { samples: 6, micros: MINUTE, cpuMost: 1, memoryMost: 0, receivedBytes: 0, sentBytes: 0, readBytes: 0, writtenBytes: 0 };
  await t.worker.db
    .insert(nodeUsage)
    .values({ ...used, nodeId: "n", step: 60, at: minute, cpuMicros: 0, memorySum: 0, cores: 4, memoryTotal: 1, diskUsed: 1, diskTotal: 1, loadSum: 0 });
  await team.ctx.team.insertMany(schema.appUsage, [
    ...[minute, minute - 10 * MINUTE].map((at, n) => ({
      ...used,
      ...{ appId: busy.id, nodeId: "n", step: 60, at, cpuMicros: (n + 1) * 30_000_000, memorySum: 6 * 200 * 2 ** 20, containerSum: 6, memoryMostOne: 0 },
    })),
  ]);
  await team.caller.apps.update({ app: busy.id, settings: { resources: { memoryBytes: 2 ** 28 } } });
  const { listed } = (await team.caller.overview.read()).apps;
  expect(listed.find((app) => app.id === busy.id)).toMatchObject({ cpu: 0.5, memory: 200 * 2 ** 20, memoryLimit: 2 ** 28 });
  expect(listed.find((app) => app.id === idle.id)).toMatchObject({ cpu: null, memory: null, memoryLimit: null });
});

test("what ships: running before queued, the oldest first, each with the usual times of its own application", async () => {
  const team = await teamWith(6);
  await deployAll(team);
  const [a, b] = team.apps as [App, App];
  const now = team.ctx.now();
  await team.ctx.team.update(deployments, { createdAt: now - 10 * MINUTE }, eq(deployments.appId, b.id));
  await team.ctx.team.update(deployments, { status: "queued", step: null, createdAt: now - 20 * MINUTE }, eq(deployments.commitSha, `${a.name}-2`));
  const { shipping } = await team.caller.overview.read();
  expect(shipping).toMatchObject({ running: 5, queued: 1 });
  expect(shipping.items).toHaveLength(4);
  expect(shipping.items[0]).toMatchObject({ app: b.name, number: 2, status: "running", step: "build" });
  expect(new Set(shipping.items.map((item) => item.status))).toEqual(new Set(["running"]));
  for (const { usual, appId } of shipping.items) {
    const alone = await team.caller.deployments.usual({ app: appId });
    expect(usual.sort((x, y) => (x.step < y.step ? -1 : 1))).toEqual([
      { step: "build", seconds: 30 },
      { step: "verify", seconds: 5 },
    ]);
    expect(alone).toHaveLength(2);
  }
});

test("the figures are those of the metrics’ own address, and of now as soon as another deployment is live", async () => {
  const team = await teamWith(2);
  const [app, other] = team.apps as [App, App];
  const now = team.ctx.now();
  const past = Array.from({ length: 30 }, (_, n) => run(app, n + 1, now - (n + 1) * 1.7 * DAY, n % 7 === 2 ? { failed: true, failedReason: "verify" } : {}));
  await team.ctx.team.insertMany(deployments, past);
  await team.ctx.team.insertMany(
    commits,
    past.map((one) => ({ appId: app.id, sha: `${app.name}-${one.number}`, authoredAt: one.createdAt - 60 * MINUTE, merge: false })),
  );
  const agree = async () => {
    const { faster } = await team.caller.overview.read();
    const { from, to } = faster.window;
    const dora = await team.caller.metrics.dora({ from, to });
    for (const key of METRIC_KEYS) expect(faster.now[key], key).toEqual(dora[key]);
    const { from: fromBefore, to: toBefore } = faster.windowBefore;
    const before = await team.caller.metrics.dora({ from: fromBefore, to: toBefore });
    for (const key of METRIC_KEYS) expect(faster.before[key], `${key} before`).toEqual(before[key]);
    return faster;
  };
  const first = await agree();
  expect(first.now.leadTime.n).toBeGreaterThan(10);
  expect(first.now.changeFailRate.numerator).toBeGreaterThan(0);
  await team.ctx.team.insertMany(deployments, [run(other, 1, now - 2 * MINUTE)]);
  expect((await agree()).now.deploymentFrequency.n).toBe(first.now.deploymentFrequency.n + 1);
});

test("an own target holds at once", async () => {
  const team = await teamWith(1);
  expect((await team.caller.overview.read()).faster.targets.leadTime).toEqual({ value: 300, unit: "s" });
  await team.caller.targets.set({ metric: "leadTime", value: 120 });
  expect((await team.caller.overview.read()).faster.targets.leadTime).toEqual({ value: 120, unit: "s" });
});

test("another team sees nothing of it, and a token without the right is refused", async () => {
  const team = await teamWith(3);
  await deployAll(team);
  const stranger = await teamWith(1);
  const answer = JSON.stringify(await stranger.caller.overview.read());
  for (const app of team.apps) expect(answer).not.toContain(app.id);
  expect(JSON.parse(answer)).toMatchObject({ apps: { total: 1 }, shipping: { running: 0 }, recent: [], faster: { deployments: 0 } });
  const { actor } = team.identity;
  const blind = createCaller({ ...team.call, identity: { ...team.identity, actor: { ...actor, via: "token", scopes: [] } } });
  await expect(blind.overview.read()).rejects.toThrow("does not allow read access");
  const nobody = createCaller({ ...team.call, identity: null });
  await expect(nobody.overview.read()).rejects.toThrow("not signed in");
});
