import { eq } from "drizzle-orm";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { apps, deployments } from "../../db/schema";
import { openTestServices, type TestServices } from "../../e2e/support/test-services";
import { type DeploymentEvent, statusAfter } from "../../server/deployments/machine";
import type { DeploymentStatus } from "../../server/deployments/schema";
import { cancelDeployment } from "../../server/deployments/service";
import type { DeploymentRow } from "../../server/deployments/view";
import { claimNext, takeOverNext, writeFenced } from "./lease";

let t: TestServices;
beforeAll(async () => {
  t = await openTestServices();
});
afterAll(() => t.close());

type Step = { kind: "push" | "commit" | "claim" | "lapse" | "cancel" | "succeed" | "fail" | "stop" | "late"; pick: number };
const steps = fc.array(
  fc.record({ kind: fc.constantFrom<Step["kind"]>("push", "commit", "claim", "lapse", "cancel", "succeed", "fail", "stop", "late"), pick: fc.nat(1000) }),
  { minLength: 5, maxLength: 30 },
);

/** One application in the database beside the table's idea of it. */
async function openModel() {
  const team = await t.newTeam();
  await team.caller.projects.create({ name: "shop" });
  const app = await team.caller.apps.create({ name: "api", project: "shop", git: "https://git.example.com/a.git" });
  const model = new Map<string, { status: DeploymentStatus; moving: boolean }>();
  const held: DeploymentRow[] = [];
  let pushes = 0;
  const happens = (id: string, event: DeploymentEvent) => {
    const one = model.get(id);
    if (one) one.status = statusAfter(one.status, event);
  };
  const end = async (row: DeploymentRow | undefined, status: DeploymentStatus, event: DeploymentEvent) => {
    if (!row) return;
    const written = await writeFenced(t.worker.db, row, { status, outcome: "cancelled", leaseUntil: null, finishedAt: t.worker.clock() }).then(
      () => true,
      () => false,
    );
    // only who holds it now may end it
    expect(written).toBe(held.at(-1) === row && model.get(row.id)?.status === "running");
    if (written) happens(row.id, event);
  };
  const create = async (commit: boolean) => {
    const waiting = [...model].filter(([, one]) => one.status === "queued" && one.moving && !commit);
    const { id } = await team.caller.deployments.create({ app: app.id, ...(commit ? { commit: (++pushes).toString(16).padStart(40, "a") } : {}) });
    for (const [old] of waiting) happens(old, "overtake");
    model.set(id, { status: "queued", moving: !commit });
  };
  const acts: Record<Step["kind"], (pick: number) => Promise<void>> = {
    push: () => create(false),
    commit: () => create(true),
    claim: async () => {
      const busy = [...model.values()].some((one) => one.status === "running");
      const row = await claimNext(t.worker, "one", true);
      expect(row === null).toBe(busy || ![...model.values()].some((one) => one.status === "queued"));
      if (!row) return;
      held.push(row);
      happens(row.id, "claim");
    },
    lapse: async () => {
      await t.worker.db
        .update(deployments)
        .set({ leaseUntil: t.worker.clock() - 1_000_000 })
        .where(eq(deployments.status, "running"));
      const row = await takeOverNext(t.worker, "two", new Set());
      if (!row) return;
      expect(row.epoch).toBeGreaterThan(held.at(-1)?.epoch ?? 0);
      held.push(row);
      happens(row.id, "takeOver");
    },
    cancel: async (pick) => {
      const id = [...model.keys()][pick % Math.max(1, model.size)];
      if (!id) return;
      await cancelDeployment(team.ctx, id).catch(() => undefined);
      happens(id, "cancel");
    },
    succeed: () => end(held.at(-1), "succeeded", "succeed"),
    fail: () => end(held.at(-1), "failed", "fail"),
    stop: () => end(held.at(-1), "cancelled", "stop"),
    // a worker that slept since an earlier lease
    late: (pick) => end(held[pick % Math.max(1, held.length)], "succeeded", "succeed"),
  };
  return {
    act: ({ kind, pick }: Step) => acts[kind](pick),
    async agrees() {
      const rows = await t.worker.db.select({ id: deployments.id, status: deployments.status }).from(deployments).where(eq(deployments.appId, app.id));
      expect(Object.fromEntries(rows.map((row) => [row.id, row.status]))).toEqual(Object.fromEntries([...model].map(([id, one]) => [id, one.status])));
      expect(rows.filter((row) => row.status === "running").length).toBeLessThanOrEqual(1);
    },
    /** The next run finds nothing of this one to claim. */
    async close() {
      await t.worker.db.update(deployments).set({ status: "cancelled" }).where(eq(deployments.appId, app.id));
      await t.worker.db.update(apps).set({ deletedAt: t.worker.clock() }).where(eq(apps.id, app.id));
    },
  };
}

test("the database never leaves the table of statuses, whatever happens in whatever order", async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (list) => {
      const model = await openModel();
      try {
        for (const step of list) {
          await model.act(step);
          await model.agrees();
        }
      } finally {
        await model.close();
      }
    }),
    { numRuns: 25 },
  );
});
