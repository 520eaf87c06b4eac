import { eq } from "drizzle-orm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { commits, people, spans, webhookDeliveries } from "../../db/schema";
import { openTestServices, type TestServices } from "../../e2e/support/test-services";

let t: TestServices;
beforeAll(async () => {
  t = await openTestServices();
});
afterAll(() => t.close());

const HOSTILE = `'); drop table "spans"; -- \\ " {a,b} \u00e4\u{1f600} \n\t`;
const AT = 1_770_000_000_123_456;

test("rows in one parameter are stored as rows in a value list are", async () => {
  const { ctx } = await t.newTeam();
  const commit = (sha: string) => ({ sha, message: HOSTILE, author: "", authoredAt: AT, pushedAt: null, merge: true, parents: [HOSTILE, "", "b"] });
  const [one, other] = [crypto.randomUUID(), crypto.randomUUID()];
  await ctx.team.insert(commits, { ...commit("a"), appId: one });
  await ctx.team.insertMany(commits, [
    { ...commit("a"), appId: other },
    { ...commit("b"), appId: other, pushedAt: AT + 1, parents: [] },
  ]);
  const read = (appId: string) => ctx.team.list(commits, { where: eq(commits.appId, appId), orderBy: commits.sha });
  const [listed, recorded] = [await read(one), await read(other)];
  expect(recorded).toMatchObject([
    { ...listed[0], appId: other },
    { sha: "b", pushedAt: AT + 1, parents: [] },
  ]);

  const span = (subject: string) => ({
    stream: "deployment",
    subject,
    step: HOSTILE,
    class: "va" as const,
    startedAt: AT,
    finishedAt: AT + 5,
    outcome: "ok" as const,
    recordedAt: AT,
    detail: { deep: [{ [HOSTILE]: null }] },
  });
  await ctx.team.insert(spans, span(one));
  await ctx.team.insertMany(spans, [span(other)]);
  const [first] = await ctx.team.list(spans, { where: eq(spans.subject, one) });
  const [second] = await ctx.team.list(spans, { where: eq(spans.subject, other) });
  expect({ ...second, id: first?.id, subject: one }).toEqual(first);

  const person = (id: string) => ({ id, externalId: id, signedUpAt: AT, activeAt: [AT, AT + 7], recordedAt: AT });
  await ctx.team.insertMany(people, [person(one), { ...person(other), activeAt: [] }]);
  expect(await ctx.team.list(people, { orderBy: people.activeAt })).toMatchObject([
    { id: other, activeAt: [] },
    { id: one, activeAt: [AT, AT + 7] },
  ]);

  const delivery = (deliveryKey: string) => ({
    appId: one,
    provider: "generic" as const,
    deliveryKey,
    body: Buffer.from([0, 255, 39, 92]),
    receivedAt: AT,
    status: 200,
    answer: {},
  });
  await ctx.team.insert(webhookDeliveries, delivery("a"));
  await ctx.team.insertMany(webhookDeliveries, [delivery("b"), { ...delivery("c"), body: null }]);
  expect((await ctx.team.list(webhookDeliveries, { orderBy: webhookDeliveries.deliveryKey })).map((row) => row.body)).toEqual([
    delivery("a").body,
    delivery("a").body,
    null,
  ]);

  // what is there stays and is not counted, and none is nothing
  expect(await ctx.team.insertMany(people, [{ ...person(one), signedUpAt: 0 }, person(crypto.randomUUID())])).toBe(1);
  expect(await ctx.team.insertMany(people, [])).toBe(0);
  expect(await ctx.team.first(people, eq(people.id, one))).toMatchObject({ signedUpAt: AT });
});

test("a column that some rows leave out is refused where only PostgreSQL knows its default, and its plain default is taken else", async () => {
  const { ctx } = await t.newTeam();
  const appId = crypto.randomUUID();
  const commit = { appId, authoredAt: AT, merge: false };
  await ctx.team.insertMany(commits, [
    { ...commit, sha: "a", author: "someone" },
    { ...commit, sha: "b" },
  ]);
  expect(await ctx.team.list(commits, { where: eq(commits.appId, appId), orderBy: commits.sha })).toMatchObject([
    { author: "someone", parents: [] },
    { author: "", parents: [] },
  ]);
  await expect(
    ctx.team.insertMany(commits, [
      { ...commit, sha: "c", parents: ["a"] },
      { ...commit, sha: "d" },
    ]),
  ).rejects.toThrow("leave out parents");
});
