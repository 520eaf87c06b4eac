import { and, asc, eq } from "drizzle-orm";
import postgres from "postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { appUsage } from "../../../db/schema";
import { fromIso } from "../../../db/schema/columns";
import { openTestServices, type TestServices } from "../../../e2e/support/test-services";
import { teamStream } from "../../../server/live/events";
import { createUsageStore } from "./collect";
import type { UsageSample } from "./sampler";

let t: TestServices;
const SECOND = 1_000_000;
const BEGUN = fromIso("2026-03-20T14:00:00.02Z");

beforeAll(async () => {
  t = await openTestServices();
});
afterAll(() => t.close());

const used = { micros: 10 * SECOND, cpuMicros: SECOND, memoryBytes: 100, receivedBytes: 1, sentBytes: 2, readBytes: 3, writtenBytes: 4 };
const sampleOf = (app: string): UsageSample => ({
  node: { ...used, cores: 2, memoryTotal: 1000, diskUsed: 1, diskTotal: 2, load: 0.1 },
  containers: [{ ...used, app, container: "c" }],
});

test("a look is stored as that of the ten seconds before, and told to those who may see it; one that cannot be stored waits", async () => {
  const owner = await t.newTeam();
  const admin = await t.newTeam(undefined, { isAdmin: true });
  const stranger = await t.newTeam();
  await owner.caller.projects.create({ name: "shop" });
  const { id: app } = await owner.caller.apps.create({ name: "web", project: "shop", image: "example/app" });
  const told = async (team: typeof owner) => {
    const entries = await t.worker.redis.xrange(teamStream(t.worker.env.DOKPLOY_HOME_ID, team.identity.team.teamId), "-", "+");
    return entries.filter(([, fields]) => fields.includes('{"type":"usage"}')).length;
  };
  const rows = () =>
    t.worker.db
      .select()
      .from(appUsage)
      .where(and(eq(appUsage.appId, app), eq(appUsage.step, 10)))
      .orderBy(asc(appUsage.at));

  let now = BEGUN;
  let node = "";
  const store = createUsageStore({ ...t.worker, clock: () => now }, () => node);
  const sampler = { sample: async () => sampleOf(app) };
  // a worker that does not know its node yet, and a first look, are nothing to store
  await store.take(sampler);
  node = "own";
  await store.take({ sample: async () => null });
  expect(await rows()).toEqual([]);

  now += 10 * SECOND;
  await store.take(sampler);
  expect(await rows()).toMatchObject([{ at: fromIso("2026-03-20T14:00:00Z"), nodeId: "own", cpuMost: 0.1 }]);
  await expect.poll(() => told(owner)).toBe(1);
  await expect.poll(() => told(admin)).toBe(1);

  const sql = postgres(t.adminUrl, { max: 1, onnotice: () => {} });
  try {
    await sql`alter table node_usage rename to node_usage_away`;
    for (const _ of [1, 2]) {
      now += 10 * SECOND;
      await expect(store.take(sampler)).rejects.toThrow();
    }
    await sql`alter table node_usage_away rename to node_usage`;
  } finally {
    await sql.end();
  }
  now += 10 * SECOND;
  await store.take(sampler);
  expect((await rows()).map((row) => (row.at - fromIso("2026-03-20T14:00:00Z")) / SECOND)).toEqual([0, 10, 20, 30]);
  expect(await told(stranger)).toBe(0);
});
