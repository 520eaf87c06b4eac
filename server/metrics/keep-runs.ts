import { and, asc, eq, gte, inArray, isNotNull, isNull, lt, or, sql } from "drizzle-orm";
import { commits, deployments, runFacts, runWeeks, spans } from "../../db/schema";
import type { Micros } from "../../db/schema/columns";
import type { TeamRows } from "../data/team-data";
import { micros } from "./load-history";
import type { MapRun, RunSpan } from "./map";
import { addKept, addRun, keepSums, noSums, runInterval } from "./map-sums";
import { jobOf } from "./replay";

export const WEEK_MICROS = 7 * 86_400_000_000;
export const weekOf = (at: Micros): number => Math.floor(at / WEEK_MICROS);
const CHUNK = 500;
type RunRow = Omit<typeof runFacts.$inferInsert, "teamId">;
type Stale = Awaited<ReturnType<typeof staleRuns>>[number];

/**
 * What the runs of an application add to its map, each by itself and week by week: of those that changed, those that are not kept yet,
 * and where commits came those whose head was not known.
 */
export async function keepRuns(rows: TeamRows, place: string, appIds: string[], changed: string[], withCommits: boolean): Promise<void> {
  if (appIds.length === 0) return;
  const stale = await staleRuns(rows, place, appIds, changed, withCommits);
  const weeks = new Map<string, Set<number>>();
  const touch = (appId: string, at: Micros) => weeks.set(appId, (weeks.get(appId) ?? new Set()).add(weekOf(at)));
  for (let from = 0; from < stale.length; from += CHUNK) {
    const part = stale.slice(from, from + CHUNK);
    const bySubject = await spansOf(
      rows,
      part.map((one) => one.id),
    );
    await rows.replaceMany(
      runFacts,
      part.map((one) => runRow(one, bySubject.get(one.id) ?? [])),
      [runFacts.deploymentId],
    );
    for (const { appId, liveAt, keptLiveAt } of part) {
      touch(appId, liveAt);
      if (keptLiveAt !== null) touch(appId, keptLiveAt);
    }
  }
  for (const [appId, touched] of weeks) await keepWeeks(rows, appId, touched);
}

function staleRuns(rows: TeamRows, place: string, appIds: string[], changed: string[], withCommits: boolean) {
  const isStale = or(
    isNull(runFacts.deploymentId),
    sql`${deployments.id} = any(${sql.param(changed)}::uuid[])`,
    withCommits ? eq(runFacts.isCommitKnown, false) : undefined,
  );
  return rows.query((db, own) => {
    const isHead = own(commits, and(inArray(commits.appId, [place, ...appIds]), eq(commits.sha, deployments.commitSha)));
    const head = sql`(select ${micros(commits.authoredAt)} from ${commits} where ${isHead} limit 1)`;
    return db
      .select({
        id: deployments.id,
        appId: deployments.appId,
        liveAt: micros<Micros>(deployments.liveAt),
        createdAt: micros<Micros>(deployments.createdAt),
        authoredAt: sql<Micros | null>`coalesce(${micros(deployments.authoredAt)}, ${head})`,
        finishedAt: micros<Micros | null>(deployments.finishedAt),
        sha: deployments.commitSha,
        isImported: deployments.imported,
        keptLiveAt: micros<Micros | null>(runFacts.liveAt),
      })
      .from(deployments)
      .leftJoin(runFacts, own(runFacts, and(eq(runFacts.deploymentId, deployments.id), inArray(runFacts.appId, appIds))))
      .where(own(deployments, and(inArray(deployments.appId, appIds), isNotNull(deployments.liveAt), isStale)))
      .orderBy(asc(deployments.appId), asc(deployments.liveAt));
  });
}

async function spansOf(rows: TeamRows, subjects: string[]): Promise<Map<string, RunSpan[]>> {
  const found = await rows.query((db, own) =>
    db
      .select({
        subject: spans.subject,
        step: spans.step,
        class: spans.class,
        startedAt: micros<Micros>(spans.startedAt),
        finishedAt: micros<Micros>(spans.finishedAt),
        outcome: spans.outcome,
        attempt: spans.attempt,
        rework: spans.rework,
      })
      .from(spans)
      .where(own(spans, and(sql`${spans.subject} = any(${sql.param(subjects)}::uuid[])`, eq(spans.stream, "deployment"), isNull(spans.parent))))
      .orderBy(asc(spans.startedAt)),
  );
  const bySubject = new Map<string, RunSpan[]>();
  for (const { subject, ...span } of found) {
    const list = bySubject.get(subject);
    if (list) list.push(span);
    else bySubject.set(subject, [span]);
  }
  return bySubject;
}

function runRow({ keptLiveAt, sha, ...one }: Stale, list: RunSpan[]): RunRow {
  const run: MapRun = { ...one, spans: list };
  const sums = noSums();
  addRun(sums, run);
  const interval = runInterval(run);
  const job = jobOf(run);
  return {
    deploymentId: one.id,
    appId: one.appId,
    liveAt: one.liveAt,
    startedAt: interval?.from ?? null,
    finishedAt: interval?.to ?? null,
    isCommitKnown: one.authoredAt !== null || sha === null,
    arrivedAt: job?.arrivedAt ?? null,
    slotFor: job?.slotFor ?? null,
    busyFor: job?.busyFor ?? null,
    sums: keepSums(sums),
  };
}

async function keepWeeks(rows: TeamRows, appId: string, weeks: ReadonlySet<number>): Promise<void> {
  const sums = new Map([...weeks].map((week) => [week, noSums()]));
  const [first, last] = [Math.min(...weeks), Math.max(...weeks)];
  const within = and(gte(runFacts.liveAt, first * WEEK_MICROS), lt(runFacts.liveAt, (last + 1) * WEEK_MICROS));
  const found = await rows.query((db, own) =>
    db
      .select({ liveAt: micros<Micros>(runFacts.liveAt), sums: runFacts.sums })
      .from(runFacts)
      .where(own(runFacts, and(eq(runFacts.appId, appId), within))),
  );
  for (const row of found) {
    const week = sums.get(weekOf(row.liveAt));
    if (week) addKept(week, row.sums);
  }
  await rows.replaceMany(
    runWeeks,
    [...sums].map(([week, own]) => ({ appId, week, sums: keepSums(own) })),
    [runWeeks.appId, runWeeks.week],
  );
}
