import type { Micros } from "../../db/schema/columns";
import { localDate, localDates, type Window, wholeWeeks } from "./calendar";
import { classify, isChange } from "./classify";
import type { CommitFact, DeploymentFact, Facts, LiveDeployment } from "./facts";
import { percentileCont, quantiles, wilson } from "./statistics";

/** Raised whenever a definition changes; every answer names it. */
export const DORA_DEFINITION = "dora-2026-01/1";

export type ExclusionReason =
  | "first_deployment"
  | "already_live"
  | "merge"
  | "rollback"
  | "redeploy"
  | "negative_span"
  | "unknown_commit"
  | "cancelled"
  | "superseded"
  | "not_live"
  | "imported_without_time";
export type Excluded = Partial<Record<ExclusionReason, number>>;
export type Sample = { value: number; deployment: string; commit?: string };
/** What was looked at and not counted, and why: `excluded` counts these. `open` is apart: it has no time yet. */
export type Left = { deployment: string; commit?: string; reason: ExclusionReason | "open" };
export type Times = { p50: number | null; p90: number | null; unit: "s"; n: number; excluded: Excluded; samples: Sample[]; left: Left[] };
export type Share = {
  value: number | null;
  numerator: number;
  denominator: number;
  interval: [number, number] | null;
  n: number;
  excluded: Excluded;
  samples: Sample[];
  left: Left[];
};
export type Dora = {
  days: number;
  deploymentFrequency: {
    value: number | null;
    unit: "per_day";
    n: number;
    excluded: Excluded;
    medianDaysPerWeek: number | null;
    samples: Sample[];
    left: Left[];
  };
  leadTime: Times;
  changeFailRate: Share;
  recoveryTime: Times & { open: number };
  reworkRate: Share;
  successRate: Share;
  quality: { coverage: number | null; unknownCommits: number; clockSkew: number };
};
export type DoraOptions = {
  /** Counts rollbacks in the change fail rate's denominator too. */
  withRollbacks?: boolean;
  /** Lead time from the push instead of from the commit. */
  fromPush?: boolean;
};

const S = 1_000_000;
export const inWindow = (at: Micros | null, { from, to }: Window): boolean => at !== null && at >= from && at < to;

/**
 * DORA's five metrics, the success rate, and how far they can be trusted, for a window. Pure: the same facts give the same answer in
 * whatever order they come. Source: value-streams.md, DORA; dora.dev, metrics guide.
 * @param facts of the whole past, since what is first or already live lies before the window @param asOf nothing later is known
 */
export const dora = (facts: Facts, window: Window, asOf: Micros, options: DoraOptions = {}): Dora =>
  doraOf(classify(facts, asOf), facts, window, asOf, options);

/** The same of deployments that are classified already, for several windows of one past. */
export function doraOf(
  classified: readonly LiveDeployment[],
  facts: Pick<Facts, "deployments" | "commits">,
  window: Window,
  asOf: Micros,
  options: DoraOptions = {},
): Dora {
  const live = classified.filter((one) => inWindow(one.liveAt, window));
  const lead = leadTime(live, facts.commits, options.fromPush ?? false);
  return {
    days: localDates(window.from, Math.min(window.to, asOf), window.tz).length,
    deploymentFrequency: frequency(live, window, asOf),
    leadTime: lead.times,
    changeFailRate: changeFailRate(live, options.withRollbacks ?? false),
    recoveryTime: recoveryTime(live),
    reworkRate: share(live.map((one) => ({ value: one.isRemedy ? 1 : 0, deployment: one.id }))),
    successRate: successRate(facts.deployments, window, asOf),
    quality: { coverage: lead.coverage, unknownCommits: lead.times.excluded.unknown_commit ?? 0, clockSkew: lead.times.excluded.negative_span ?? 0 },
  };
}

function frequency(live: readonly LiveDeployment[], window: Window, asOf: Micros): Dora["deploymentFrequency"] {
  const counted = live.filter((one) => one.actualKind !== "redeploy");
  const end = Math.min(window.to, asOf);
  const days = localDates(window.from, end, window.tz).length;
  const dates = new Set(counted.map((one) => localDate(one.liveAt, window.tz)));
  const weeks = wholeWeeks(window.from, end, window.tz).map((week) => week.filter((date) => dates.has(date)).length);
  const left = live.flatMap((one): Left[] => (one.actualKind === "redeploy" ? [{ deployment: one.id, reason: "redeploy" }] : []));
  return {
    value: days === 0 ? null : counted.length / days,
    unit: "per_day",
    n: counted.length,
    excluded: tally(left),
    medianDaysPerWeek: percentileCont(weeks, 0.5),
    samples: counted.map((one) => ({ value: 1, deployment: one.id })),
    left,
  };
}

/** A deployment's commits: those that are samples of lead time, and those that are not with the reason. */
export function leadOf(one: LiveDeployment, commitOf: (sha: string) => CommitFact | undefined, fromPush: boolean) {
  const samples: (Sample & { commit: string })[] = [];
  const left: (Left & { commit: string; reason: ExclusionReason })[] = [];
  if (one.isFirst || one.actualKind === "rollback") {
    for (const commit of one.set) left.push({ deployment: one.id, commit, reason: one.isFirst ? "first_deployment" : "rollback" });
    return { samples, left };
  }
  for (const sha of one.set) {
    const commit = commitOf(sha);
    const begin = commit === undefined ? null : fromPush ? commit.pushedAt : commit.authoredAt;
    const exclude = (reason: ExclusionReason) => left.push({ deployment: one.id, commit: sha, reason });
    if (commit?.merge) exclude("merge");
    else if (one.alreadyLive.has(sha)) exclude("already_live");
    else if (begin === null) exclude("unknown_commit");
    else if (one.liveAt < begin) exclude("negative_span");
    else samples.push({ value: (one.liveAt - begin) / S, deployment: one.id, commit: sha });
  }
  return { samples, left };
}

function leadTime(live: readonly LiveDeployment[], commits: readonly CommitFact[], fromPush: boolean) {
  const byKey = new Map(commits.map((commit) => [`${commit.appId} ${commit.sha}`, commit]));
  const left: Left[] = [];
  const samples: Sample[] = [];
  let [covered, wanted] = [0, 0];
  for (const one of live) {
    const own = leadOf(one, (sha) => byKey.get(`${one.appId} ${sha}`), fromPush);
    for (const row of own.left) left.push(row);
    for (const row of own.samples) samples.push(row);
    if (one.isFirst || one.actualKind === "rollback" || one.set.length === 0) continue;
    wanted++;
    if (!own.left.some((row) => row.reason === "unknown_commit")) covered++;
  }
  const times: Times = { ...quantiles(samples.map((sample) => sample.value)), unit: "s", n: samples.length, excluded: tally(left), samples, left };
  return { times, coverage: wanted === 0 ? null : covered / wanted };
}

function changeFailRate(live: readonly LiveDeployment[], withRollbacks: boolean): Share {
  const counted = live.filter((one) => isChange(one) || (withRollbacks && one.actualKind === "rollback"));
  const isCounted = new Set(counted);
  const left = live.flatMap((one): Left[] =>
    isCounted.has(one) ? [] : [{ deployment: one.id, reason: one.actualKind === "rollback" ? "rollback" : "redeploy" }],
  );
  return share(
    counted.map((one) => ({ value: one.failure !== null && isChange(one) ? 1 : 0, deployment: one.id })),
    left,
  );
}

function recoveryTime(live: readonly LiveDeployment[]): Dora["recoveryTime"] {
  const failed = live.filter((one) => one.failure !== null);
  const samples = failed.flatMap((one) => (one.remediedAt === null ? [] : [{ value: (one.remediedAt - one.liveAt) / S, deployment: one.id }]));
  return {
    ...quantiles(samples.map((sample) => sample.value)),
    unit: "s",
    n: samples.length,
    open: failed.length - samples.length,
    excluded: {},
    samples,
    left: failed.flatMap((one): Left[] => (one.remediedAt === null ? [{ deployment: one.id, reason: "open" }] : [])),
  };
}

/** Attempts that ended in the window; those given up before they could fail are no attempts. */
function successRate(deployments: readonly DeploymentFact[], window: Window, asOf: Micros): Share {
  const left: Left[] = [];
  const samples: Sample[] = [];
  for (const one of deployments) {
    if (one.outcome === null) continue;
    const at = one.finishedAt ?? one.liveAt;
    if (at === null) {
      if (inWindow(one.createdAt, window)) left.push({ deployment: one.id, reason: "imported_without_time" });
      continue;
    }
    if (!inWindow(at, window) || at > asOf) continue;
    if (one.outcome === "cancelled" || one.outcome === "superseded") left.push({ deployment: one.id, reason: one.outcome });
    else samples.push({ value: one.outcome === "succeeded" ? 1 : 0, deployment: one.id });
  }
  return share(samples, left);
}

function share(samples: Sample[], left: Left[] = []): Share {
  const numerator = samples.reduce((sum, sample) => sum + sample.value, 0);
  const denominator = samples.length;
  const value = denominator === 0 ? null : numerator / denominator;
  return { value, numerator, denominator, interval: wilson(numerator, denominator), n: denominator, excluded: tally(left), samples, left };
}

function tally(left: readonly Left[]): Excluded {
  const counts: Excluded = {};
  for (const { reason } of left) if (reason !== "open") counts[reason] = (counts[reason] ?? 0) + 1;
  return counts;
}
