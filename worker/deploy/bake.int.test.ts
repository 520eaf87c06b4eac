import { eq } from "drizzle-orm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { apps, deployments, spans } from "../../db/schema";
import { openTestServices, type TestServices } from "../../e2e/support/test-services";
import type { WorkerContext } from "../context";
import { endDueBakes } from "./bake";

let t: TestServices;
beforeAll(async () => {
  t = await openTestServices();
});
afterAll(() => t.close());

/** A worker whose engine removes slots as it is told to; `busy` slots have a request in flight. */
function workerWith(given: { fails?: boolean; busy?: Set<string> } = {}) {
  const removed: string[] = [];
  const ports = {
    slots: {
      remove: async (name: string) => {
        if (given.fails) throw new Error("killed");
        removed.push(name);
      },
    },
    configs: { removeUnused: async () => 0 },
    edge: { inFlight: async ({ appId }: { appId: string }) => (given.busy?.has(appId) ? 1 : 0) },
  };
  return { worker: { services: t.worker, ports } as unknown as WorkerContext, removed };
}

/** A deployment into slot b whose bake is over. */
async function baked(drainS = 5) {
  const team = await t.newTeam();
  await team.caller.projects.create({ name: "shop" });
  const app = await team.caller.apps.create({ name: "api", project: "shop", git: "https://git.example.com/a.git", drainS });
  const { id } = await team.caller.deployments.create({ app: app.id });
  const now = t.worker.clock();
  await t.worker.db
    .update(deployments)
    .set({ status: "succeeded", slot: "b", finishedAt: now, bakeUntil: now - 1 })
    .where(eq(deployments.id, id));
  const [row] = await t.worker.db.update(apps).set({ activeSlot: "b" }).where(eq(apps.id, app.id)).returning();
  return { id, app: app.id, old: row?.slotA ?? "", team };
}
const bakeUntil = async (id: string) =>
  (await t.worker.db.select({ at: deployments.bakeUntil }).from(deployments).where(eq(deployments.id, id)))[0]?.at ?? null;
const lapse = (id: string) =>
  t.worker.db
    .update(deployments)
    .set({ bakeUntil: t.worker.clock() - 1 })
    .where(eq(deployments.id, id));

test("a worker that dies while it ends a bake leaves it to another, and it is recorded once", async () => {
  const { id, old } = await baked();
  await endDueBakes(workerWith({ fails: true }).worker);
  expect(await bakeUntil(id)).not.toBeNull();
  const other = workerWith();
  await endDueBakes(other.worker);
  expect(other.removed).toEqual([]);
  await lapse(id);
  await endDueBakes(other.worker);
  await endDueBakes(other.worker);
  expect(other.removed).toEqual([old]);
  expect(await bakeUntil(id)).toBeNull();
  expect(await t.worker.db.select().from(spans).where(eq(spans.subject, id))).toEqual(expect.arrayContaining([expect.objectContaining({ step: "bake" })]));
});

test("a slot that drains for long holds no other bake up", async () => {
  const [slow, quick] = [await baked(2), await baked()];
  const { worker, removed } = workerWith({ busy: new Set([slow.app]) });
  const done = endDueBakes(worker);
  await expect.poll(() => removed).toEqual([quick.old]);
  await done;
  expect(removed).toEqual([quick.old, slow.old]);
});

test("while another deployment runs the old slot is its own; when that one ends without a release, the bake ends", async () => {
  const { id, old, app, team } = await baked();
  const next = await team.caller.deployments.create({ app });
  await t.worker.db.update(deployments).set({ status: "running" }).where(eq(deployments.id, next.id));
  const { worker, removed } = workerWith();
  await endDueBakes(worker);
  expect(removed).toEqual([]);
  await t.worker.db.update(deployments).set({ status: "cancelled" }).where(eq(deployments.id, next.id));
  await endDueBakes(worker);
  expect(removed).toEqual([old]);
  expect(await bakeUntil(id)).toBeNull();
});
