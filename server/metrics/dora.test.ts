import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fromIso } from "../../db/schema/columns";
import golden from "../../e2e/support/golden-cases.json";
import { GRAINS } from "./calendar";
import { METRIC_KEYS } from "./constants";
import { dora } from "./dora";
import { drillRows } from "./drill";
import type { CommitFact, DeploymentFact, Facts, IncidentFact } from "./facts";
import { seriesOf, timedSamples } from "./series";
import { percentileCont } from "./statistics";

const at = (text: string) => fromIso(text.replace(/(T\d\d:\d\d)Z$/, "$1:00Z"));
const day = (clock: string) => at(`2026-03-02T${clock}Z`);
const window = { from: at("2026-03-01T00:00Z"), to: at("2026-04-01T00:00Z"), tz: "UTC" };
const asOf = window.to;

const deployment = (id: string, liveAt: number | null, more: Partial<DeploymentFact> = {}): DeploymentFact => ({
  id,
  appId: "app",
  environmentId: "production",
  kind: "code",
  outcome: "succeeded",
  createdAt: liveAt ?? window.from,
  liveAt,
  finishedAt: liveAt,
  sha: id,
  commits: [more.sha ?? id],
  restores: null,
  remediates: null,
  mark: null,
  failed: false,
  failedReason: null,
  ...more,
});
const commit = (sha: string, authoredAt: number | null, more: Partial<CommitFact> = {}): CommitFact => ({
  appId: "app",
  sha,
  parents: [],
  authoredAt,
  pushedAt: null,
  merge: false,
  ...more,
});
const facts = (deployments: DeploymentFact[], commits: CommitFact[] = [], incidents: IncidentFact[] = []): Facts => ({ deployments, commits, incidents });

describe("golden cases", () => {
  test("lead time is of commits, one sample each", () => {
    const { deployments, commits, first_live: firstLive, expect: wanted } = golden.lead_time_multi_commit;
    const setOf = (id: string) => Object.entries(firstLive).flatMap(([sha, first]) => (first === id ? [sha] : []));
    const result = dora(
      facts(
        deployments.map((one) => deployment(one.id, at(one.live), { sha: one.sha, commits: one.id === "d0" ? [one.sha] : setOf(one.id) })),
        commits.map((one) => commit(one.sha, at(one.authored), { merge: "merge" in one })),
      ),
      window,
      asOf,
    ).leadTime;
    const values = result.samples.map((sample) => sample.value);
    expect([...values].sort((a, b) => a - b)).toEqual(wanted.samples);
    expect(result.n).toBe(wanted.n);
    expect(percentileCont(values, 0.5)).toBe(wanted.p50);
    expect(result.excluded).toEqual({ merge: wanted.excluded_merge, first_deployment: 1 });
    expect(result.p50).toBeNull();
  });

  test("a first deployment has no lead time", () => {
    const { commits_in_it: count, expect: wanted } = golden.first_deployment_has_no_lead_time;
    const set = Array.from({ length: count }, (_, n) => `c${n}`);
    const result = dora(
      facts(
        [deployment("d", day("12:00"), { commits: set })],
        set.map((sha) => commit(sha, day("11:00"))),
      ),
      window,
      asOf,
    );
    expect([result.deploymentFrequency.n, result.leadTime.n, result.leadTime.p50]).toEqual([wanted.deployments, wanted.lead_time_n, wanted.lead_time_p50]);
    expect(result.leadTime.excluded).toEqual({ first_deployment: count });
  });

  test.each(["code", "rollback"] as const)("a rollback blames the release that came after the restored one (%s)", (kind) => {
    const { seq, expect: wanted } = golden.rollback_blames_the_right_release;
    const list = seq.map(([sha = "", clock = ""], n) => deployment(`d${n}`, day(clock), { sha, commits: n === 3 ? [] : [sha], kind: n === 3 ? kind : "code" }));
    const result = dora(facts(list), window, asOf);
    expect(result.deploymentFrequency.n).toBe(wanted.live_deployments);
    const failed = result.changeFailRate.samples.filter((sample) => sample.value === 1).map((sample) => list.find((one) => one.id === sample.deployment)?.sha);
    expect(failed).toEqual(wanted.failed);
    expect(result.changeFailRate.value).toBeCloseTo(wanted.cfr_excl_rollback, 6);
    expect(dora(facts(list), window, asOf, { withRollbacks: true }).changeFailRate.value).toBe(wanted.cfr_all);
    expect(result.changeFailRate.excluded).toEqual({ rollback: wanted.rollbacks });
    expect(result.reworkRate.value).toBe(wanted.rework);
    expect(result.recoveryTime.samples.map((sample) => sample.value)).toEqual([wanted.fdrt_s]);
  });

  test("attempts are not deployments", () => {
    const { attempts, expect: wanted } = golden.attempts_versus_deployments;
    const of = (outcome: DeploymentFact["outcome"], count: number, liveAt: number | null) =>
      Array.from({ length: count }, (_, n) => deployment(`${outcome}${n}`, liveAt === null ? null : liveAt + n, { outcome, finishedAt: day("12:00") + n }));
    const list = [
      ...of("succeeded", attempts.succeeded, day("12:00")),
      ...of("build_failed", attempts.build_failed, null),
      ...of("superseded", attempts.superseded, null),
      ...of("unhealthy", attempts.unhealthy_before_route, null),
    ];
    const result = dora(facts(list), window, asOf);
    expect(result.deploymentFrequency.n).toBe(wanted.deployments);
    expect(result.successRate.value).toBeCloseTo(wanted.success_rate, 6);
    expect(result.successRate.excluded).toEqual({ superseded: 1 });
    expect(result.changeFailRate.value).toBe(wanted.cfr);
    expect(result.changeFailRate.interval?.[1]).toBeCloseTo(wanted.wilson_hi, 4);
  });

  test("incidents do not count a deployment twice", () => {
    const { deploys, incidents, expect: wanted } = golden.incidents_do_not_double_count;
    const list = deploys.map((text) => deployment(text.slice(0, 1), day(text.slice(2))));
    const linked = incidents.map(
      ([id, causedBy, , verified]): IncidentFact => ({ id: id ?? "", causedBy: causedBy ?? null, verifiedAt: day(verified ?? ""), falsePositive: false }),
    );
    const result = dora(facts(list, [], linked), window, asOf);
    expect(result.changeFailRate.value).toBe(wanted.cfr);
    expect(result.recoveryTime.samples.map((sample) => sample.value)).toEqual([wanted.fdrt_per_deployment_s]);
  });
});

describe("what counts as what", () => {
  const lead = (list: DeploymentFact[], commits: CommitFact[]) => dora(facts(list, commits), window, asOf).leadTime;

  test("the set is computed from parents where none was given, also past a merge", () => {
    const graph = [
      commit("a", day("08:00")),
      commit("b", day("09:00"), { parents: ["a"] }),
      commit("c", day("09:30"), { parents: ["a"] }),
      commit("m", day("10:00"), { parents: ["b", "c"], merge: true }),
    ];
    const result = lead([deployment("1", day("08:30"), { sha: "a", commits: null }), deployment("2", day("11:00"), { sha: "m", commits: null })], graph);
    expect(result.samples.map((sample) => sample.commit).sort()).toEqual(["b", "c"]);
    expect(result.excluded).toEqual({ merge: 1, first_deployment: 1 });
  });

  test("a commit has one sample for each application and environment, at its first live", () => {
    const commits = ["a", "b", "c"].map((sha) => commit(sha, day("08:00")));
    const list = [
      deployment("1", day("09:00"), { sha: "a" }),
      deployment("2", day("10:00"), { sha: "b" }),
      deployment("3", day("11:00"), { sha: "a", kind: "rollback", commits: [] }),
      deployment("4", day("12:00"), { sha: "c", commits: ["b", "c"] }),
      deployment("5", day("10:30"), { sha: "a", environmentId: "staging" }),
      deployment("6", day("12:30"), { sha: "b", environmentId: "staging" }),
    ];
    const result = lead(list, commits);
    expect(result.samples.map((sample) => [sample.deployment, sample.commit])).toEqual([
      ["2", "b"],
      ["4", "c"],
      ["6", "b"],
    ]);
    expect(result.excluded.already_live).toBe(1);
  });

  test("negative and unknown times are excluded and counted", () => {
    const result = lead(
      [deployment("0", day("01:00")), deployment("1", day("09:00"), { commits: ["x", "y", "z"] })],
      [commit("x", day("10:00")), commit("y", null), commit("z", day("08:00"))],
    );
    expect(result).toMatchObject({ n: 1, excluded: { negative_span: 1, unknown_commit: 1, first_deployment: 1 } });
  });

  test("the same release again is a redeploy: no deployment for the frequency, no change for the fail rate", () => {
    const result = dora(facts([deployment("1", day("09:00"), { sha: "a" }), deployment("2", day("10:00"), { sha: "a" })]), window, asOf);
    expect(result.deploymentFrequency).toMatchObject({ n: 1, excluded: { redeploy: 1 } });
    expect(result.changeFailRate).toMatchObject({ denominator: 1, excluded: { redeploy: 1 } });
    expect(result.reworkRate.denominator).toBe(2);
  });

  test("another line of development is no rollback where the graph is known", () => {
    const graph = [commit("root", day("07:00")), commit("left", day("07:30"), { parents: ["root"] }), commit("right", day("07:40"), { parents: ["root"] })];
    const list = ["left", "right", "left"].map((sha, n) => deployment(String(n), day(`${n + 10}:00`), { sha, commits: null }));
    expect(dora(facts(list, graph), window, asOf).reworkRate.numerator).toBe(0);
    expect(dora(facts(list), window, asOf).reworkRate.numerator).toBe(1);
  });

  test("a person's word goes before what was measured; a remedy may lie after the window, not after as-of", () => {
    const list = [
      deployment("1", day("09:00")),
      deployment("2", day("10:00"), { failed: true, mark: false }),
      deployment("3", day("11:00"), { mark: true, failedReason: "prices were wrong" }),
    ];
    expect(dora(facts(list), window, asOf)).toMatchObject({ changeFailRate: { numerator: 1 }, recoveryTime: { n: 0, open: 1 } });
    const fix = deployment("4", at("2026-04-02T00:00Z"), { remediates: "3" });
    expect(dora(facts([...list, fix]), window, asOf).recoveryTime).toMatchObject({ n: 0, open: 1 });
    expect(dora(facts([...list, fix]), window, at("2026-04-03T00:00Z")).recoveryTime).toMatchObject({ n: 1, open: 0 });
  });

  test("windows are half-open; nothing is 0 that is unknown", () => {
    const edge = { ...window, from: day("09:00"), to: day("10:00") };
    const list = [deployment("1", day("09:00")), deployment("2", day("10:00"))];
    expect(dora(facts(list), edge, asOf).deploymentFrequency.samples.map((sample) => sample.deployment)).toEqual(["1"]);
    const empty = dora(facts([]), { ...window, to: window.from }, asOf);
    expect(empty).toMatchObject({
      days: 0,
      deploymentFrequency: { value: null, n: 0 },
      changeFailRate: { value: null, interval: null },
      recoveryTime: { p50: null },
      quality: { coverage: null },
    });
  });
});

const anyFacts = fc
  .array(
    fc.record({
      live: fc.option(fc.integer({ min: 0, max: 30 * 24 }), { nil: null }),
      sha: fc.constantFrom("a", "b", "c", "d"),
      kind: fc.constantFrom("code" as const, "config" as const, "rollback" as const, "redeploy" as const),
      environmentId: fc.constantFrom("production", "staging"),
      set: fc.option(fc.subarray(["a", "b", "c", "d", "e"]), { nil: null }),
      mark: fc.constantFrom(true, false, null, null, null),
    }),
    { maxLength: 14 },
  )
  .map((list) =>
    list.map(({ live, set, ...one }, n) =>
      deployment(`d${String(n).padStart(2, "0")}`, live === null ? null : window.from + live * 3_600_000_000, {
        ...one,
        commits: set,
        outcome: live === null ? "build_failed" : "succeeded",
        finishedAt: window.from + (live ?? n) * 3_600_000_000,
      }),
    ),
  );
const someCommits = ["a", "b", "c", "d"].map((sha, n) => commit(sha, window.from + n * 7_200_000_000, { merge: sha === "d", parents: n === 0 ? [] : ["a"] }));

describe("for any deployments", () => {
  test("the order in which they come changes nothing", () => {
    fc.assert(
      fc.property(anyFacts, fc.infiniteStream(fc.nat()), (list, random) => {
        const shuffled = list
          .map((one) => ({ one, key: random.next().value as number }))
          .sort((a, b) => a.key - b.key)
          .map(({ one }) => one);
        const sorted = (result: ReturnType<typeof dora>) =>
          JSON.stringify(result, (key, value) =>
            key === "samples" || key === "left"
              ? [...value].map((sample: object) => JSON.stringify(sample)).sort()
              : key === "excluded"
                ? Object.entries(value).sort()
                : value,
          );
        expect(sorted(dora(facts(shuffled, [...someCommits].reverse()), window, asOf))).toBe(sorted(dora(facts(list, someCommits), window, asOf)));
      }),
    );
  });

  test("every figure can be recomputed from its samples", () => {
    fc.assert(
      fc.property(anyFacts, (list) => {
        const result = dora(facts(list, someCommits), window, asOf);
        for (const share of [result.changeFailRate, result.reworkRate, result.successRate]) {
          expect(share.samples).toHaveLength(share.denominator);
          expect(share.samples.reduce((sum, sample) => sum + sample.value, 0)).toBe(share.numerator);
          expect(new Set(share.samples.map((sample) => sample.deployment)).size).toBe(share.denominator);
        }
        expect(result.leadTime.samples).toHaveLength(result.leadTime.n);
        expect(result.deploymentFrequency.samples).toHaveLength(result.deploymentFrequency.n);
        expect(result.recoveryTime.n).toBe(result.recoveryTime.samples.length);
      }),
    );
  });

  test("n, numerator, denominator and exclusions agree with the list that a figure leads to", () => {
    fc.assert(
      fc.property(anyFacts, fc.boolean(), fc.boolean(), (list, withRollbacks, fromPush) => {
        const all = facts(list, someCommits);
        const result = dora(all, window, asOf, { withRollbacks, fromPush });
        for (const key of METRIC_KEYS) {
          const rows = drillRows(result, key, all);
          const counted = rows.filter((row) => row.value !== null);
          expect(counted).toHaveLength(result[key].n);
          const reasons: Record<string, number> = {};
          for (const { reason } of rows) if (reason !== null && reason !== "open") reasons[reason] = (reasons[reason] ?? 0) + 1;
          expect(reasons).toEqual(result[key].excluded);
          expect(rows.filter((row) => row.value === null && row.reason === null)).toEqual([]);
        }
        for (const key of ["changeFailRate", "reworkRate", "successRate"] as const)
          expect(drillRows(result, key, all).reduce((sum, row) => sum + (row.value ?? 0), 0)).toBe(result[key].numerator);
        expect(drillRows(result, "recoveryTime", all).filter((row) => row.reason === "open")).toHaveLength(result.recoveryTime.open);
      }),
    );
  });

  test("days, weeks and months add up to the period, and each is what the metric says of it alone", () => {
    fc.assert(
      fc.property(anyFacts, fc.constantFrom("UTC", "Europe/Berlin", "America/New_York"), (list, tz) => {
        const all = facts(list, someCommits);
        const zoned = { ...window, tz };
        const result = dora(all, zoned, asOf);
        for (const key of METRIC_KEYS)
          for (const grain of GRAINS) {
            const points = seriesOf(timedSamples(result, key, all.deployments), zoned, key, grain);
            expect(points.reduce((sum, point) => sum + point.n, 0)).toBe(result[key].n);
            const piece = points[Math.floor(points.length / 2)];
            if (!piece) continue;
            const alone = dora(all, { from: piece.from, to: piece.to, tz }, asOf)[key];
            expect(piece.n).toBe(alone.n);
            expect(piece.value).toBe("p50" in alone ? alone.p50 : alone.value);
          }
      }),
      { numRuns: 25 },
    );
  });
});
