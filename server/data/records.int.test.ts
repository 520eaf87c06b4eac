import { eq } from "drizzle-orm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { commits, people, spans } from "../../db/schema";
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
  await ctx.team.insertMany(commits, [{ ...commit("a"), appId: one }]);
  await ctx.team.insertRecords(commits, [
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
  await ctx.team.insertMany(spans, [span(one)]);
  await ctx.team.insertRecords(spans, [span(other)]);
  const [first] = await ctx.team.list(spans, { where: eq(spans.subject, one) });
  const [second] = await ctx.team.list(spans, { where: eq(spans.subject, other) });
  expect({ ...second, id: first?.id, subject: one }).toEqual(first);

  const person = (id: string) => ({ id, externalId: id, signedUpAt: AT, activeAt: [AT, AT + 7], recordedAt: AT });
  await ctx.team.insertRecords(people, [person(one), { ...person(other), activeAt: [] }]);
  expect(await ctx.team.list(people, { orderBy: people.activeAt })).toMatchObject([
    { id: other, activeAt: [] },
    { id: one, activeAt: [AT, AT + 7] },
  ]);

  // what is there stays, and none is nothing
  await ctx.team.insertRecords(people, [{ ...person(one), signedUpAt: 0 }]);
  await ctx.team.insertRecords(people, []);
  expect(await ctx.team.first(people, eq(people.id, one))).toMatchObject({ signedUpAt: AT });
});

test("a column that some rows leave out is refused where only PostgreSQL knows its default, and its plain default is taken else", async () => {
  const { ctx } = await t.newTeam();
  const appId = crypto.randomUUID();
  const commit = { appId, authoredAt: AT, merge: false };
  await ctx.team.insertRecords(commits, [
    { ...commit, sha: "a", author: "someone" },
    { ...commit, sha: "b" },
  ]);
  expect(await ctx.team.list(commits, { where: eq(commits.appId, appId), orderBy: commits.sha })).toMatchObject([
    { author: "someone", parents: [] },
    { author: "", parents: [] },
  ]);
  await expect(
    ctx.team.insertRecords(commits, [
      { ...commit, sha: "c", parents: ["a"] },
      { ...commit, sha: "d" },
    ]),
  ).rejects.toThrow("leave out parents");
});
