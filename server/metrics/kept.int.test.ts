import { eq } from "drizzle-orm";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { deployments, factChanges, incidents } from "../../db/schema";
import { toIso } from "../../db/schema/columns";
import { openTestServices, type TestServices } from "../../e2e/support/test-services";
import type { TeamContext } from "../context";
import { commitPlace } from "../imports/identity";
import { importLines } from "../imports/import";
import { localDates, readWindow } from "./calendar";
import { classify } from "./classify";
import { doraOf } from "./dora";
import type { Facts } from "./facts";
import { findScope, loadRuns } from "./load";
import { loadCommits, loadDeployments, loadIncidents } from "./load-history";
import { valueStreamMap } from "./map";
import { bare } from "./report";

let t: TestServices;
let team: Awaited<ReturnType<TestServices["newTeam"]>>;
beforeAll(async () => {
  t = await openTestServices();
  team = await t.newTeam();
});
afterAll(() => t.close());

const HOUR = 3_600_000_000;
const DAY = 24 * HOUR;
type Line = Record<string, unknown>;
const take = async (lines: Line[]) => {
  async function* text() {
    for (const line of lines) yield JSON.stringify(line);
  }
  const result = await importLines(team.ctx, text());
  expect(result.rejected).toEqual([]);
};

/** The same out of everything that is stored, by the pure functions. */
async function fromRows(ctx: TeamContext, question: { project: string; from: string; to: string; tz: string }) {
  const asOf = ctx.now();
  const window = readWindow(question, asOf);
  const scope = await findScope(ctx, question);
  const facts: Facts = await ctx.team.transaction(async (rows) => {
    const parts: Facts[] = [];
    for (const app of scope.apps) {
      const place = commitPlace(ctx.team.id, app.projectId, app.name);
      const all = await loadDeployments(rows, app.id);
      parts.push({
        deployments: all.flatMap((one) => (one.appId === app.id && one.createdAt <= asOf ? [{ ...one, appId: place }] : [])),
        commits: await loadCommits(rows, [place, app.id], place),
        incidents: await loadIncidents(rows, app.id),
      });
    }
    return {
      deployments: parts.flatMap((part) => part.deployments),
      commits: parts.flatMap((part) => part.commits),
      incidents: parts.flatMap((part) => part.incidents),
    };
  });
  const dora = doraOf(classify(facts, asOf), facts, window, asOf);
  const { runs, apart } = await loadRuns(ctx, scope, window, "deployment");
  const to = Math.max(window.from, Math.min(window.to, asOf));
  const map = valueStreamMap(runs, { from: window.from, to, days: localDates(window.from, to, window.tz).length }, null);
  return { dora: bare(dora), samples: dora, map: { ...map, n: runs.length, apart } };
}

/** What is under way in a window that has not ended differs from one moment to the next. */
const still = <T extends { total: object }>(map: T, to: string, asOf: string) =>
  to <= asOf ? map : { ...map, total: { ...map.total, wip: 0, littlesLaw: 0 } };

async function agree(question: { project: string; from: string; to: string; tz: string }): Promise<void> {
  const wanted = await fromRows(team.ctx, question);
  const { window, definition: _d, asOf: _a, ...dora } = await team.caller.metrics.dora(question);
  expect({ ...dora, days: window.days }).toEqual(wanted.dora);
  const withSamples = await team.caller.metrics.dora({ ...question, samples: true });
  for (const key of ["leadTime", "recoveryTime", "changeFailRate", "reworkRate", "successRate"] as const) {
    const { samples, ...figures } = withSamples[key];
    expect(figures).toEqual(wanted.dora[key]);
    const sorted = (list: typeof samples) => [...list].map((one) => JSON.stringify(one)).sort();
    expect(sorted(samples)).toEqual(sorted(wanted.samples[key].samples));
  }
  const { definition, asOf, stream, window: _w, replay: _r, before: _b, ...map } = await team.caller.metrics.map(question);
  expect(still(map, question.to, asOf)).toEqual(still(wanted.map, question.to, asOf));
}

const KINDS = ["code", "code", "code", "config", "rollback", "redeploy", "promote"] as const;
const OUTCOMES = ["succeeded", "succeeded", "succeeded", "build_failed", "cancelled", "superseded"] as const;
const STEPS = ["push", "webhook", "queue", "build", "health", "verify", "review", "bake"] as const;
/** What may happen to two applications over sixty days, the last of them not yet come. */
const past = fc.record({
  deployments: fc.array(
    fc.record({
      app: fc.nat(1),
      staging: fc.integer({ min: 0, max: 5 }),
      at: fc.integer({ min: -58 * 24, max: 48 }),
      kind: fc.constantFrom(...KINDS),
      outcome: fc.constantFrom(...OUTCOMES),
      live: fc.integer({ min: 0, max: 4 }),
      restores: fc.option(fc.nat(11), { freq: 4 }),
      remediates: fc.option(fc.nat(11), { freq: 4 }),
      failed: fc.option(fc.boolean(), { freq: 5 }),
      commit: fc.nat(9),
      set: fc.option(fc.uniqueArray(fc.nat(9), { maxLength: 4 }), { freq: 2 }),
      ends: fc.boolean(),
    }),
    { minLength: 3, maxLength: 12 },
  ),
  commits: fc.array(fc.record({ authored: fc.integer({ min: -70 * 24, max: 0 }), parents: fc.uniqueArray(fc.nat(9), { maxLength: 2 }) }), {
    maxLength: 10,
  }),
  incidents: fc.array(fc.record({ cause: fc.nat(11), verified: fc.option(fc.integer({ min: -50 * 24, max: 24 })), isFalse: fc.boolean() }), { maxLength: 3 }),
  spans: fc.array(
    fc.record({
      subject: fc.nat(11),
      step: fc.constantFrom(...STEPS),
      from: fc.integer({ min: 0, max: 5000 }),
      length: fc.integer({ min: 0, max: 3000 }),
      attempt: fc.integer({ min: 1, max: 2 }),
      outcome: fc.constantFrom("ok", "failed", "interrupted", "skipped"),
    }),
    { maxLength: 25 },
  ),
  order: fc.array(fc.nat(), { minLength: 50, maxLength: 50 }),
});
type Past = typeof past extends fc.Arbitrary<infer T> ? T : never;

function linesOf(project: string, events: Past, now: number): Line[] {
  const hour = (n: number) => toIso(now + n * HOUR);
  const id = (n: number) => `${project}-${n}`;
  const app = (n: number) => ({ project, app: `app-${n}` });
  const spanKeys = new Set<string>();
  return [
    ...events.commits.flatMap((one, n) =>
      [0, 1].map((a) => ({
        ...app(a),
        kind: "commit",
        sha: `c${n}`,
        authoredAt: hour(one.authored),
        parents: one.parents.filter((p) => p > n).map((p) => `c${p}`),
      })),
    ),
    ...events.deployments.map((one, n) => ({
      ...app(one.app),
      kind: "deployment",
      environment: one.staging === 0 ? "staging" : "production",
      id: id(n),
      deploymentKind: one.kind,
      outcome: one.outcome,
      commit: `c${one.commit}`,
      ...(one.set ? { commits: one.set.map((sha) => `c${sha}`) } : {}),
      createdAt: hour(one.at),
      ...(one.outcome === "succeeded" && one.live > 0 ? { liveAt: toIso(now + one.at * HOUR + 90_000_000 + n) } : {}),
      ...(one.ends ? { finishedAt: toIso(now + one.at * HOUR + 100_000_000 + n) } : {}),
      ...(one.restores === null ? {} : { restores: id(one.restores) }),
      ...(one.remediates === null ? {} : { remediates: id(one.remediates) }),
      ...(one.failed === null ? {} : { failed: one.failed, failedReason: "seen" }),
    })),
    ...events.incidents.map((one, n) => ({
      kind: "incident",
      project,
      id: `${project}-i${n}`,
      causedBy: id(one.cause),
      falsePositive: one.isFalse,
      ...(one.verified === null ? {} : { verifiedAt: hour(one.verified) }),
    })),
    ...events.spans.flatMap((one) => {
      const begin = now + (events.deployments[one.subject]?.at ?? 0) * HOUR + one.from * 10_000;
      const key = `${one.subject} ${one.step} ${one.attempt} ${begin}`;
      if (spanKeys.has(key)) return [];
      spanKeys.add(key);
      return [
        {
          kind: "span",
          subject: id(one.subject),
          step: one.step,
          attempt: one.attempt,
          outcome: one.outcome,
          startedAt: toIso(begin),
          finishedAt: toIso(begin + one.length * 10_000),
        },
      ];
    }),
  ];
}

describe("what is kept", () => {
  test("gives the figures and the map that all rows give, whatever comes in whichever order, and late", { timeout: 120_000 }, async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(past, async (events) => {
        const project = `past-${run++}`;
        const now = team.ctx.now();
        const lines = linesOf(project, events, now)
          .map((line, n) => ({ line, place: events.order[n % 50] ?? 0 }))
          .sort((a, b) => a.place - b.place)
          .map(({ line }) => line);
        const questions = [
          { project, from: toIso(now - 30 * DAY), to: toIso(now + 7), tz: "UTC" },
          { project, from: toIso(now - 57 * DAY + 5), to: toIso(now + 4 * DAY), tz: "Europe/Berlin" },
        ];
        const middle = Math.floor(lines.length / 2);
        // a place must be known before it can be asked about
        await take([{ kind: "deployment", project, app: "app-0", id: `${project}-first`, outcome: "cancelled" }, ...lines.slice(0, middle)]);
        for (const question of questions) await agree(question);
        await take(lines.slice(middle));
        for (const question of questions) await agree(question);
      }),
      { numRuns: 8, endOnFailure: true },
    );
  });

  test("follows a person's mark, an incident that ends, and what was dated in the future and has come", async () => {
    const project = "later";
    const now = team.ctx.now();
    const window = { project, from: toIso(now - DAY), to: toIso(now + DAY), tz: "UTC" };
    const one = (id: string, liveAt: number) => ({
      kind: "deployment",
      project,
      app: "web",
      id,
      outcome: "succeeded",
      commits: [],
      createdAt: toIso(now - 2 * HOUR),
      liveAt: toIso(liveAt),
    });
    await take([one("later-a", now - HOUR), one("later-b", now + 6_000_000)]);
    expect(await team.caller.metrics.dora(window)).toMatchObject({ deploymentFrequency: { n: 1 }, changeFailRate: { numerator: 0, denominator: 1 } });
    const [first] = (await team.ctx.team.list(deployments)).filter((row) => row.externalId === "later-a");
    await take([{ kind: "incident", project, id: "later-i", causedBy: "later-a", startedAt: toIso(now - HOUR) }]);
    expect(await team.caller.metrics.dora(window)).toMatchObject({ changeFailRate: { numerator: 1 }, recoveryTime: { open: 1, n: 0 } });
    await team.ctx.team.query((db, own) =>
      db
        .update(incidents)
        .set({ verifiedAt: now - HOUR / 2 })
        .where(own(incidents)),
    );
    expect(await team.caller.metrics.dora(window)).toMatchObject({ recoveryTime: { open: 0, n: 1 } });
    await team.caller.deployments.mark({ deployment: first?.id ?? "", failed: false, reason: "It was the network." });
    expect(await team.caller.metrics.dora(window)).toMatchObject({ changeFailRate: { numerator: 0 } });
    await expect.poll(async () => (await team.caller.metrics.dora(window)).deploymentFrequency.n, { timeout: 20_000 }).toBe(2);
    await agree(window);
  });

  test("is computed anew from one note, and asks for nothing while nothing has changed", async () => {
    const project = "anew";
    const now = team.ctx.now();
    const window = { project, from: toIso(now - 20 * DAY), to: toIso(now), tz: "UTC" };
    const begun = now - HOUR;
    await take(
      Array.from({ length: 9 }, (_, n) => ({
        kind: "deployment",
        project,
        app: "web",
        id: `anew-${n}`,
        outcome: "succeeded",
        createdAt: toIso(begun - n * DAY),
        liveAt: toIso(begun - n * DAY + HOUR / 2),
        finishedAt: toIso(begun - n * DAY + HOUR),
      })),
    );
    await agree(window);
    const [app] = (await findScope(team.ctx, { project })).apps;
    expect(await team.ctx.team.count(factChanges, eq(factChanges.place, app?.id ?? ""))).toBe(0);
    const { deploymentFacts, runFacts, runWeeks } = await import("../../db/schema");
    await team.ctx.team.transaction(async (rows) => {
      for (const table of [deploymentFacts, runFacts, runWeeks]) await rows.query((db, own) => db.delete(table).where(own(table)));
      await rows.insertMany(factChanges, [{ place: app?.id ?? "" }]);
    });
    await agree(window);
  });
});
