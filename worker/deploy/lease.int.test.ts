import { eq } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { deployments, operations } from "../../db/schema";
import { openTestServices, type TestServices } from "../../e2e/support/test-services";
import { claimNext, giveUpLease, keepLease, LEASE_MS, takeOverNext, writeFenced } from "./lease";

let t: TestServices;
beforeAll(async () => {
  t = await openTestServices();
});
afterAll(() => t.close());

async function newApp() {
  const team = await t.newTeam();
  await team.caller.projects.create({ name: "shop" });
  const app = await team.caller.apps.create({ name: "api", project: "shop", git: "https://git.example.com/a.git" });
  return { ...team, app, deploy: (commit?: string) => team.caller.deployments.create({ app: app.id, commit }) };
}
const end = (id: string) => t.worker.db.update(deployments).set({ status: "succeeded" }).where(eq(deployments.id, id));

describe("claimNext", () => {
  test("two workers at once: one wins, and an application never has two running", async () => {
    const { deploy } = await newApp();
    await deploy("abcdef1");
    await deploy("abcdef2");
    const claimed = (await Promise.all([claimNext(t.worker, "one", true), claimNext(t.worker, "two", true), claimNext(t.worker, "three", true)])).filter(
      (row) => row !== null,
    );
    expect(claimed).toHaveLength(1);
    expect(await claimNext(t.worker, "one", true)).toBeNull();
    await end(claimed[0]?.id ?? "");
    const second = await claimNext(t.worker, "one", true);
    expect(second?.number).toBe(2);
    expect(second?.epoch).toBeGreaterThan(claimed[0]?.epoch ?? 0);
    await end(second?.id ?? "");
  });

  test("an operation that moves slots holds the application's deployments back, as long as its worker lives", async () => {
    const { app, ctx, deploy } = await newApp();
    const { id } = await deploy();
    const now = t.worker.clock();
    const row = { appId: app.id, actor: "a test", createdAt: now, startedAt: now, leaseUntil: now + 60_000_000, status: "running" as const };
    const restart = await ctx.team.insert(operations, { ...row, kind: "restart" });
    await ctx.team.insert(operations, { ...row, kind: "route" });
    expect(await claimNext(t.worker, "one", true)).toBeNull();
    await t.worker.db
      .update(operations)
      .set({ leaseUntil: now - 1 })
      .where(eq(operations.id, restart?.id ?? ""));
    expect((await claimNext(t.worker, "one", true))?.id).toBe(id);
    await end(id);
  });

  test("without a build slot only what builds nothing is taken", async () => {
    const { deploy } = await newApp();
    const { id } = await deploy();
    expect(await claimNext(t.worker, "one", false)).toBeNull();
    await t.worker.db.update(deployments).set({ kind: "rollback" }).where(eq(deployments.id, id));
    expect((await claimNext(t.worker, "one", false))?.id).toBe(id);
    await end(id);
  });
});

test("four workers at once take no more builds than all of them together may run; a rollback does not count", async () => {
  const made = [await newApp(), await newApp(), await newApp(), await newApp(), await newApp()];
  const ids: string[] = [];
  for (const { deploy } of made) ids.push((await deploy()).id);
  const claims = await Promise.all(["one", "two", "three", "four"].map((worker) => claimNext(t.worker, worker, true, 2)));
  const claimed = claims.filter((row) => row !== null);
  expect(claimed).toHaveLength(2);
  expect(await claimNext(t.worker, "five", true, 2)).toBeNull();
  // past its build it makes room
  await t.worker.db
    .update(deployments)
    .set({ step: "health" })
    .where(eq(deployments.id, claimed[0]?.id ?? ""));
  const third = await claimNext(t.worker, "five", true, 2);
  expect(third).not.toBeNull();
  const waiting = ids.filter((id) => ![...claimed, third].some((row) => row?.id === id));
  await t.worker.db
    .update(deployments)
    .set({ kind: "rollback" })
    .where(eq(deployments.id, waiting[0] ?? ""));
  expect((await claimNext(t.worker, "six", true, 2))?.id).toBe(waiting[0]);
  for (const id of ids) await end(id);
});

test("projects take turns: two that queue later do not wait for ten of another; within a project production goes first", async () => {
  const team = await t.newTeam();
  const queued: Record<string, string> = {};
  const add = async (project: string, app: string, environment: string) => {
    const created = await team.caller.apps.create({ name: app, project, environment, git: "https://git.example.com/a.git" });
    queued[(await team.caller.deployments.create({ app: created.id })).id] = `${project}/${app}`;
  };
  for (const project of ["busy", "quiet", "third"]) await team.caller.projects.create({ name: project });
  for (let n = 0; n < 10; n++) await add("busy", `a${n}`, "staging");
  await add("quiet", "b", "staging");
  await add("third", "c", "production");
  await add("busy", "prod", "production");
  const order: string[] = [];
  for (let row = await claimNext(t.worker, "one", true); row && order.length < 4; row = await claimNext(t.worker, "one", true))
    order.push(queued[row.id] ?? "");
  // nobody is busy at first: production, the oldest of it; then those with nothing running; then turns again
  expect(order).toEqual(["third/c", "busy/prod", "quiet/b", "busy/a0"]);
  await t.worker.db.update(deployments).set({ status: "succeeded" }).where(eq(deployments.teamId, team.ctx.team.id));
});

test("pushes and claims at once never wait for each other in a circle", async () => {
  const { deploy } = await newApp();
  const claims = (async () => {
    for (let n = 0; n < 40; n++) {
      const row = await claimNext(t.worker, "one", true);
      if (row) await end(row.id);
    }
  })();
  const pushes = await Promise.allSettled(Array.from({ length: 60 }, () => deploy()));
  await claims;
  expect(pushes.filter((push) => push.status === "rejected")).toEqual([]);
  for (let row = await claimNext(t.worker, "one", true); row; row = await claimNext(t.worker, "one", true)) await end(row.id);
});

describe("takeover", () => {
  test("a lapsed lease is taken over and fences the worker that slept", async () => {
    const { deploy } = await newApp();
    const { id } = await deploy();
    const slept = await claimNext(t.worker, "one", true);
    if (!slept) throw new Error("not claimed");
    expect(await takeOverNext(t.worker, "two", new Set())).toBeNull();
    await t.worker.db
      .update(deployments)
      .set({ leaseUntil: t.worker.clock() - 1 })
      .where(eq(deployments.id, id));
    const taken = await takeOverNext(t.worker, "two", new Set());
    expect(taken).toMatchObject({ id, attempt: 2, workerId: "two" });
    await expect(writeFenced(t.worker.db, slept, { status: "succeeded" })).rejects.toMatchObject({ code: "fenced" });
    await expect(writeFenced(t.worker.db, taken ?? slept, { logLines: 1 })).resolves.toMatchObject({ logLines: 1 });
    await end(id);
  });

  test("a lease that is given up is taken over at once, by whoever looks", async () => {
    const { deploy } = await newApp();
    const { id } = await deploy();
    const row = await claimNext(t.worker, "one", true);
    if (!row) throw new Error("not claimed");
    await giveUpLease(t.worker, { ...row, epoch: row.epoch - 1 });
    expect(await takeOverNext(t.worker, "two", new Set())).toBeNull();
    await giveUpLease(t.worker, row);
    expect((await takeOverNext(t.worker, "two", new Set()))?.id).toBe(id);
    await end(id);
  });

  test("who cannot renew the lease stops before anybody else may have it", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] });
    try {
      const away = Object.assign(new Error("no connection"), { code: "ECONNREFUSED" });
      const refusing = { update: () => ({ set: () => ({ where: () => ({ returning: () => Promise.reject(away) }) }) }) };
      const broken = { ...t.worker, db: refusing as unknown as typeof t.worker.db };
      const { deploy } = await newApp();
      const { id } = await deploy();
      const row = await claimNext(t.worker, "one", true);
      if (!row) throw new Error("not claimed");
      const lost = vi.fn();
      const lease = keepLease(broken, row, { cancelRequested: () => {}, lost });
      await vi.advanceTimersByTimeAsync(LEASE_MS - 2_500);
      expect(lost).not.toHaveBeenCalled();
      await vi.advanceTimersByTimeAsync(2_000);
      expect(lost).toHaveBeenCalled();
      lease.stop();
      await end(id);
    } finally {
      vi.useRealTimers();
    }
  });

  test("a restarted worker takes its predecessor's at once, and never one that it runs itself", async () => {
    const { deploy } = await newApp();
    const { id } = await deploy();
    await claimNext(t.worker, "one", true);
    expect(await takeOverNext(t.worker, "one", new Set([id]))).toBeNull();
    expect((await takeOverNext(t.worker, "one", new Set()))?.id).toBe(id);
    await end(id);
  });
});
