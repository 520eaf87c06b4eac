import { and, asc, desc, eq, gte, inArray, isNotNull, lt, sql } from "drizzle-orm";
import { deployments, spans } from "../../db/schema";
import { toIso } from "../../db/schema/columns";
import { findApp } from "../apps/find";
import type { TeamContext } from "../context";
import type { Table } from "../csv";
import { type Build, type BuildAnalytics, type BuildStep, buildAnalytics } from "./build-analytics";
import { readWindow, type Window } from "./calendar";
import { findScope, type Scope } from "./load";
import { LOOKS_BACK, type PastRun, type Prediction, predict } from "./predict";
import { periodsOf } from "./report";
import { windowView } from "./scope-fields";
import type { Asked } from "./streams";

const S = 1_000_000;
/** Enough to judge the predictions that were made as well. */
const MOST_PAST = LOOKS_BACK * 2;

/** What a deployment of an application may be expected to take, and what such expectations were worth. @throws AppError `not_found` */
export async function predictionFor(ctx: TeamContext, reference: string): Promise<Prediction> {
  const { app } = await findApp(ctx, reference);
  const runs = await ctx.team.list(deployments, {
    where: and(
      eq(deployments.appId, app.id),
      eq(deployments.kind, "code"),
      eq(deployments.status, "succeeded"),
      eq(deployments.imported, false),
      isNotNull(deployments.startedAt),
      isNotNull(deployments.finishedAt),
    ),
    orderBy: desc(deployments.liveAt),
    limit: MOST_PAST,
  });
  return predict(
    runs
      .reverse()
      .flatMap(({ acceptedAt, startedAt, createdAt, finishedAt }): PastRun[] =>
        startedAt === null || finishedAt === null ? [] : [{ queueS: Math.max(0, startedAt - acceptedAt) / S, durationS: (finishedAt - createdAt) / S }],
      ),
  );
}

const MOST_STEPS = 100_000;

/** Where the builds of a scope spend their time, against the period before. @throws AppError as `findScope` and `readWindow` do */
export async function buildReport(ctx: TeamContext, input: Asked) {
  const asOf = ctx.now();
  const periods = periodsOf(readWindow(input, asOf), asOf);
  const scope = await findScope(ctx, input);
  const [now, before] = [await loadBuilds(ctx, scope, periods.now), await loadBuilds(ctx, scope, periods.before)];
  return { window: windowView(periods.now), windowBefore: windowView(periods.before), asOf: toIso(asOf), ...buildAnalytics(now, before) };
}
export type BuildReport = Awaited<ReturnType<typeof buildReport>>;

async function loadBuilds(ctx: TeamContext, scope: Scope, window: Window): Promise<{ builds: Build[]; steps: BuildStep[] }> {
  const ids = scope.apps.map((app) => app.id);
  if (ids.length === 0) return { builds: [], steps: [] };
  const rows = await ctx.team.query((db, own) =>
    db
      .select({
        run: spans.subject,
        step: spans.step,
        name: sql<string | null>`${spans.detail} ->> 'name'`,
        startedAt: spans.startedAt,
        finishedAt: spans.finishedAt,
        cached: spans.cached,
      })
      .from(spans)
      .where(
        own(
          spans,
          and(
            eq(spans.stream, "deployment"),
            inArray(spans.appId, ids),
            inArray(spans.step, ["build", "vertex"]),
            eq(spans.outcome, "ok"),
            gte(spans.finishedAt, window.from),
            lt(spans.finishedAt, window.to),
          ),
        ),
      )
      .orderBy(asc(spans.finishedAt))
      .limit(MOST_STEPS),
  );
  const seconds = (row: (typeof rows)[number]) => (row.finishedAt - row.startedAt) / S;
  return {
    builds: rows.flatMap((row) => (row.step === "build" ? [{ run: row.run, at: row.finishedAt, seconds: seconds(row) }] : [])),
    steps: rows.flatMap((row) =>
      row.step === "vertex" && row.name !== null && !row.name.startsWith("[internal]")
        ? [{ run: row.run, at: row.finishedAt, name: row.name, seconds: seconds(row), cached: row.cached }]
        : [],
    ),
  };
}

export const buildsTable = ({ steps }: Pick<BuildAnalytics, "steps">): Table => ({
  header: ["step", "n", "cached", "p50_s", "longest_s", "total_s"],
  rows: steps.map((step) => [step.name, step.n, step.cached, step.p50, step.longest, step.total]),
});
