import { drizzle } from "drizzle-orm/postgres-js";
import { afterAll, beforeAll, expect, test } from "vitest";
import { listing } from "../../app/lib/listing.server";
import * as schema from "../../db/schema";
import { deployments, spans } from "../../db/schema";
import { openTestServices, type TestServices } from "../../e2e/support/test-services";
import { createCaller } from "../router";

let t: TestServices;
beforeAll(async () => {
  t = await openTestServices();
});
afterAll(() => t.close());

/** A team with this many applications of three deployments each, and a caller whose statements are counted. */
async function teamWith(count: number) {
  const team = await t.newTeam();
  const project = await team.caller.projects.create({ name: "shop" });
  const apps = await Promise.all(
    Array.from({ length: count }, (_, n) => team.caller.apps.create({ name: `app-${n}`, project: "shop", git: "https://git.example.com/a.git" })),
  );
  for (const app of apps) await team.ctx.team.insertMany(deployments, [run(app, 2, 20), run(app, 3, 30), run(app, 1, 10)]);
  const statements: string[] = [];
  const db = drizzle(t.web.sql, { schema, logger: { logQuery: (query) => statements.push(query) } });
  const caller = createCaller({ services: { ...t.web, db }, identity: team.identity, address: "127.0.0.1", isSecure: false, setCookie: () => {} });
  return { ...team, project, apps, statements, counted: caller };
}

const run = (app: { id: string; projectId: string; environmentId: string }, number: number, createdAt: number) => ({
  appId: app.id,
  projectId: app.projectId,
  environmentId: app.environmentId,
  number,
  kind: "code" as const,
  trigger: "api" as const,
  strategy: "blue-green" as const,
  status: "succeeded" as const,
  actor: "somebody",
  createdAt,
  acceptedAt: createdAt,
  finishedAt: createdAt + 5,
});

test("the list asks as many statements for fifty applications as for one", async () => {
  const one = await teamWith(1);
  const fifty = await teamWith(50);
  expect((await listing(one.counted))[0]?.apps).toHaveLength(1);
  expect((await listing(fifty.counted))[0]?.apps.map((app) => app.last?.number)).toEqual(Array.from({ length: 50 }, () => 3));
  expect(fifty.statements.length).toBe(one.statements.length);
  expect(one.statements.length).toBeLessThan(20);
});

test("each application has its newest deployment with its own steps, and none of another team or project", async () => {
  const one = await teamWith(2);
  const other = await teamWith(1);
  const [app] = one.apps;
  if (!app) throw new Error("no application");
  const last = (await one.caller.deployments.list({ app: app.id, limit: 1 })).items[0];
  await one.ctx.team.insert(spans, {
    stream: "deployment",
    subject: last?.id ?? "",
    step: "build",
    startedAt: 30,
    finishedAt: 35,
    class: "va",
    outcome: "ok",
    recordedAt: 35,
  });
  await one.caller.projects.create({ name: "empty" });
  const [empty, shop] = await listing(one.counted);
  expect(empty?.apps).toEqual([]);
  expect(shop?.apps.find((listed) => listed.id === app.id)?.last).toMatchObject({ id: last?.id, number: 3, drawn: [{ look: "va", from: 0 }] });
  expect(await listing(one.counted, "empty")).toEqual([empty]);
  expect(JSON.stringify(await listing(other.counted))).not.toContain(app.id);
});
