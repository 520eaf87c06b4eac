import { describe, expect, test } from "vitest";
import { classify } from "../../../server/metrics/classify";
import { periodsOf, report } from "../../../server/metrics/report";
import type { Faster } from "../../../server/overview/faster";
import { goalText, tilesOf } from "./tile";

const DAY = 86_400_000_000;
const asOf = Date.UTC(2026, 2, 29) * 1000;
const window = { from: asOf - 28 * DAY, to: asOf, tz: "UTC" };

/** One deployment a day of one commit each, written an hour before; every tenth failed. */
function figures(count: number, targets: Faster["targets"]): Faster {
  const deployments = Array.from({ length: count }, (_, n) => {
    const at = asOf - (n + 0.5) * DAY;
    const failed = n % 10 === 3;
    return {
      ...{ id: `d${n}`, appId: "a", environmentId: "e", kind: "code" as const, outcome: "succeeded" as const, createdAt: at - 1, liveAt: at, finishedAt: at },
      ...{ sha: `c${n}`, commits: [`c${n}`], restores: null, remediates: null, mark: null, failed, failedReason: failed ? "verify" : null },
    };
  });
  const commits = deployments.map(({ sha, liveAt }) => ({ appId: "a", sha, parents: [], authoredAt: liveAt - DAY / 24, pushedAt: null, merge: false }));
  const facts = { deployments, commits, incidents: [] };
  const answer = report({ live: classify(facts, asOf), facts }, periodsOf(window, asOf), asOf);
  const shown = { from: "", to: "", tz: "UTC" };
  return { ...answer, window: shown, windowBefore: shown, asOf: "", deployments: count, targets };
}

describe("the five tiles", () => {
  test("each has its figure, what it is made of, and whether it meets its target", () => {
    const tiles = tilesOf(figures(56, { leadTime: { value: 300, unit: "s" }, changeFailRate: { value: 0.2, unit: "share" } }));
    expect(tiles.map((tile) => tile.key)).toEqual(["deploymentFrequency", "leadTime", "changeFailRate", "recoveryTime", "reworkRate"]);
    const [frequency, lead, fails, recovery] = tiles;
    expect(frequency).toMatchObject({ main: "1.0", unit: "per day", sample: "n 28", target: null });
    expect(lead).toMatchObject({ main: "1h\u00a000m", unit: "median", sample: "n 28 commits", target: { word: "≤ 5m", isMet: false } });
    expect(fails).toMatchObject({ main: "10.7", sample: "3 of 28", target: { word: "≤ 20\u202f%", isMet: true } });
    expect(fails?.unit).toMatch(/^% \(\d+\.\d–\d+\.\d\)$/);
    expect(fails?.change.why).not.toContain("Fisher");
    expect(recovery).toMatchObject({ main: null, sample: "n too small: 0 of 5" });
  });

  test("a target without a figure is neither met nor missed", () => {
    const recovery = tilesOf(figures(2, { recoveryTime: { value: 1800, unit: "s" } }))[3];
    expect(recovery?.target).toEqual({ word: "≤ 30m", isMet: null, value: 1800 });
  });
});

test("targets in few signs", () => {
  expect(goalText({ unit: "s", value: 28_800 })).toBe("8h");
  expect(goalText({ unit: "s", value: 14 * 86_400 })).toBe("14\u202fd");
  expect(goalText({ unit: "share", value: 0.055 })).toBe("5.5\u202f%");
  expect(goalText({ unit: "per_day", value: 4 })).toBe("4 a day");
});
