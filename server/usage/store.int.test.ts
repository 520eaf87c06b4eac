import { and, asc, eq } from "drizzle-orm";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { appDisk, apps, appUsage, nodeUsage } from "../../db/schema";
import { fromIso } from "../../db/schema/columns";
import { openTestServices, type TestServices } from "../../e2e/support/test-services";
import { type ContainerSample, forgetUsage, sampledSlot, storeDisk, storeUsage, type UsageBatch } from "./store";
import { DAY, floorTo, keptFrom, SECOND } from "./window";

let t: TestServices;
const MIB = 1024 ** 2;
const NOW = fromIso("2026-03-20T14:19:26Z");
const HOUR = floorTo(NOW, 3600);

beforeAll(async () => {
  t = await openTestServices();
});
afterAll(() => t.close());

const NODE = { cores: 4, memoryTotal: 4096 * MIB, diskUsed: 1, diskTotal: 2, load: 0.5 };
const used = (cpuMicros: number, memoryBytes: number, bytes = 0) => ({
  micros: 10 * SECOND,
  cpuMicros,
  memoryBytes,
  receivedBytes: bytes,
  sentBytes: bytes * 2,
  readBytes: bytes * 3,
  writtenBytes: bytes * 4,
});
const batch = (nodeId: string, at: number, containers: ContainerSample[]): UsageBatch => ({
  nodeId,
  at,
  node: { ...used(SECOND, 100 * MIB), ...NODE },
  containers,
});

async function newApp(name: string) {
  const team = await t.newTeam();
  await team.caller.projects.create({ name: "shop" });
  const app = await team.caller.apps.create({ name, project: "shop", image: "example/app" });
  return { ...team, app: app.id };
}
const rowsOf = (app: string, step: number) =>
  t.worker.db
    .select()
    .from(appUsage)
    .where(and(eq(appUsage.appId, app), eq(appUsage.step, step)))
    .orderBy(asc(appUsage.at), asc(appUsage.nodeId));

test("minutes and hours equal what the samples add up to, whatever their order, lateness and repetition", async () => {
  const { app } = await newApp("sums");
  const other = await newApp("other");
  const sample = fc.record({
    slot: fc.integer({ min: 0, max: 800 }),
    cpu: fc.integer({ min: 0, max: 40 * SECOND }),
    memory: fc.integer({ min: 0, max: 64 * 1024 ** 3 }),
    bytes: fc.integer({ min: 0, max: 1e9 }),
    containers: fc.integer({ min: 1, max: 3 }),
    group: fc.integer({ min: 0, max: 3 }),
  });
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(sample, { selector: (one) => one.slot, minLength: 1, maxLength: 40 }), async (samples) => {
      const nodeId = `random-${run++}`;
      const start = HOUR - 2 * 3600 * SECOND;
      const batches = samples.map(({ slot, cpu, memory, bytes, containers }) =>
        batch(nodeId, start + slot * 10 * SECOND, [
          ...Array.from({ length: containers }, (_, n) => ({ app, container: `c${n}`, ...used(cpu, memory + n, bytes) })),
          { app: other.app, container: "x", ...used(1, 1, 1) },
        ]),
      );
      // in as many deliveries as there are groups, the last one again
      for (const group of [3, 1, 0, 2])
        await storeUsage(
          t.worker.db,
          batches.filter((_, at) => samples[at]?.group === group),
          NOW,
        );
      await storeUsage(t.worker.db, batches, NOW);

      for (const step of [60, 3600]) {
        const expected = new Map<number, typeof samples>();
        for (const one of samples) {
          const at = floorTo(start + one.slot * 10 * SECOND, step);
          expected.set(at, [...(expected.get(at) ?? []), one]);
        }
        const found = (await rowsOf(app, step)).filter((row) => row.nodeId === nodeId);
        expect(found.map((row) => row.at)).toEqual([...expected.keys()].sort((a, b) => a - b));
        for (const row of found) {
          const own = expected.get(row.at) ?? [];
          const sum = (pick: (one: (typeof own)[number]) => number) => own.reduce((total, one) => total + pick(one), 0);
          const memoryOf = (one: (typeof own)[number]) => one.containers * one.memory + (one.containers * (one.containers - 1)) / 2;
          expect(row).toMatchObject({
            samples: own.length,
            micros: own.length * 10 * SECOND,
            cpuMicros: sum((one) => one.cpu * one.containers),
            memorySum: sum(memoryOf),
            memoryMost: Math.max(...own.map(memoryOf)),
            memoryMostOne: Math.max(...own.map((one) => one.memory + one.containers - 1)),
            cpuMost: Math.max(...own.map((one) => (one.cpu * one.containers) / (10 * SECOND))),
            containerSum: sum((one) => one.containers),
            receivedBytes: sum((one) => one.bytes * one.containers),
            writtenBytes: sum((one) => one.bytes * one.containers * 4),
          });
        }
        const machine = await t.worker.db
          .select()
          .from(nodeUsage)
          .where(and(eq(nodeUsage.nodeId, nodeId), eq(nodeUsage.step, step)));
        expect(machine.reduce((total, row) => total + row.samples, 0)).toBe(samples.length);
        expect(machine.reduce((total, row) => total + row.cpuMicros, 0)).toBe(samples.length * SECOND);
      }
    }),
    { numRuns: 12 },
  );
});

test("two workers that look at the same machine count once, and a minute that both write loses neither's looks", async () => {
  const { app, identity } = await newApp("twice");
  const at = HOUR;
  const container = { app, container: "c", ...used(2 * SECOND, 10 * MIB) };
  const teams = await Promise.all([0, 1, 2, 3].map((n) => storeUsage(t.worker.db, [batch("shared", at + (n % 2) * 10 * SECOND, [container])], NOW)));
  expect(teams).toEqual(Array.from({ length: 4 }, () => [identity.team.teamId]));
  expect(await rowsOf(app, 10)).toHaveLength(2);
  expect(await rowsOf(app, 60)).toMatchObject([{ samples: 2, cpuMicros: 4 * SECOND, containerSum: 2 }]);
  expect(await rowsOf(app, 3600)).toMatchObject([{ samples: 2, cpuMicros: 4 * SECOND }]);
});

test("looks at one machine by two workers at about the same time fall into the same ten seconds", () => {
  for (const late of [-4, 0, 0.02, 3, 4.9]) expect(sampledSlot(HOUR + late * SECOND)).toBe(HOUR - 10 * SECOND);
  expect(sampledSlot(HOUR + 5.1 * SECOND)).toBe(HOUR);
});

test("what nobody knows is left out, and what is older than is kept is neither stored nor counted", async () => {
  const { app } = await newApp("late");
  const old = keptFrom(10, NOW) - 10 * SECOND;
  expect(await storeUsage(t.worker.db, [batch("late", old, [{ app, container: "c", ...used(1, 1) }])], NOW)).toEqual([]);
  expect(await storeUsage(t.worker.db, [batch("late", HOUR, [{ app: crypto.randomUUID(), container: "c", ...used(1, 1) }])], NOW)).toEqual([]);
  expect(await rowsOf(app, 60)).toEqual([]);
});

test("what is too old goes by its step: ten seconds after 2 days, minutes after 15, hours after 400", async () => {
  const { app } = await newApp("old");
  const at = HOUR - DAY;
  await storeUsage(t.worker.db, [batch("aged", at, [{ app, container: "c", ...used(1, 1) }])], NOW);
  await storeDisk(t.worker.db, "aged", at, [{ app, volumeBytes: 5, imageBytes: 6, writableBytes: 7 }]);
  const left = async () => [(await rowsOf(app, 10)).length, (await rowsOf(app, 60)).length, (await rowsOf(app, 3600)).length];
  const forget = (days: number) => forgetUsage(t.worker.db, at + days * DAY + 3600 * SECOND);
  await forget(1.9);
  expect(await left()).toEqual([1, 1, 1]);
  await forget(2.1);
  expect(await left()).toEqual([0, 1, 1]);
  await forget(15.1);
  expect(await left()).toEqual([0, 0, 1]);
  await forget(400.1);
  expect(await left()).toEqual([0, 0, 0]);
  expect(await t.worker.db.select().from(appDisk).where(eq(appDisk.appId, app))).toEqual([]);
});

test("a measured disk is that of its hour; the last one counts", async () => {
  const { app } = await newApp("disk");
  for (const volumeBytes of [5, 8]) await storeDisk(t.worker.db, "n", NOW, [{ app, volumeBytes, imageBytes: 1, writableBytes: 0 }]);
  expect(await t.worker.db.select().from(appDisk).where(eq(appDisk.appId, app))).toMatchObject([{ at: HOUR, volumeBytes: 8 }]);
});

test("rows of use are seen by their team alone, also by who asks the tables themselves", async () => {
  const { app, ctx } = await newApp("own");
  const stranger = await t.newTeam();
  await storeUsage(t.worker.db, [batch("n", HOUR, [{ app, container: "c", ...used(1, 1) }])], NOW);
  await storeDisk(t.worker.db, "n", NOW, [{ app, volumeBytes: 1, imageBytes: 1, writableBytes: 0 }]);
  expect(await ctx.team.count(appUsage, eq(appUsage.appId, app))).toBe(3);
  expect(await stranger.ctx.team.count(appUsage)).toBe(0);
  const bare = (team: typeof ctx) => team.team.query((db) => db.select().from(appUsage).where(eq(appUsage.appId, app)));
  expect(await bare(ctx)).toHaveLength(3);
  expect(await bare(stranger.ctx)).toEqual([]);
  expect(await stranger.ctx.team.query((db) => db.select().from(appDisk))).toEqual([]);
  expect(await t.worker.db.select({ id: apps.id }).from(apps).where(eq(apps.id, app))).toHaveLength(1);
});
