import { type SQL, sql } from "drizzle-orm";
import { deploymentFacts } from "../../db/schema";
import { type Micros, toIso } from "../../db/schema/columns";
import type { TeamContext } from "../context";
import { localDates, startOfDate, type Window, wholeWeeks } from "./calendar";
import { NEEDED } from "./constants";
import type { Excluded, ExclusionReason } from "./dora";
import type { Scope } from "./load";
import type { Figures } from "./report";
import { percentileCont, quantiles, wilson } from "./statistics";

const S = 1_000_000;

/** Counts of the deployments that went live on one local day of the window, the days counted from 1. */
type Day = {
  day: number;
  live: number;
  changes: number;
  failed: number;
  failed_changes: number;
  rollbacks: number;
  redeploys: number;
  remedies: number;
  first_commits: number;
  rollback_commits: number;
  merges: number;
  already_live: number;
  unknown: number;
  negative: number;
  wanted: number;
  covered: number;
  recovery: number[] | null;
};
type Answer = { days: Day[] | null; lead: { n: number; q: [number, number] | null }; ended: Record<string, number> | null; untimed: number };

/**
 * DORA of a window out of kept facts, added up by PostgreSQL: what `doraOf` says of the same deployments (a test holds them together),
 * without bringing them here. Facts must be fresh (`refreshFacts`).
 */
export async function loadDora(ctx: TeamContext, scope: Scope, window: Window, asOf: Micros, options: { withRollbacks?: boolean }): Promise<Figures> {
  const end = Math.min(window.to, asOf);
  const dates = localDates(window.from, end, window.tz);
  const bounds = dates.map((date) => toIso(startOfDate(date, window.tz)));
  const found = await ask(ctx, scope, window, asOf, bounds);
  const days = found.days ?? [];
  const sum = (key: Exclude<keyof Day, "recovery">) => days.reduce((total, day) => total + day[key], 0);

  const counted = sum("live") - sum("redeploys");
  const busy = new Set(days.flatMap((day) => (day.live > day.redeploys ? [dates[day.day - 1]] : [])));
  const weeks = wholeWeeks(window.from, end, window.tz).map((week) => week.filter((date) => busy.has(date)).length);
  const recovery = days.flatMap((day) => day.recovery ?? []).map((value) => value / S);
  const { n, q } = found.lead;
  const { cancelled = 0, superseded = 0, ...ended } = found.ended ?? {};
  const attempts = Object.values(ended).reduce((total, one) => total + one, 0);
  const kept = (counts: [ExclusionReason, number][]): Excluded => Object.fromEntries(counts.filter(([, count]) => count > 0));
  const [rollbacks, redeploys] = [sum("rollbacks"), sum("redeploys")];
  return {
    days: dates.length,
    deploymentFrequency: {
      value: dates.length === 0 ? null : counted / dates.length,
      unit: "per_day",
      n: counted,
      excluded: kept([["redeploy", redeploys]]),
      medianDaysPerWeek: percentileCont(weeks, 0.5),
    },
    leadTime: {
      p50: n >= NEEDED.p50 && q ? q[0] : null,
      p90: n >= NEEDED.p90 && q ? q[1] : null,
      unit: "s",
      n,
      excluded: kept([
        ["first_deployment", sum("first_commits")],
        ["rollback", sum("rollback_commits")],
        ["merge", sum("merges")],
        ["already_live", sum("already_live")],
        ["unknown_commit", sum("unknown")],
        ["negative_span", sum("negative")],
      ]),
    },
    changeFailRate: options.withRollbacks
      ? share(sum("failed_changes"), sum("changes") + rollbacks, kept([["redeploy", redeploys]]))
      : share(
          sum("failed_changes"),
          sum("changes"),
          kept([
            ["rollback", rollbacks],
            ["redeploy", redeploys],
          ]),
        ),
    recoveryTime: { ...quantiles(recovery), unit: "s", n: recovery.length, open: sum("failed") - recovery.length, excluded: {} },
    reworkRate: share(sum("remedies"), sum("live"), {}),
    successRate: share(
      ended.succeeded ?? 0,
      attempts,
      kept([
        ["cancelled", cancelled],
        ["superseded", superseded],
        ["imported_without_time", found.untimed],
      ]),
    ),
    quality: { coverage: sum("wanted") === 0 ? null : sum("covered") / sum("wanted"), unknownCommits: sum("unknown"), clockSkew: sum("negative") },
  };
}

function share(numerator: number, denominator: number, excluded: Excluded): Figures["changeFailRate"] {
  return {
    value: denominator === 0 ? null : numerator / denominator,
    numerator,
    denominator,
    interval: wilson(numerator, denominator),
    n: denominator,
    excluded,
  };
}

/** One statement, so that every figure is of the same rows. */
async function ask(ctx: TeamContext, scope: Scope, window: Window, asOf: Micros, bounds: string[]): Promise<Answer> {
  const ids = sql`${sql.param(scope.apps.map((app) => app.id))}::uuid[]`;
  const at = (instant: Micros) => sql`${toIso(instant)}::timestamptz`;
  const within = (column: SQL) => sql`${column} >= ${at(window.from)} and ${column} < ${at(window.to)} and ${column} <= ${at(asOf)}`;
  const [row] = await ctx.team.query(async (db, own) => {
    // half a million lead times are sorted in memory, not on disk
    await db.execute(sql`select set_config('work_mem', '64MB', true)`);
    const of = (column: "live_at" | "ended_at") => own(deploymentFacts, sql`app_id = any(${ids}) and ${within(sql.identifier(column) as unknown as SQL)}`);
    return db.execute<Answer>(sql`
    select
      (select json_agg(day) from (
        select
          width_bucket(live_at, ${sql.param(bounds)}::timestamptz[]) as day,
          count(*) as live,
          count(*) filter (where kind not in ('rollback', 'redeploy')) as changes,
          count(*) filter (where failed) as failed,
          count(*) filter (where failed and kind not in ('rollback', 'redeploy')) as failed_changes,
          count(*) filter (where kind = 'rollback') as rollbacks,
          count(*) filter (where kind = 'redeploy') as redeploys,
          count(*) filter (where is_remedy) as remedies,
          coalesce(sum(commits) filter (where is_first), 0) as first_commits,
          coalesce(sum(commits) filter (where kind = 'rollback' and not is_first), 0) as rollback_commits,
          sum(merges) as merges, sum(already_live) as already_live, sum(unknown_commits) as unknown, sum(negative_spans) as negative,
          count(*) filter (where commits > 0 and not is_first and kind <> 'rollback') as wanted,
          count(*) filter (where commits > 0 and not is_first and kind <> 'rollback' and unknown_commits = 0) as covered,
          array_agg((extract(epoch from remedied_at - live_at) * 1000000)::float8) filter (where failed and remedied_at is not null) as recovery
        from deployment_facts where ${of("live_at")} group by 1
      ) day) as days,
      (select json_build_object('n', count(*), 'q', percentile_cont(array[0.5, 0.9]) within group (order by value / 1000000::float8))
        from deployment_facts, unnest(lead) value where ${of("live_at")}) as lead,
      (select json_object_agg(outcome, n) from (
        select outcome, count(*) as n from deployment_facts where outcome is not null and ${of("ended_at")} group by 1
      ) one) as ended,
      (select count(*)::int from deployment_facts
        where ${own(deploymentFacts, sql`app_id = any(${ids}) and ended_at is null and outcome is not null and created_at >= ${at(window.from)} and created_at < ${at(window.to)}`)}) as untimed`);
  });
  return row as Answer;
}
