import { eq, sql } from "drizzle-orm";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { refuseMightyRole } from "../../db/row-security";
import { apps, deployments, projects, spans } from "../../db/schema";
import { openTestServices, type TestServices } from "../../e2e/support/test-services";
import { recordSpans } from "../streams/record";

let t: TestServices;
beforeAll(async () => {
  t = await openTestServices();
});
afterAll(() => t.close());

async function twoTeams() {
  const [mine, theirs] = [await t.newTeam(), await t.newTeam()];
  const project = await mine.caller.projects.create({ name: "shop" });
  const app = await mine.caller.apps.create({ name: "api", project: "shop", image: "busybox:latest" });
  return { mine, theirs, project, app };
}

describe("another team", () => {
  test("finds nothing by id or by name, whichever procedure it asks", async () => {
    const { theirs, project, app } = await twoTeams();
    const { caller } = theirs;
    const attempts = [
      () => caller.projects.read({ project: project.id }),
      () => caller.projects.delete({ project: project.id }),
      () => caller.apps.read({ app: app.id }),
      () => caller.apps.read({ app: "shop/api" }),
      () => caller.apps.update({ app: app.id, settings: { port: 1 } }),
      () => caller.apps.delete({ app: app.id }),
      () => caller.apps.stop({ app: app.id }),
      () => caller.apps.variables({ app: app.id }),
      () => caller.apps.changeVariables({ app: app.id, set: [{ key: "A", value: "1" }] }),
      () => caller.apps.rotateWebhook({ app: app.id }),
      () => caller.deployments.create({ app: app.id }),
      () => caller.deployments.list({ app: app.id }),
      () => caller.deployments.rollback({ app: app.id }),
      () => caller.domains.add({ app: app.id, host: "x.example.com" }),
      () => caller.logs.app({ app: app.id }),
      () => caller.webhooks.deliveries({ app: app.id }),
    ];
    for (const attempt of attempts) await expect(attempt()).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect((await caller.apps.list()).items).toEqual([]);
    expect((await caller.domains.list()).items).toEqual([]);
  });

  test("may use the same names", async () => {
    const { theirs } = await twoTeams();
    await expect(theirs.caller.projects.create({ name: "shop" })).resolves.toMatchObject({ name: "shop" });
  });
});

describe("the second lock", () => {
  test("without a team the web role sees no row, whatever it asks", async () => {
    await twoTeams();
    expect(await t.web.db.select().from(projects)).toEqual([]);
    expect(await t.web.db.select().from(apps)).toEqual([]);
  });

  test("with a team set, a query that forgot its filter still sees that team's rows only", async () => {
    const { mine, theirs } = await twoTeams();
    await theirs.caller.projects.create({ name: "other" });
    const names = await mine.ctx.team.query(async (db) => (await db.select().from(projects)).map((row) => row.teamId));
    expect(new Set(names)).toEqual(new Set([mine.ctx.team.id]));
  });

  test("a row cannot be moved into or written for another team", async () => {
    const { mine, theirs, project } = await twoTeams();
    await expect(mine.ctx.team.query((db) => db.update(projects).set({ teamId: theirs.ctx.team.id }).where(eq(projects.id, project.id)))).rejects.toThrow();
    await expect(mine.ctx.team.query((db) => db.insert(projects).values({ teamId: theirs.ctx.team.id, name: "planted", createdAt: 0 }))).rejects.toThrow();
  });

  test("each table of a team has row-level security in force", async () => {
    const rows = await t.web.db.execute<{ name: string }>(sql`
      select c.relname as name from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'team_id'
      where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and not (c.relrowsecurity and c.relforcerowsecurity)`);
    expect([...rows]).toEqual([]);
  });

  test("a process refuses to start with a role that may step around it", async () => {
    const admin = postgres(t.adminUrl, { max: 1 });
    await expect(refuseMightyRole(admin)).rejects.toThrow(/bypass|owns/);
    await admin.end();
    await expect(refuseMightyRole(t.web.sql)).resolves.toBeUndefined();
  });
});

test("the ledger takes new rows and refuses every change, also by the owner", async () => {
  const { mine, app } = await twoTeams();
  const subject = { id: crypto.randomUUID(), projectId: app.projectId, environmentId: app.environmentId, appId: app.id };
  await mine.ctx.team.transaction((rows) => recordSpans(rows, subject, 1, [{ step: "build", startedAt: 1, finishedAt: 5, outcome: "ok" }]));
  expect(await mine.ctx.team.list(spans, { where: eq(spans.subject, subject.id) })).toHaveLength(1);
  const admin = postgres(t.adminUrl, { max: 1 });
  await expect(admin`update spans set step = 'other'`).rejects.toThrow(/append-only/);
  await expect(admin`delete from spans`).rejects.toThrow(/append-only/);
  await expect(admin`truncate spans`).rejects.toThrow(/append-only/);
  await admin.end();
  await expect(mine.ctx.team.query((db) => db.delete(spans))).rejects.toThrow();
  expect(await mine.ctx.team.count(deployments)).toBe(0);
});
