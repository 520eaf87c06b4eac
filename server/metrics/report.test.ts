import { describe, expect, test } from "vitest";
import { fromIso } from "../../db/schema/columns";
import { classify } from "./classify";
import type { CommitFact, DeploymentFact, Facts } from "./facts";
import { periodsOf, report as reportOf } from "./report";

const S = 1_000_000;
const HOUR = 3600 * S;
const at = (text: string) => fromIso(text);
const window = { from: at("2026-03-01T00:00:00.000Z"), to: at("2026-04-01T00:00:00.000Z"), tz: "UTC" };
const asOf = window.to;
const periods = periodsOf(window, asOf);

const report = (facts: Facts, ...rest: [typeof periods, number]) => reportOf({ live: classify(facts, rest[1]), facts }, ...rest);
const live = (id: string, liveAt: number, more: Partial<DeploymentFact> = {}): DeploymentFact => ({
  id,
  appId: "app",
  environmentId: "production",
  kind: "code",
  outcome: "succeeded",
  createdAt: liveAt,
  liveAt,
  finishedAt: liveAt,
  sha: id,
  commits: [id],
  restores: null,
  remediates: null,
  mark: null,
  failed: false,
  failedReason: null,
  ...more,
});
const commit = (sha: string, authoredAt: number): CommitFact => ({ appId: "app", sha, parents: [], authoredAt, pushedAt: null, merge: false });
const facts = (deployments: DeploymentFact[], commits: CommitFact[] = []): Facts => ({ deployments, commits, incidents: [] });

/** Deployments an hour apart whose commit is `leadS` old when it goes live. */
function row(
  prefix: string,
  count: number,
  from: number,
  leadS: number,
  more: (n: number) => Partial<DeploymentFact> = () => ({}),
): [DeploymentFact, CommitFact][] {
  return Array.from({ length: count }, (_, n) => {
    const liveAt = from + n * HOUR;
    return [live(`${prefix}${n}`, liveAt, more(n)), commit(`${prefix}${n}`, liveAt - (leadS + n) * S)];
  });
}
const of = (...rows: [DeploymentFact, CommitFact][]) =>
  report(
    facts(
      rows.map(([one]) => one),
      rows.map(([, one]) => one),
    ),
    periods,
    asOf,
  );

describe("the period before", () => {
  test("is as long in local days, over a change of clocks too", () => {
    const berlin = { from: at("2026-03-23T23:00:00.000Z"), to: at("2026-03-30T22:00:00.000Z"), tz: "Europe/Berlin" };
    expect(periodsOf(berlin, asOf).before).toEqual({ from: at("2026-03-16T23:00:00.000Z"), to: berlin.from, tz: "Europe/Berlin" });
  });

  test("is as long as what has passed of a window that is not over", () => {
    const { now, before } = periodsOf(window, at("2026-03-08T06:00:00.000Z"));
    expect([now.to, before.from, before.to]).toEqual([at("2026-03-08T06:00:00.000Z"), at("2026-02-21T18:00:00.000Z"), window.from]);
  });

  test("of a window that has not begun is empty", () => {
    expect(periodsOf(window, at("2026-02-01T00:00:00.000Z")).now).toMatchObject({ from: window.from, to: window.from });
  });
});

describe("what has changed", () => {
  const early = at("2026-02-10T00:00:00.000Z");
  const late = at("2026-03-10T00:00:00.000Z");

  test("times are tested by Mann–Whitney from twenty a side", () => {
    const { changes } = of(...row("a", 21, early, 7200), ...row("b", 20, late, 3600));
    expect(changes.leadTime).toMatchObject({ verdict: "significant", test: "Mann–Whitney", unit: "share" });
    expect(changes.leadTime.by).toBeCloseTo(3609.5 / 7210.5 - 1, 6);
    expect(changes.leadTime.p).toBeLessThan(0.001);
    expect(changes.deploymentFrequency).toMatchObject({ verdict: "untested", p: null });
  });

  test("one sample less is too few, and the change is said all the same", () => {
    const { changes } = of(...row("a", 20, early, 7200), ...row("b", 19, late, 3600));
    expect(changes.leadTime).toMatchObject({ verdict: "too_small", test: null, p: null });
    expect(changes.leadTime.by).toBeLessThan(0);
    expect(changes.changeFailRate.verdict).toBe("too_small");
  });

  test("rates are tested by Fisher, their change is in points", () => {
    const failed = (every: number) => (n: number) => ({ failed: n % every === 0, failedReason: "It fell over." });
    const { changes, now, before } = of(...row("a", 20, early, 60, failed(2)), ...row("b", 20, late, 60, failed(20)));
    expect([before.changeFailRate.value, now.changeFailRate.value]).toEqual([0.5, 0.05]);
    expect(changes.changeFailRate).toMatchObject({ verdict: "significant", test: "Fisher", unit: "points" });
    expect(changes.changeFailRate.by).toBeCloseTo(-0.45, 9);
    expect(changes.successRate).toMatchObject({ verdict: "noise", by: 0 });
    expect(changes.successRate.p).toBeCloseTo(1, 9);
  });

  test("what is not known has no change, and is not nothing", () => {
    const { now, changes } = report(facts([]), periods, asOf);
    expect(now.changeFailRate.value).toBeNull();
    expect(Object.values(changes).filter((change) => change.by !== null)).toEqual([]);
    expect(changes.changeFailRate.verdict).toBe("too_small");
  });
});

test("weeks of both periods, in order; a week with too few says nothing", () => {
  const { trend } = of(...row("a", 6, at("2026-02-10T00:00:00.000Z"), 60), ...row("b", 4, at("2026-03-02T00:00:00.000Z"), 100));
  expect(trend.map((week) => week.isBefore)).toEqual([true, true, true, true, true, false, false, false, false, false]);
  expect(trend.map((week) => week.values.deploymentFrequency)).toEqual([0, 6 / 7, 0, 0, 0, 4 / 7, 0, 0, 0, 0]);
  expect(trend[5]?.values).toMatchObject({ leadTime: null, changeFailRate: 0, recoveryTime: null });
  expect(trend[6]?.values.changeFailRate).toBeNull();
});

test("the places of the quantiles say which samples they lie between", () => {
  const { places, now } = of(...row("a", 1, at("2026-02-10T00:00:00.000Z"), 60), ...row("b", 10, at("2026-03-10T00:00:00.000Z"), 100));
  expect(now.leadTime).toMatchObject({ n: 10, p50: 104.5 });
  expect(places.leadTime.map(({ at: place, low, high }) => [place, low, high])).toEqual([
    [4.5, 104, 105],
    [8.1, 108, 109],
  ]);
  expect(places.recoveryTime).toEqual([]);
});

test("the failed ones are those of the fail rate, newest first, each with its remedy", () => {
  const march = at("2026-03-02T00:00:00.000Z");
  const all = [
    live("old", at("2026-02-20T00:00:00.000Z"), { failed: true, failedReason: "Before." }),
    live("a", march, { failed: true, failedReason: "12 of 20 checks failed." }),
    live("b", march + HOUR, { kind: "rollback", restores: "old", sha: "old", commits: [] }),
    live("c", march + 2 * HOUR, { mark: true, failedReason: "Thumbnails were blank." }),
    live("d", march + 3 * HOUR),
  ];
  const { failed, now } = report(facts(all), periods, asOf);
  expect(failed).toEqual([
    { id: "c", liveAt: march + 2 * HOUR, reason: "Thumbnails were blank.", method: "manual", remediedAt: null, remediedBy: null },
    { id: "a", liveAt: march, reason: "12 of 20 checks failed.", method: "measured", remediedAt: march + HOUR, remediedBy: "b" },
  ]);
  expect(failed).toHaveLength(now.changeFailRate.numerator);
});
