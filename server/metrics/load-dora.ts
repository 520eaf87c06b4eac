import { type SQL, sql } from "drizzle-orm";
import { deploymentFacts } from "../../db/schema";
import { type Micros, toIso } from "../../db/schema/columns";
import type { TeamContext } from "../context";
import { localDates, startOfDate, type Window, wholeWeeks } from "./calendar";
import { NEEDED } from "./constants";
import type { Excluded, ExclusionReason } from "./dora";
import type { Scope } from "./load";
import type { Figures } from "./report";
import { percentileCont, percentileOfSorted, quantiles, wilson } from "./statistics";

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
};
/** `recovery` in microseconds, `lead` as {@link secondsOf} reads it; null where there is none. */
type Rest = { ended: Record<string, number> | null; untimed: number; recovery: number[] | null; lead: Buffer | null };

/**
 * DORA of a window out of kept facts, counted by PostgreSQL: what `doraOf` says of the same deployments (a test holds them together). Of
 * a deployment nothing is brought here but its lead times. Facts must be fresh (`refreshFacts`).
 */
export async function loadDora(ctx: TeamContext, scope: Scope, window: Window, asOf: Micros, options: { withRollbacks?: boolean }): Promise<Figures> {
  const end = Math.min(window.to, asOf);
  const dates = localDates(window.from, end, window.tz);
  const bounds = dates.map((date) => toIso(startOfDate(date, window.tz)));
  const { days, rest } = await ask(ctx, scope, window, asOf, bounds);
  const sum = (key: keyof Day) => days.reduce((total, day) => total + day[key], 0);

  const counted = sum("live") - sum("redeploys");
  const busy = new Set(days.flatMap((day) => (day.live > day.redeploys ? [dates[day.day - 1]] : [])));
  const weeks = wholeWeeks(window.from, end, window.tz).map((week) => week.filter((date) => busy.has(date)).length);
  const recovery = (rest?.recovery ?? []).map((value) => value / S);
  const lead = secondsOf(rest?.lead ?? Buffer.alloc(0));
  const { cancelled = 0, superseded = 0, ...ended } = rest?.ended ?? {};
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
      p50: lead.length >= NEEDED.p50 ? percentileOfSorted(lead, 0.5) : null,
      p90: lead.length >= NEEDED.p90 ? percentileOfSorted(lead, 0.9) : null,
      unit: "s",
      n: lead.length,
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
        ["imported_without_time", rest?.untimed ?? 0],
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

/**
 * Arrays of microseconds in PostgreSQL's binary form (`array_send`), one after the other, as sorted seconds. Half a million sorted by
 * PostgreSQL, or brought here as text, take longer than all the rest.
 */
function secondsOf(arrays: Buffer): Float64Array {
  const found = new Float64Array(Math.floor(arrays.length / ELEMENT));
  let n = 0;
  for (let at = 0; at < arrays.length; ) {
    const isEmpty = arrays.readInt32BE(at) === 0;
    const count = isEmpty ? 0 : arrays.readInt32BE(at + DIMENSION);
    at += isEmpty ? DIMENSION : DIMENSION + 8;
    for (let k = 0; k < count; k++, at += ELEMENT) found[n++] = (arrays.readInt32BE(at + 4) * 2 ** 32 + arrays.readUInt32BE(at + 8)) / S;
  }
  return found.subarray(0, n).sort();
}
/** Number of dimensions, flags and type, then for each dimension its length and lower bound; an element is its length and 8 bytes. */
const DIMENSION = 12;
const ELEMENT = 12;

/** One statement, so that every figure is of the same rows. */
async function ask(ctx: TeamContext, scope: Scope, window: Window, asOf: Micros, bounds: string[]): Promise<{ days: Day[]; rest: Rest | undefined }> {
  const ids = sql`${sql.param(scope.apps.map((app) => app.id))}::uuid[]`;
  const at = (instant: Micros) => sql`${toIso(instant)}::timestamptz`;
  // PostgreSQL's own text for an array, which it reads once: a cast from an array of text would be made anew for every row
  const days = `{${bounds.map((bound) => `"${bound}"`).join(",")}}`;
  const rows = await ctx.team.query((db, own) => {
    const within = (column: SQL) =>
      own(deploymentFacts, sql`app_id = any(${ids}) and ${column} >= ${at(window.from)} and ${column} < ${at(window.to)} and ${column} <= ${at(asOf)}`);
    const isUntimed = sql`app_id = any(${ids}) and ended_at is null and outcome is not null and created_at >= ${at(window.from)} and created_at < ${at(window.to)}`;
    return db.execute<Rest & { days: Day[] | null }>(sql`
    select
      (select json_object_agg(outcome, n) from (
        select outcome, count(*) as n from deployment_facts where outcome is not null and ${within(sql`ended_at`)} group by 1
      ) one) as ended,
      (select count(*)::int from deployment_facts where ${own(deploymentFacts, isUntimed)}) as untimed,
      (select string_agg(array_send(lead), ''::bytea) from deployment_facts where ${within(sql`live_at`)}) as lead,
      (select array_agg((extract(epoch from remedied_at - live_at) * 1000000)::float8)
        from deployment_facts where failed and remedied_at is not null and ${within(sql`live_at`)}) as recovery,
      (select json_agg(counted) from (
      select
        width_bucket(live_at, ${days}::timestamptz[]) as day,
        count(*)::int as live,
        count(*) filter (where kind not in ('rollback', 'redeploy'))::int as changes,
        count(*) filter (where failed)::int as failed,
        count(*) filter (where failed and kind not in ('rollback', 'redeploy'))::int as failed_changes,
        count(*) filter (where kind = 'rollback')::int as rollbacks,
        count(*) filter (where kind = 'redeploy')::int as redeploys,
        count(*) filter (where is_remedy)::int as remedies,
        coalesce(sum(commits) filter (where is_first), 0)::int as first_commits,
        coalesce(sum(commits) filter (where kind = 'rollback' and not is_first), 0)::int as rollback_commits,
        sum(merges)::int as merges, sum(already_live)::int as already_live, sum(unknown_commits)::int as unknown, sum(negative_spans)::int as negative,
        count(*) filter (where commits > 0 and not is_first and kind <> 'rollback')::int as wanted,
        count(*) filter (where commits > 0 and not is_first and kind <> 'rollback' and unknown_commits = 0)::int as covered
      from deployment_facts where ${within(sql`live_at`)} group by 1
      ) counted) as days`);
  });
  return { days: rows[0]?.days ?? [], rest: rows[0] };
}
