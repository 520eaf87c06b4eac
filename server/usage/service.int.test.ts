import { eq } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { apps, nodes, nodeUsage } from "../../db/schema";
import { toIso } from "../../db/schema/columns";
import { clusterNode } from "../../e2e/support/cluster-node";
import { openTestServices, type TestServices } from "../../e2e/support/test-services";
import { toCsv } from "../csv";
import { type ContainerSample, storeDisk, storeUsage } from "./store";
import { usageTable } from "./table";
import { floorTo, SECOND } from "./window";

let t: TestServices;
const MIB = 1024 ** 2;
const FROM = (minutesAgo: number) => floorTo(Date.now() * 1000, 60) - minutesAgo * 60 * SECOND;
let count = 0;
let node: string;

beforeAll(async () => {
  t = await openTestServices();
});
afterAll(() => t.close());
beforeEach(async () => {
  await t.worker.db.delete(nodes);
  await t.worker.db.delete(nodeUsage);
  node = `node-${count++}`;
  await t.worker.db.insert(nodes).values({ ...clusterNode(node), isOwn: true, seenAt: Date.now() * 1000 });
});

async function newShop({ resources = { memoryBytes: 512 * MIB, cpus: 1 }, isAdmin = false }: { resources?: object; isAdmin?: boolean } = {}) {
  const team = await t.newTeam(undefined, { isAdmin });
  await team.caller.projects.create({ name: "shop" });
  const create = async (name: string) => {
    const app = await team.caller.apps.create({ name, project: "shop", image: "example/app", resources });
    await t.worker.db.update(apps).set({ activeSlot: "a" }).where(eq(apps.id, app.id));
    return app.id;
  };
  return { ...team, web: await create("web"), job: await create("job") };
}

const container = (app: string, cores: number, memoryMib: number, bytes = 0): ContainerSample => ({
  app,
  container: crypto.randomUUID(),
  micros: 10 * SECOND,
  cpuMicros: cores * 10 * SECOND,
  memoryBytes: memoryMib * MIB,
  receivedBytes: bytes,
  sentBytes: bytes * 2,
  readBytes: 0,
  writtenBytes: 0,
});
/** Looks from `minutesAgo` on for `minutes`, six a minute. */
async function look(minutesAgo: number, minutes: number, containers: (slot: number) => ContainerSample[], nodeId = node) {
  const machine = { micros: 10 * SECOND, cpuMicros: 15 * SECOND, memoryBytes: 1000 * MIB, receivedBytes: 10, sentBytes: 20, readBytes: 30, writtenBytes: 40 };
  const batches = Array.from({ length: minutes * 6 }, (_, slot) => ({
    nodeId,
    at: FROM(minutesAgo) + slot * 10 * SECOND,
    node: { ...machine, cores: 4, memoryTotal: 4000 * MIB, diskUsed: 5, diskTotal: 10, load: 1 },
    containers: containers(slot),
  }));
  await storeUsage(t.worker.db, batches, Date.now() * 1000);
}
const window = (minutesAgo: number, minutes: number, step = 60) => ({ from: toIso(FROM(minutesAgo)), to: toIso(FROM(minutesAgo - minutes)), step });

test("an application's use is that of all its containers; where nobody looked nothing is said", async () => {
  const { caller, web } = await newShop();
  await look(30, 10, (slot) => [container(web, 0.1, 30, 100), container(web, slot === 20 ? 0.9 : 0.2, 31, 200)]);
  const report = await caller.usage.read({ app: web, ...window(35, 20) });
  expect(report).toMatchObject({ of: { kind: "app", name: "web" }, step: 60, unsampledNodes: 1 });
  expect(report.points).toHaveLength(20);
  const known = report.points.filter((point) => point.cpu !== null);
  expect(known).toHaveLength(10);
  expect(report.points.slice(0, 5).map((point) => point.memory)).toEqual([null, null, null, null, null]);
  expect(known[0]).toMatchObject({ memory: 61 * MIB, memoryMost: 61 * MIB, received: 30, sent: 60, containers: 2 });
  expect(known[0]?.cpu).toBeCloseTo(0.3, 9);
  expect(known[3]?.cpuMost).toBeCloseTo(1, 9);
  expect(report.total).toMatchObject({ received: 300 * 60, sent: 600 * 60, memoryMost: 61 * MIB });
  expect(report.total.cpu).toBeCloseTo((0.3 * 59 + 1) / 60, 9);
});

test("coarser points are made of the same samples: their mean over time is the same", async () => {
  const { caller, web } = await newShop();
  await look(170, 120, (slot) => (slot % 3 === 0 ? [] : [container(web, (slot % 7) / 10, slot % 11, slot)]));
  const asked = { app: web, from: toIso(floorTo(FROM(175), 3600)), to: toIso(floorTo(FROM(0), 3600)) };
  const reports = await Promise.all([10, 60, 300, 900, 3600].map((step) => caller.usage.read({ ...asked, step })));
  const [first] = reports;
  for (const report of reports) {
    expect(report.total.cpu).toBeCloseTo(first?.total.cpu ?? Number.NaN, 9);
    expect(report.total.memory).toBeCloseTo(first?.total.memory ?? Number.NaN, 3);
    expect([report.total.cpuMost, report.total.memoryMost, report.total.received]).toEqual([
      first?.total.cpuMost,
      first?.total.memoryMost,
      first?.total.received,
    ]);
  }
});

test("a project is the sum of its applications, on all machines together", async () => {
  const { caller, web, job } = await newShop();
  const second = `${node}-b`;
  await t.worker.db.insert(nodes).values({ ...clusterNode(second), seenAt: Date.now() * 1000 });
  await look(30, 10, () => [container(web, 0.5, 100), container(job, 0.25, 50)]);
  await look(30, 10, () => [container(web, 0.25, 20)], second);
  const of = async (input: object) => (await caller.usage.read({ ...input, ...window(30, 10) })).total;
  const [project, one, other, all] = [await of({ project: "shop" }), await of({ app: web }), await of({ app: job }), await of({})];
  expect(project.cpu).toBeCloseTo(1, 9);
  expect(one.cpu).toBeCloseTo(0.75, 9);
  expect(project.cpu).toBeCloseTo((one.cpu ?? 0) + (other.cpu ?? 0), 9);
  expect(project.memory).toBe(170 * MIB);
  expect(all).toEqual(project);
});

test("waste shows where enough was looked at: what is given, against the most that was used", async () => {
  const { caller, web, job } = await newShop({ resources: { memoryBytes: 512 * MIB, reservedMemoryBytes: 128 * MIB } });
  await look(90, 70, (slot) => [container(web, 0.1, slot === 100 ? 61 : 40), ...(slot < 60 ? [container(job, 0.1, 100)] : [])]);
  const { apps: sized } = await caller.usage.read({ project: "shop", ...window(90, 80) });
  expect(sized.map((one) => one.name)).toEqual(["web", "job"]);
  expect(sized[0]).toMatchObject({ n: 70, grain: 60, memory: { limit: 512 * MIB, reserved: 128 * MIB, most: 61 * MIB, mostOne: 61 * MIB, spare: 67 * MIB } });
  // it ran for ten minutes: what it may need in another hour is not known
  expect(sized[1]).toMatchObject({ n: 10, memory: { most: 100 * MIB, p95: null, spare: null } });
});

test("a machine is shown to who looks after the installation, with what others use of it", async () => {
  const admin = await newShop({ isAdmin: true });
  const other = await newShop();
  await look(30, 10, () => [container(admin.web, 0.5, 100), container(other.web, 0.25, 200)]);
  const report = await admin.caller.usage.read({ node, ...window(30, 10) });
  expect(report.node).toMatchObject({ cores: 4, memoryTotal: 4000 * MIB, diskUsed: 5, diskTotal: 10, load: 1, restMemory: 900 * MIB });
  expect(report.node?.restCpu).toBeCloseTo(1, 9);
  expect(report.total.cpu).toBeCloseTo(1.5, 9);
  expect(report.points[0]).toMatchObject({ received: 1, sent: 2, read: 3, written: 4, disk: 5, containers: null });
  expect(report.apps.map((one) => one.app)).toEqual([admin.web]);
  await expect(other.caller.usage.read({ node })).rejects.toThrow("Only an administrator of this installation");
});

test("a machine that nobody looks at is said to be one", async () => {
  const admin = await newShop({ isAdmin: true });
  await t.worker.db.insert(nodes).values({ ...clusterNode(`${node}-far`), seenAt: Date.now() * 1000 });
  await look(1, 1, () => []);
  expect(await admin.caller.usage.read({ project: "shop" })).toMatchObject({ unsampledNodes: 1, sampledAt: expect.any(String) });
  expect(await admin.caller.usage.read({ node: `${node}-far` })).toMatchObject({ unsampledNodes: 1, sampledAt: null, node: null, apps: [] });
});

test("another team's application, project and figures are not there", async () => {
  const mine = await newShop();
  const theirs = await newShop();
  await look(30, 10, () => [container(theirs.web, 1, 100)]);
  await expect(mine.caller.usage.read({ app: theirs.web })).rejects.toThrow("There is no application");
  const report = await mine.caller.usage.read(window(30, 10));
  expect(report.total).toMatchObject({ cpu: 0, memory: 0 });
  expect(report.apps.map((one) => one.app).sort()).toEqual([mine.web, mine.job].sort());
  await expect(mine.caller.usage.read({ app: mine.web, project: "shop" })).rejects.toThrow("given together");
});

test("disks are those of the hour, and what CSV holds is what was answered", async () => {
  const { caller, web } = await newShop();
  await look(30, 10, () => [container(web, 0.5, 100)]);
  await storeDisk(t.worker.db, node, FROM(30), [{ app: web, volumeBytes: 100, imageBytes: 20, writableBytes: 3 }]);
  const report = await caller.usage.read({ app: web, ...window(30, 10) });
  expect(report.points.every((point) => point.disk === 123)).toBe(true);
  expect(report.apps[0]?.disk).toMatchObject({ volumes: 100, images: 20, writable: 3 });
  const [head, first] = toCsv(usageTable(report, "points")).split("\r\n");
  expect(head).toBe("at,cpu_cores,cpu_most,memory_bytes,memory_most,received_per_s,sent_per_s,read_per_s,written_per_s,disk_bytes,containers");
  expect(first).toBe(`${toIso(FROM(30))},0.5,0.5,${100 * MIB},${100 * MIB},0,0,0,0,123,1`);
  const sized = usageTable(report, "apps");
  expect(sized.rows).toHaveLength(1);
  expect(sized.rows[0]).toHaveLength(sized.header.length);
});
