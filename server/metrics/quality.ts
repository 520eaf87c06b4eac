import { and, count, eq, inArray, isNull } from "drizzle-orm";
import { projects, spans } from "../../db/schema";
import { toIso } from "../../db/schema/columns";
import type { TeamContext } from "../context";
import type { Table } from "../csv";
import { commitPlace } from "../imports/identity";
import { readWindow } from "./calendar";
import { DORA_DEFINITION, doraOf, inWindow } from "./dora";
import { byApp } from "./facts";
import { findScope, type ScopeInput } from "./load";
import { loadKnown } from "./load-known";
import { scoresOf } from "./quality-scores";
import { windowView } from "./scope-fields";

export type AppQuality = {
  project: string;
  app: string;
  live: number;
  /** Those whose commit set is computed from parents, since nobody said it. */
  computed: number;
  coverage: number | null;
  unknownCommits: number;
  clockSkew: number;
};

/** How far the figures of a window can be trusted, whole and by application. @throws AppError as `findScope` and `readWindow` do */
export async function qualityReport(ctx: TeamContext, input: ScopeInput & { from?: string | undefined; to?: string | undefined; tz?: string | undefined }) {
  const asOf = ctx.now();
  const window = readWindow(input, asOf);
  const scope = await findScope(ctx, input);
  const { live, facts } = await loadKnown(ctx, scope, window, asOf);
  const whole = doraOf(live, facts, window, asOf);
  const named = new Map((await ctx.team.list(projects)).map((one) => [one.id, one.name]));
  const places = new Map(scope.apps.map((app) => [commitPlace(ctx.team.id, app.projectId, app.name), app]));
  const [liveBy, deploymentsBy, commitsBy] = [byApp(live), byApp(facts.deployments), byApp(facts.commits)];
  const apps = [...places].flatMap(([place, app]): AppQuality[] => {
    const own = liveBy.get(place) ?? [];
    const result = doraOf(own, { deployments: deploymentsBy.get(place) ?? [], commits: commitsBy.get(place) ?? [] }, window, asOf);
    const within = own.filter((one) => inWindow(one.liveAt, window));
    if (within.length === 0) return [];
    return [
      {
        project: named.get(app.projectId) ?? "(deleted)",
        app: app.name,
        live: within.length,
        computed: within.filter((one) => one.commits === null).length,
        ...result.quality,
      },
    ];
  });
  return {
    window: windowView(window),
    definition: DORA_DEFINITION,
    asOf: toIso(asOf),
    quality: whole.quality,
    metrics: scoresOf(whole),
    apps: apps.sort((a, b) => (a.coverage ?? 2) - (b.coverage ?? 2) || b.unknownCommits - a.unknownCommits),
    clocks: await clocksOf(
      ctx,
      live.filter((one) => inWindow(one.liveAt, window)).map((one) => one.id),
    ),
  };
}
export type QualityReport = Awaited<ReturnType<typeof qualityReport>>;

/** Spans by whose clock they were measured, of at most this many runs. */
const MOST_RUNS = 10_000;
async function clocksOf(ctx: TeamContext, ids: string[]): Promise<{ quality: string; n: number }[]> {
  if (ids.length === 0) return [];
  return ctx.team.query((db, own) =>
    db
      .select({ quality: spans.clockQuality, n: count() })
      .from(spans)
      .where(own(spans, and(eq(spans.stream, "deployment"), isNull(spans.parent), inArray(spans.subject, ids.slice(0, MOST_RUNS)))))
      .groupBy(spans.clockQuality),
  );
}

export const qualityTable = ({ metrics }: Pick<QualityReport, "metrics">): Table => ({
  header: ["metric", "n", "lacking", "score", "excluded"],
  rows: metrics.map((one) => [one.metric, one.n, one.lacking, one.score, JSON.stringify(one.excluded)]),
});
