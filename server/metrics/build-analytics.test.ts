import { expect, test } from "vitest";
import { type BuildStep, buildAnalytics } from "./build-analytics";

const step = (run: string, name: string, seconds: number, cached = false): BuildStep => ({ run, at: 0, name, seconds, cached });
const builds = (seconds: number[]) => seconds.map((one, n) => ({ run: String(n), at: n, seconds: one }));
const none = { builds: [], steps: [] };

test("slowest steps first, by what they took in all builds; a cached step takes nothing", () => {
  const steps = [step("a", "npm ci", 40), step("b", "npm ci", 60), step("c", "npm ci", 0.1, true), step("a", "copy", 1), step("b", "copy", 1)];
  const result = buildAnalytics({ builds: builds([41, 61, 1]), steps }, none);
  expect(result.steps).toEqual([
    { name: "npm ci", n: 3, cached: 1, p50: 50, longest: 60, total: 100 },
    { name: "copy", n: 2, cached: 0, p50: 1, longest: 1, total: 2 },
  ]);
  expect(result.hitRate).toEqual({ value: 0.2, numerator: 1, denominator: 5 });
  expect(result).toMatchObject({ builds: 3, duration: { p50: null, n: 3 }, regressions: [] });
});

test("a regression is a median that moved by a fifth; with twenty on each side it must be significant too", () => {
  const slow = buildAnalytics({ builds: builds([30, 31, 32, 33, 34]), steps: [] }, { builds: builds([20, 20, 20, 20, 20]), steps: [] });
  expect(slow.regressions).toEqual([{ name: "the whole build", before: 20, now: 32, by: expect.closeTo(0.6, 9), p: null, verdict: "slower" }]);
  const many = (base: number) => Array.from({ length: 25 }, (_, n) => base + (n % 5));
  expect(buildAnalytics({ builds: builds(many(30)), steps: [] }, { builds: builds(many(20)), steps: [] }).regressions[0]?.p).toBeLessThan(0.001);
  const wild = Array.from({ length: 25 }, (_, n) => (n % 2 === 0 ? 1 : 100));
  expect(buildAnalytics({ builds: builds(wild), steps: [] }, { builds: builds([...wild].reverse()), steps: [] }).regressions).toEqual([]);
  expect(buildAnalytics({ builds: builds([20, 20]), steps: [] }, { builds: builds([10, 10]), steps: [] }).regressions).toEqual([]);
});

test("without a build nothing is known, and nothing is 0", () => {
  expect(buildAnalytics(none, none)).toEqual({
    builds: 0,
    duration: { p50: null, p90: null, n: 0 },
    hitRate: { value: null, numerator: 0, denominator: 0 },
    steps: [],
    regressions: [],
  });
});
