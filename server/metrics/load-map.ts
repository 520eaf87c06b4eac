import { and, asc, count, gte, isNull, lt, or, sql } from "drizzle-orm";
import type { PgColumn } from "drizzle-orm/pg-core";
import { deployments, runFacts, runWeeks } from "../../db/schema";
import { type Micros, toIso } from "../../db/schema/columns";
import type { TeamContext } from "../context";
import type { Window } from "./calendar";
import { WEEK_MICROS } from "./keep-runs";
import type { Scope } from "./load";
import { micros } from "./load-history";
import { addKept, type MapSums, noSums } from "./map-sums";
import { type Job, MOST_JOBS } from "./replay";
import type { KeptSums } from "./schema";

export type LoadedMap = {
  sums: MapSums;
  /** What runs have of the window, in microseconds. */
  inProgress: Micros;
  /** How many ended otherwise than live, by their status. */
  apart: Record<string, number>;
  /** For the replay: null where a run was not recorded well enough, or where they are too many. */
  jobs: Job[] | null;
  isMeasured: boolean;
};

/**
 * What the map of a window is made of, out of kept sums: whole weeks of each application, and single runs at the window's ends. Facts must
 * be fresh (`refreshFacts`). @param to where work in progress ends to be counted: the window's end, or now
 */
export async function loadMap(ctx: TeamContext, scope: Scope, window: Window, to: Micros): Promise<LoadedMap> {
  const ids = sql`${sql.param(scope.apps.map((app) => app.id))}::uuid[]`;
  const at = (instant: Micros) => sql`${toIso(instant)}::timestamptz`;
  const [first, last] = [Math.ceil(window.from / WEEK_MICROS), Math.floor(window.to / WEEK_MICROS)];
  const isLive = and(sql`${runFacts.appId} = any(${ids})`, gte(runFacts.liveAt, window.from), lt(runFacts.liveAt, window.to));
  const isAtEnds = first < last ? or(lt(runFacts.liveAt, first * WEEK_MICROS), gte(runFacts.liveAt, last * WEEK_MICROS)) : undefined;
  return ctx.team.query(async (db, own) => {
    // all in one value: ten thousand small rows cost more on their way than in it
    const together = (column: PgColumn) => sql<string>`'[' || coalesce(string_agg(${column}::text, ','), '') || ']'`;
    const weeks =
      first < last
        ? await db
            .select({ sums: together(runWeeks.sums) })
            .from(runWeeks)
            .where(own(runWeeks, and(sql`${runWeeks.appId} = any(${ids})`, gte(runWeeks.week, first), lt(runWeeks.week, last))))
        : [];
    const ends = await db
      .select({ sums: together(runFacts.sums) })
      .from(runFacts)
      .where(own(runFacts, and(isLive, isAtEnds)));
    const within = sql`greatest(0, extract(epoch from least(${runFacts.finishedAt}, ${at(to)}) - greatest(${runFacts.startedAt}, ${at(window.from)})))`;
    // a run without an end has no beginning here either
    const [progress] = await db
      .select({ micros: sql<number>`coalesce(sum(${within}) filter (where ${runFacts.finishedAt} is not null) * 1000000, 0)::float8` })
      .from(runFacts)
      .where(own(runFacts, isLive));
    const ended = await db
      .select({ status: deployments.status, n: count() })
      .from(deployments)
      .where(
        own(
          deployments,
          and(
            sql`${deployments.appId} = any(${ids})`,
            isNull(deployments.liveAt),
            gte(deployments.finishedAt, window.from),
            lt(deployments.finishedAt, window.to),
          ),
        ),
      )
      .groupBy(deployments.status);
    const sums = noSums();
    for (const row of [...weeks, ...ends]) for (const kept of JSON.parse(row.sums) as KeptSums[]) addKept(sums, kept);
    const isMeasured = sums.runs > 0 && sums.measured === sums.runs;
    const found =
      isMeasured && sums.runs <= MOST_JOBS
        ? await db
            .select({ app: runFacts.appId, arrivedAt: micros<Micros | null>(runFacts.arrivedAt), slotFor: runFacts.slotFor, busyFor: runFacts.busyFor })
            .from(runFacts)
            .where(own(runFacts, isLive))
            .orderBy(asc(runFacts.liveAt))
        : [];
    const jobs = found.flatMap(({ app, arrivedAt, slotFor, busyFor }): Job[] =>
      arrivedAt === null || slotFor === null || busyFor === null ? [] : [{ app, arrivedAt, slotFor, busyFor }],
    );
    return {
      sums,
      inProgress: progress?.micros ?? 0,
      apart: Object.fromEntries(ended.map(({ status, n }) => [status, n])),
      jobs: jobs.length === found.length ? jobs : null,
      isMeasured,
    };
  });
}
