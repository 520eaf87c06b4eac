import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import golden from "../../e2e/support/golden-cases.json";
import { attemptLines, GOLDEN_WINDOW, incidentLines, leadTimeLines, mapLines, rollbackLines } from "../../e2e/support/golden-events";
import { openTestServices, type TestServices } from "../../e2e/support/test-services";
import { importLines } from "./import";

let t: TestServices;
let team: Awaited<ReturnType<TestServices["newTeam"]>>;
beforeAll(async () => {
  t = await openTestServices();
  team = await t.newTeam();
});
afterAll(() => t.close());

async function* text(lines: readonly object[]): AsyncGenerator<string> {
  for (const line of lines) yield JSON.stringify(line);
}
const take = (lines: readonly object[], to = team) => importLines(to.ctx, text(lines));
const ask = (project: string, to = team) => to.caller.metrics.dora({ project, ...GOLDEN_WINDOW, samples: true });

describe("golden cases through the database", () => {
  test("lead time is of commits", async () => {
    const { expect: wanted } = golden.lead_time_multi_commit;
    expect(await take(leadTimeLines("lead"))).toMatchObject({ rejected: [], duplicates: 0 });
    const { leadTime } = await ask("lead");
    expect(leadTime.samples.map((sample) => sample.value).sort((a, b) => a - b)).toEqual(wanted.samples);
    expect(leadTime).toMatchObject({ n: wanted.n, p50: null, excluded: { merge: wanted.excluded_merge, first_deployment: 1 } });
  });

  test("a rollback blames the right release", async () => {
    const { expect: wanted } = golden.rollback_blames_the_right_release;
    await take(rollbackLines("back"));
    const result = await ask("back");
    expect(result.changeFailRate.value).toBeCloseTo(wanted.cfr_excl_rollback, 6);
    expect(result.reworkRate.value).toBe(wanted.rework);
    expect(result.recoveryTime.samples.map((sample) => sample.value)).toEqual([wanted.fdrt_s]);
    expect(result.deploymentFrequency.n).toBe(wanted.live_deployments);
    expect((await team.caller.metrics.dora({ project: "back", ...GOLDEN_WINDOW, withRollbacks: true })).changeFailRate.value).toBe(wanted.cfr_all);
  });

  test("attempts are not deployments, incidents do not count twice", async () => {
    await take([...attemptLines("attempts"), ...incidentLines("incidents")]);
    const attempts = await ask("attempts");
    expect(attempts.successRate.value).toBeCloseTo(golden.attempts_versus_deployments.expect.success_rate, 6);
    expect(attempts.changeFailRate).toMatchObject({ value: 0, denominator: 6 });
    const incidents = await ask("incidents");
    expect(incidents.changeFailRate.value).toBe(golden.incidents_do_not_double_count.expect.cfr);
    expect(incidents.recoveryTime.samples.map((sample) => sample.value)).toEqual([golden.incidents_do_not_double_count.expect.fdrt_per_deployment_s]);
  });
});

test("the golden value stream map through the database; children are not steps of it", async () => {
  const { spans, expect: wanted } = golden.value_stream_map;
  expect(await take(mapLines("map"))).toMatchObject({ rejected: [] });
  const map = await team.caller.metrics.map({ project: "map", ...GOLDEN_WINDOW });
  expect(map.total).toMatchObject({ leadTime: wanted.lead, processTime: wanted.va + wanted.nnva, waitTime: wanted.wait });
  expect(map.total.pce).toBeCloseTo(wanted.pce, 6);
  expect(map.fromPush.leadTime).toBe(wanted.from_push.lead);
  expect(map.steps.map((step) => step.key).sort()).toEqual(spans.map(([step]) => String(step)).sort());
  expect(map.steps.every((step) => step.utilisation === null)).toBe(true);
});

test("a person's word goes before what was measured, is audited, and can be taken back", async () => {
  await take(rollbackLines("marked"));
  const { items } = await team.caller.deployments.listAll({ limit: 100 });
  const [first] = items.filter((one) => one.project === "marked" && one.kind === "code").sort((a, b) => ((a.liveAt ?? "") < (b.liveAt ?? "") ? -1 : 1));
  const id = first?.id ?? "";
  expect(await team.caller.deployments.mark({ deployment: id, failed: true, reason: "prices were wrong" })).toMatchObject({
    failed: true,
    failedReason: "prices were wrong",
    failedMethod: "manual",
  });
  expect((await ask("marked")).changeFailRate.numerator).toBe(2);
  expect(await team.caller.deployments.mark({ deployment: id, failed: null, reason: "it was the other one" })).toMatchObject({ failed: false });
  expect((await ask("marked")).changeFailRate.numerator).toBe(1);
});

describe("lines", () => {
  const deployment = (id: string, more: object = {}) => ({
    kind: "deployment",
    project: "lines",
    app: "web",
    id,
    outcome: "succeeded",
    liveAt: "2026-03-02T12:00:00Z",
    ...more,
  });

  test("a bad one is reported with its number and the rest goes in", async () => {
    async function* mixed() {
      yield JSON.stringify(deployment("a"));
      yield "{nonsense";
      yield "";
      yield JSON.stringify(deployment("b", { liveAt: "yesterday" }));
      yield JSON.stringify({ kind: "nothing" });
      yield JSON.stringify(deployment("c"));
    }
    const result = await importLines(team.ctx, mixed());
    expect(result).toMatchObject({ accepted: 2, duplicates: 0 });
    expect(result.rejected.map((one) => one.line)).toEqual([2, 4, 5]);
    expect(result.rejected[1]?.error).toContain("liveAt");
  });

  test("sent again they change nothing, fill what was absent, and may not contradict", async () => {
    expect(await take([deployment("a")])).toMatchObject({ accepted: 0, duplicates: 1 });
    expect(await take([deployment("a", { commit: "abc1234", commits: ["abc1234"] })])).toMatchObject({ accepted: 1 });
    const contradiction = await take([deployment("a", { commit: "ffff000" })]);
    expect(contradiction).toMatchObject({ accepted: 0, rejected: [{ line: 1, error: expect.stringContaining("abc1234") }] });
    const commit = { kind: "commit", project: "lines", app: "web", sha: "abc1234", authoredAt: "2026-03-02T11:00:00Z" };
    expect(await take([commit, commit, { ...commit, pushedAt: "2026-03-02T11:05:00Z" }, { ...commit, authoredAt: "2026-03-02T10:00:00Z" }])).toMatchObject({
      accepted: 2,
      duplicates: 1,
      rejected: [{ line: 4 }],
    });
    const span = { kind: "span", subject: "a", step: "build", startedAt: "2026-03-02T11:30:00Z", finishedAt: "2026-03-02T11:40:00Z" };
    expect(await take([span])).toMatchObject({ accepted: 1 });
    expect(await take([span])).toMatchObject({ duplicates: 1 });
    expect(await take([{ ...span, outcome: "failed" }])).toMatchObject({ rejected: [{ line: 1 }] });
  });

  test("another team sees nothing of it, and may use the same ids", async () => {
    const other = await t.newTeam();
    await expect(ask("lines", other)).rejects.toMatchObject({ message: expect.stringContaining("lines") });
    expect(await take([deployment("a", { outcome: "unhealthy" })], other)).toMatchObject({ accepted: 1 });
  });

  test("what is imported is nothing that a worker would run", async () => {
    await take([{ kind: "deployment", project: "lines", app: "web", id: "open", createdAt: "2026-03-02T12:00:00Z" }]);
    const { items } = await team.caller.deployments.listAll({ limit: 100 });
    expect(items.filter((one) => one.status === "queued" || one.status === "running")).toEqual([]);
    expect(items.every((one) => one.trigger === "import")).toBe(true);
  });

  test("in whatever order they come, the answers are the same", async () => {
    const lines = (project: string) => [...leadTimeLines(project), ...rollbackLines(`${project}b`), ...incidentLines(`${project}i`)];
    const answers = async (project: string) => {
      const all = await Promise.all([project, `${project}b`, `${project}i`].map((one) => ask(one)));
      const plain = (value: unknown) => JSON.stringify(value, (key, inner) => (key === "asOf" || key === "samples" ? undefined : inner));
      return all.map(plain);
    };
    await take(lines("o0"));
    const wanted = await answers("o0");
    for (let round = 1; round <= 3; round++) {
      const project = `o${round}`;
      const [shuffled = []] = fc.sample(fc.shuffledSubarray(lines(project), { minLength: lines(project).length }), 1);
      const half = Math.floor(shuffled.length / 2);
      await take(shuffled.slice(0, half));
      await take([...shuffled.slice(half), ...shuffled.slice(0, 3)]);
      expect(await answers(project)).toEqual(wanted);
    }
  });
});
