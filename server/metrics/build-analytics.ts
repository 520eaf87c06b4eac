import { SIGNIFICANT_BELOW, TESTED_FROM } from "./constants";
import { mannWhitney, percentileCont, quantiles } from "./statistics";

/** One BuildKit step of one build, in seconds. */
export type BuildStep = { run: string; at: number; name: string; seconds: number; cached: boolean };
export type Build = { run: string; at: number; seconds: number };
export type StepFigure = {
  name: string;
  n: number;
  cached: number;
  /** Of those that were not cached. */
  p50: number | null;
  longest: number;
  /** What it took in all builds together. */
  total: number;
};
export type Regression = { name: string; before: number; now: number; by: number; p: number | null; verdict: "slower" | "faster" };
export type BuildAnalytics = {
  builds: number;
  duration: { p50: number | null; p90: number | null; n: number };
  hitRate: { value: number | null; numerator: number; denominator: number };
  steps: StepFigure[];
  regressions: Regression[];
};
/** A figure of fewer than this is listed, but not called a change. */
const LEAST = 5;
/** A smaller change is not worth anybody's time. */
const LEAST_CHANGE = 0.2;

/** Where builds spend their time: slowest steps first, how often the cache hits, and what has changed since the period before. Pure. */
export function buildAnalytics(
  now: { builds: readonly Build[]; steps: readonly BuildStep[] },
  before: { builds: readonly Build[]; steps: readonly BuildStep[] },
): BuildAnalytics {
  const cached = now.steps.filter((step) => step.cached).length;
  const durations = now.builds.map((build) => build.seconds);
  return {
    builds: now.builds.length,
    duration: { ...quantiles(durations), n: durations.length },
    hitRate: { value: now.steps.length === 0 ? null : cached / now.steps.length, numerator: cached, denominator: now.steps.length },
    steps: [...grouped(now.steps)].map(([name, list]) => figureOf(name, list)).sort((a, b) => b.total - a.total || (a.name < b.name ? -1 : 1)),
    regressions: regressionsOf(now, before),
  };
}

function grouped(steps: readonly BuildStep[]): Map<string, BuildStep[]> {
  const byName = new Map<string, BuildStep[]>();
  for (const step of steps) {
    const list = byName.get(step.name);
    if (list) list.push(step);
    else byName.set(step.name, [step]);
  }
  return byName;
}

function figureOf(name: string, list: BuildStep[]): StepFigure {
  const ran = list.filter((step) => !step.cached).map((step) => step.seconds);
  return {
    name,
    n: list.length,
    cached: list.length - ran.length,
    p50: percentileCont(ran, 0.5),
    longest: Math.max(0, ...ran),
    total: ran.reduce((sum, seconds) => sum + seconds, 0),
  };
}

/** Steps, and builds as a whole, whose median moved by a fifth and more; tested where there are twenty on each side. */
function regressionsOf(
  now: { builds: readonly Build[]; steps: readonly BuildStep[] },
  before: { builds: readonly Build[]; steps: readonly BuildStep[] },
): Regression[] {
  const ran = (steps: readonly BuildStep[]) => grouped(steps.filter((step) => !step.cached));
  const [own, old] = [ran(now.steps), ran(before.steps)];
  const pairs: [string, number[], number[]][] = [
    ["the whole build", now.builds.map((one) => one.seconds), before.builds.map((one) => one.seconds)],
    ...[...own].map(([name, list]): [string, number[], number[]] => [name, list.map((one) => one.seconds), (old.get(name) ?? []).map((one) => one.seconds)]),
  ];
  return pairs
    .flatMap(([name, late, early]): Regression[] => {
      if (late.length < LEAST || early.length < LEAST) return [];
      const [after, prior] = [percentileCont(late, 0.5) as number, percentileCont(early, 0.5) as number];
      const by = prior === 0 ? 0 : after / prior - 1;
      const p = late.length >= TESTED_FROM && early.length >= TESTED_FROM ? mannWhitney(late, early) : null;
      if (Math.abs(by) < LEAST_CHANGE || (p !== null && p >= SIGNIFICANT_BELOW)) return [];
      return [{ name, before: prior, now: after, by, p, verdict: by > 0 ? "slower" : "faster" }];
    })
    .sort((a, b) => b.by - a.by);
}
