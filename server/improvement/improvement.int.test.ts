import { eq } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { auditEvents } from "../../db/schema";
import golden from "../../e2e/support/golden-cases.json";
import { GOLDEN_WINDOW, incidentTimeLines, rollbackLines } from "../../e2e/support/golden-events";
import { openTestServices, type TestServices } from "../../e2e/support/test-services";
import { twoPeriodLines } from "../../e2e/support/two-periods";
import { importLines } from "../imports/import";

let t: TestServices;
let team: Awaited<ReturnType<TestServices["newTeam"]>>;
beforeAll(async () => {
  t = await openTestServices();
  team = await t.newTeam();
  async function* text() {
    for (const line of [...twoPeriodLines("months"), ...rollbackLines("back"), ...incidentTimeLines("incidents")]) yield JSON.stringify(line);
    for (const [step, from, to] of [
      ["idea", "10:00", "11:00"],
      ["design", "11:00", "14:00"],
    ])
      yield JSON.stringify({
        kind: "span",
        stream: "feature",
        subject: "f1",
        step,
        class: "va",
        startedAt: `2026-03-02T${from}:00Z`,
        finishedAt: `2026-03-02T${to}:00Z`,
      });
    yield JSON.stringify({ kind: "person", id: "p1", signedUpAt: "2026-03-01T00:00:00Z", firstLiveAt: "2026-03-01T00:20:00Z" });
  }
  expect(await importLines(team.ctx, text())).toMatchObject({ rejected: [] });
});
afterAll(() => t.close());
const audited = async (event: string) => (await team.ctx.team.list(auditEvents, { where: eq(auditEvents.event, event) })).length;
const row = async (metric: string, input: object = {}) => {
  const { items } = await team.caller.targets.list({ ...GOLDEN_WINDOW, ...input });
  return items.find((one) => one.key === metric);
};

describe("targets", () => {
  test("where nobody set one the seeds’ holds; the closest that was set wins; taken back, what is above holds again", async () => {
    expect(await row("changeFailRate", { project: "months" })).toMatchObject({ target: 0.1, level: "usual", n: 24, isMet: true, gap: 0 });
    await team.caller.targets.set({ metric: "changeFailRate", value: 0.05 });
    await team.caller.targets.set({ metric: "changeFailRate", project: "months", value: 0.02 });
    await team.caller.targets.set({ metric: "changeFailRate", app: "months/shop-api", value: 0.01 });
    expect(await row("changeFailRate", { project: "back" })).toMatchObject({ target: 0.05, level: "team" });
    expect(await row("changeFailRate", { app: "months/shop-api" })).toMatchObject({ target: 0.01, level: "app" });
    const own = await row("changeFailRate", { project: "months" });
    expect(own).toMatchObject({ target: 0.02, level: "project", isMet: false });
    expect(own?.gap).toBeCloseTo(2 / 24 - 0.02, 9);
    await team.caller.targets.set({ metric: "changeFailRate", project: "months", value: 0.09 });
    expect(await row("changeFailRate", { project: "months" })).toMatchObject({ target: 0.09, isMet: true });
    await team.caller.targets.clear({ metric: "changeFailRate", project: "months" });
    expect(await row("changeFailRate", { project: "months" })).toMatchObject({ target: 0.05, level: "team" });
    await expect(team.caller.targets.clear({ metric: "changeFailRate", project: "months" })).rejects.toThrow("No target");
    expect([await audited("target.set"), await audited("target.cleared")]).toEqual([4, 1]);
  });

  test("every metric of the seeds has a row: with its figure, or with why there is none", async () => {
    const { items } = await team.caller.targets.list(GOLDEN_WINDOW);
    for (const one of items) expect((one.current === null) === (one.missing !== null), one.key).toBe(true);
    expect(items.find((one) => one.key === "falsePositiveRate")?.current).toBeCloseTo(golden.incident_times.expect.fpr, 6);
    expect(items.find((one) => one.key === "timeToResolve")).toMatchObject({ current: null, missing: "n too small: 2" });
  });

  test("a share above 1, an unknown project and another team’s are refused", async () => {
    await expect(team.caller.targets.set({ metric: "successRate", value: 95 })).rejects.toThrow("a share: at most 1");
    await expect(team.caller.targets.set({ metric: "successRate", project: "nowhere", value: 0.9 })).rejects.toThrow("nowhere");
    const other = await t.newTeam();
    await expect(other.caller.targets.set({ metric: "successRate", project: "months", value: 0.9 })).rejects.toThrow("months");
    expect((await other.caller.targets.list()).items.find((one) => one.key === "changeFailRate")).toMatchObject({ target: 0.1, level: "usual" });
  });
});

describe("experiments", () => {
  const wish = {
    hypothesis: "Two build slots halve the lead time",
    change: "a second build slot",
    metric: "leadTime" as const,
    project: "months",
    startsOn: "2026-03-01",
    endsOn: "2026-03-31",
  };
  test("before and after of equal length, tested, in plain words", async () => {
    const outcome = await team.caller.outcomes.create({
      title: "Ship within a day",
      metric: "leadTime",
      project: "months",
      target: 86_400,
      dueOn: "2026-12-31",
    });
    const made = await team.caller.experiments.create({ ...wish, outcome: outcome.id });
    const result = await team.caller.experiments.read({ experiment: made.id });
    expect(result).toMatchObject({ state: "ended", verdict: { state: "better" }, outcome: { title: "Ship within a day" } });
    expect(result.verdict.said).toMatch(/^Change lead time is better, and it is unlikely to be chance.*Mann–Whitney/);
    if (!result.detail) throw new Error("the experiment has nothing to compare");
    const days = ({ from, to }: { from: string; to: string }) => (Date.parse(to) - Date.parse(from)) / 86_400_000;
    expect(days(result.detail.window)).toBe(days(result.detail.windowBefore));
    const failing = await team.caller.experiments.create({ ...wish, metric: "changeFailRate" });
    expect((await team.caller.experiments.read({ experiment: failing.id })).verdict.state).toBe("noise");
    expect((await team.caller.outcomes.list()).items[0]?.experiments.map((one) => one.id)).toEqual([made.id]);
    await team.caller.experiments.conclude({ experiment: made.id, conclusion: "Keep it." });
    expect((await team.caller.experiments.list()).items.find((one) => one.id === made.id)?.conclusion).toBe("Keep it.");
    expect([await audited("experiment.created"), await audited("experiment.concluded"), await audited("outcome.created")]).toEqual([2, 1, 1]);
  });

  test("too little is said to be too little", async () => {
    const made = await team.caller.experiments.create({ ...wish, project: "back" });
    const { verdict } = await team.caller.experiments.read({ experiment: made.id });
    expect(verdict).toMatchObject({ state: "too_small", said: expect.stringMatching(/^Not enough data: 0 before and 0 since, and 20 are needed/) });
    await team.caller.experiments.remove({ experiment: made.id });
    await expect(team.caller.experiments.read({ experiment: made.id })).rejects.toThrow("no such experiment");
  });

  test("what looks at a project that was deleted says so, and the others are still listed", async () => {
    await team.caller.projects.create({ name: "short-lived" });
    const gone = { ...wish, project: "short-lived" };
    const made = await team.caller.experiments.create(gone);
    await team.caller.outcomes.create({ title: "Of something short-lived", metric: "leadTime", project: "short-lived", target: 60, dueOn: "2026-12-31" });
    await team.caller.projects.delete({ project: "short-lived" });
    expect(await team.caller.experiments.read({ experiment: made.id })).toMatchObject({ project: "(deleted)", detail: null, verdict: { state: "waiting" } });
    expect((await team.caller.experiments.list()).items.length).toBeGreaterThan(1);
    expect((await team.caller.experiments.list({ limit: 1 })).nextCursor).toBe("1");
    expect((await team.caller.outcomes.list()).items.find((one) => one.project === "(deleted)")).toMatchObject({ current: null, n: 0 });
    await expect(team.caller.experiments.create({ ...wish, environment: "nowhere" })).rejects.toThrow("nowhere");
  });

  test("dates that make no period, a metric that is none and another team’s experiment are refused", async () => {
    await expect(team.caller.experiments.create({ ...wish, endsOn: "2026-02-28" })).rejects.toThrow("ends before it begins");
    await expect(team.caller.experiments.create({ ...wish, startsOn: "2026-02-30" })).rejects.toThrow();
    await expect(team.caller.experiments.create({ ...wish, tz: "Mars/Olympus" })).rejects.toThrow("no time zone");
    const other = await t.newTeam();
    const { items } = await team.caller.experiments.list();
    await expect(other.caller.experiments.read({ experiment: items[0]?.id ?? "" })).rejects.toThrow("no such experiment");
    expect((await other.caller.experiments.list()).items).toEqual([]);
  });
});

describe("other streams", () => {
  test("the golden incidents through the database, and their map", async () => {
    const { expect: wanted } = golden.incident_times;
    const result = await team.caller.metrics.incidents({ project: "incidents", ...GOLDEN_WINDOW, samples: true });
    expect(result.timeToAcknowledge.samples.map(({ value }) => value)).toEqual([wanted.tta.p50]);
    expect(result.timeToResolve.samples.map(({ value }) => value).sort((a, b) => a - b)).toEqual([360, 2160]);
    expect(result.falsePositiveRate.value).toBeCloseTo(wanted.fpr, 6);
    const map = await team.caller.metrics.map({ stream: "incident", project: "incidents", ...GOLDEN_WINDOW });
    expect(map).toMatchObject({ definition: "incident/1", n: 2, total: { leadTime: 2520 } });
    expect(map.steps.find((step) => step.key === "acknowledge")).toMatchObject({ title: "Acknowledge", waitTime: 240, n: 1 });
  });

  test("spans of any stream make a map, within the window by their end", async () => {
    const map = await team.caller.metrics.map({ stream: "feature", ...GOLDEN_WINDOW });
    expect(map.steps.map(({ key, leadTime }) => [key, leadTime])).toEqual([
      ["idea", 3600],
      ["design", 10_800],
    ]);
    expect((await team.caller.metrics.map({ stream: "feature", from: "2026-03-03", to: "2026-04-01" })).n).toBe(0);
    expect((await (await t.newTeam()).caller.metrics.map({ stream: "feature", ...GOLDEN_WINDOW })).n).toBe(0);
  });

  test("people of an import and the team’s own members", async () => {
    const imported = await team.caller.metrics.onboarding({ source: "imported", samples: true });
    expect(imported.timeToFirstDeployment).toMatchObject({ median: 1200, n: 1, censored: 0 });
    expect(imported.activation).toMatchObject({ numerator: 1, denominator: 1 });
    const members = await team.caller.metrics.onboarding({ source: "members" });
    expect(members.funnel[0]).toMatchObject({ n: 1 });
    expect((await team.caller.metrics.onboarding()).funnel[0]).toMatchObject({ n: 2 });
  });
});

describe("the map", () => {
  test("the runs behind a box add up to it; the period before stands beside", async () => {
    const query = { stream: "incident", project: "incidents", ...GOLDEN_WINDOW };
    const map = await team.caller.metrics.map({ ...query, withBefore: true });
    expect(map.before).toMatchObject({ n: 0, total: { leadTime: 0 } });
    for (const step of map.steps) {
      const { items, total } = await team.caller.metrics.mapRows({ ...query, step: step.key });
      expect(total, step.key).toBe(step.n);
      expect(items.reduce((sum, row) => sum + row.lead, 0)).toBeCloseTo(step.leadTime, 6);
      expect(items.every((row) => row.name.startsWith("incidents-"))).toBe(true);
    }
  });

  test("steps that people add are of the team or of a project, audited, and the team’s own", async () => {
    const idea = await team.caller.manualSteps.add({ title: "Idea", place: "before", processS: 3600, waitS: 86_400 });
    await team.caller.manualSteps.add({ title: "Approval", place: "after", processS: 0, waitS: 7200, project: "months", class: "nnva" });
    const titles = async (project?: string) => (await team.caller.manualSteps.list(project ? { project } : {})).items.map((step) => step.title);
    expect([await titles(), await titles("months"), await titles("back")]).toEqual([["Idea"], ["Idea", "Approval"], ["Idea"]]);
    expect(await team.caller.manualSteps.change({ step: idea.id, processS: 60, waitS: 0 })).toMatchObject({ processS: 60, waitS: 0 });
    await expect(team.caller.manualSteps.add({ title: "Nothing", place: "after", processS: 0, waitS: 0 })).rejects.toThrow("takes no time");
    const other = await t.newTeam();
    await expect(other.caller.manualSteps.remove({ step: idea.id })).rejects.toThrow("no such step");
    await team.caller.manualSteps.remove({ step: idea.id });
    expect(await titles("months")).toEqual(["Approval"]);
    expect([await audited("manual-step.added"), await audited("manual-step.changed"), await audited("manual-step.removed")]).toEqual([2, 1, 1]);
  });
});

test("quick check and data quality are of the same figures", async () => {
  const query = { project: "months", ...GOLDEN_WINDOW };
  const dora = await team.caller.metrics.dora(query);
  const check = await team.caller.metrics.quickCheck(query);
  expect(check).toMatchObject({ measured: { leadTime: 5, frequency: 4, recovery: null }, score: null });
  const scored = await team.caller.metrics.quickCheck({ ...query, recovery: 6 });
  expect(scored.score?.scores.slice(0, 3)).toEqual([8, 6, 10]);
  expect(scored.used.changeFailPercent).toBeCloseTo((dora.changeFailRate.value ?? 0) * 100, 9);
  const quality = await team.caller.metrics.quality(query);
  expect(quality.quality).toEqual(dora.quality);
  expect(quality.metrics.map(({ metric, n, excluded }) => [metric, n, excluded])).toEqual(
    quality.metrics.map(({ metric }) => [metric, dora[metric].n, dora[metric].excluded]),
  );
  expect(quality.apps).toMatchObject([{ project: "months", app: "shop-api", live: 25, coverage: 1 }]);
});

test("the rows behind each figure over the database: n, exclusions, names, pages", async () => {
  const query = { project: "months", ...GOLDEN_WINDOW };
  const dora = await team.caller.metrics.dora(query);
  for (const metric of ["deploymentFrequency", "leadTime", "changeFailRate", "recoveryTime", "reworkRate", "successRate"] as const) {
    const { items, n, excluded, total, nextCursor } = await team.caller.metrics.rows({ ...query, metric, limit: 1000 });
    expect(nextCursor).toBeNull();
    expect(items.filter((one) => one.value !== null)).toHaveLength(dora[metric].n);
    expect([n, excluded, total]).toEqual([dora[metric].n, dora[metric].excluded, items.length]);
    expect(items.every((one) => one.number !== null && one.app === "shop-api")).toBe(true);
  }
  const first = await team.caller.metrics.rows({ ...query, metric: "changeFailRate", limit: 3 });
  expect(first.items.map((one) => one.value)).toEqual([1, 1, 0]);
  expect(first.items[0]?.failure).toMatch(/public checks failed/);
  const second = await team.caller.metrics.rows({ ...query, metric: "changeFailRate", limit: 1000, cursor: first.nextCursor ?? "" });
  expect(second.items).toHaveLength(first.total - 3);
});
