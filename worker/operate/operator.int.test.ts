import { and, eq } from "drizzle-orm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { operations } from "../../db/schema";
import { openTestServices, type TestServices } from "../../e2e/support/test-services";
import { claim } from "./operator";

let t: TestServices;
beforeAll(async () => {
  t = await openTestServices();
});
afterAll(() => t.close());

test("a change of a route does not wait behind the deletions of a whole project", async () => {
  const team = await t.newTeam();
  const { teamId } = team.identity.team;
  await team.caller.projects.create({ name: "shop" });
  const apps = await Promise.all(
    Array.from({ length: 4 }, (_, n) => team.caller.apps.create({ name: `api-${n}`, project: "shop", git: "https://git.example.com/a.git" })),
  );
  await t.worker.db.delete(operations).where(eq(operations.teamId, teamId));
  const asked = (kind: "delete" | "route", n: number) => ({ teamId, appId: apps[n]?.id ?? "", kind, input: {}, actor: "admin", createdAt: t.worker.clock() });
  await t.worker.db.insert(operations).values([asked("delete", 0), asked("delete", 1), asked("delete", 2)]);
  await t.worker.db.insert(operations).values(asked("route", 3));

  const worker = { services: t.worker };
  const claimed = async (mayDelete: boolean) => {
    const row = await claim(worker, { mayDelete });
    return row && { kind: row.kind, app: row.appId, status: row.status, attempts: row.attempts };
  };
  expect(await claimed(false)).toEqual({ kind: "route", app: apps[3]?.id, status: "running", attempts: 1 });
  expect(await claimed(false)).toBeNull();
  for (const n of [0, 1, 2]) expect(await claimed(true)).toEqual({ kind: "delete", app: apps[n]?.id, status: "running", attempts: 1 });
  expect(await claimed(true)).toBeNull();
  const left = await t.worker.db
    .select()
    .from(operations)
    .where(and(eq(operations.teamId, teamId), eq(operations.status, "queued")));
  expect(left).toEqual([]);
});
