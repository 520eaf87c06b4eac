import { z } from "zod";
import { toIso } from "../../db/schema/columns";
import { appReference } from "../inputs";
import type { Csv } from "../trpc";
import { reads, router } from "../trpc";
import { GRAINS, readWindow } from "./calendar";
import { METRIC_KEYS } from "./constants";
import { DETAIL_TABLES, detailTable, type MetricDetail, type MetricRows, metricDetail, metricRows, rowsTable } from "./detail";
import { DORA_DEFINITION } from "./dora";
import { doraAnswer } from "./dora-answer";
import { doraTable } from "./dora-table";
import { findScope } from "./load";
import { type BuildReport, buildReport, buildsTable, predictionFor } from "./load-builds";
import { loadKnown } from "./load-known";
import { type MapRows, mapRows, mapRowsTable } from "./map-rows";
import { listPlaces, nameFailures } from "./names";
import { type QualityReport, qualityReport, qualityTable } from "./quality";
import { quickCheckReport } from "./quick-check";
import { periodsOf, report } from "./report";
import { flag, scopeFields, windowFields } from "./scope-fields";
import { incidentReport, type MapAnswer, mapTable, onboardingReport, streamMap } from "./streams";

const rest = (path: string, summary: string, csv?: Csv) => ({ rest: { method: "GET" as const, path, summary, ...(csv ? { csv } : {}) } });
const options = { withRollbacks: flag, fromPush: flag };
const metric = z.enum(METRIC_KEYS);
const detailInput = z.object({
  ...scopeFields,
  ...windowFields,
  ...options,
  metric,
  grain: z.enum(GRAINS).default("week"),
  table: z.enum(DETAIL_TABLES).default("series"),
});
const level = z.coerce.number().int().min(1).max(6).optional();
const percent = z.coerce.number().min(0).max(100).optional();
const answers = { leadTime: level, frequency: level, recovery: level, changeFailPercent: percent, reworkPercent: percent };
const stream = z.string().min(1).max(60).default("deployment");
const MOST_ROWS = 100_000;

export const metricsRouter = router({
  dora: reads
    .meta(
      rest("/metrics/dora", "DORA's metrics of a team, project, application or environment", {
        table: (answer) => doraTable(answer as Parameters<typeof doraTable>[0]),
      }),
    )
    .input(z.object({ ...scopeFields, ...windowFields, ...options, samples: flag }).prefault({}))
    .query(async ({ ctx, input }) => {
      const asOf = ctx.now();
      const window = readWindow(input, asOf);
      const { days, quality, ...metrics } = await doraAnswer(ctx, input, window, asOf);
      return {
        window: { from: toIso(window.from), to: toIso(window.to), tz: window.tz, days },
        definition: DORA_DEFINITION,
        asOf: toIso(asOf),
        ...metrics,
        quality,
      };
    }),
  detail: reads
    .meta(
      rest("/metrics/detail/{metric}", "One metric in depth: by day, week or month, on a control chart, its distribution, against the period before", {
        table: (answer, input) => detailTable(answer as MetricDetail, detailInput.parse(input).table),
      }),
    )
    .input(detailInput)
    .query(({ ctx, input }) => metricDetail(ctx, input)),
  rows: reads
    .meta(
      rest("/metrics/rows/{metric}", "The deployments and commits behind a metric: counted, and left out with the reason", {
        table: (answer) => rowsTable(answer as MetricRows),
        input: { limit: MOST_ROWS },
      }),
    )
    .input(
      z.object({
        ...scopeFields,
        ...windowFields,
        ...options,
        metric,
        limit: z.coerce.number().int().min(1).max(MOST_ROWS).default(100),
        cursor: z.string().max(20).optional(),
      }),
    )
    .query(({ ctx, input }) => metricRows(ctx, input)),
  /** For the page: the window against the one before it, and what failed. */
  report: reads.input(z.object({ ...scopeFields, ...windowFields }).prefault({})).query(async ({ ctx, input }) => {
    const asOf = ctx.now();
    const scope = await findScope(ctx, input);
    const periods = periodsOf(readWindow(input, asOf), asOf);
    const known = await loadKnown(ctx, scope, { ...periods.now, from: periods.before.from }, asOf);
    const { failed, ...figures } = report(known, periods, asOf);
    const { total, lastLiveAt } = known;
    return {
      window: { from: toIso(periods.now.from), to: toIso(periods.now.to), tz: periods.now.tz },
      windowBefore: { from: toIso(periods.before.from), to: toIso(periods.before.to), tz: periods.before.tz },
      definition: DORA_DEFINITION,
      asOf: toIso(asOf),
      apps: scope.apps.length,
      deployments: total,
      lastLiveAt: lastLiveAt === null ? null : toIso(lastLiveAt),
      ...figures,
      failed: await nameFailures(ctx, failed),
    };
  }),
  places: reads.query(({ ctx }) => listPlaces(ctx)),
  map: reads
    .meta(
      rest("/metrics/map", "The value stream map: where the time of the runs that went live has gone; stream names another stream", {
        table: (answer) => mapTable(answer as MapAnswer),
      }),
    )
    .input(z.object({ ...scopeFields, ...windowFields, stream, withBefore: flag }).prefault({}))
    .query(({ ctx, input }) => streamMap(ctx, input)),
  mapRows: reads
    .meta(
      rest("/metrics/map/{step}", "The runs behind one box of the value stream map, the longest first", {
        table: (answer) => mapRowsTable(answer as MapRows),
        input: { limit: MOST_ROWS },
      }),
    )
    .input(
      z.object({
        ...scopeFields,
        ...windowFields,
        stream,
        step: z.string().min(1).max(100),
        limit: z.coerce.number().int().min(1).max(MOST_ROWS).default(100),
        cursor: z.string().max(20).optional(),
      }),
    )
    .query(({ ctx, input }) => mapRows(ctx, input)),
  quickCheck: reads
    .meta(rest("/metrics/quick-check", "DORA's quick check: a level for each metric out of its figure, and the score"))
    .input(z.object({ ...scopeFields, ...windowFields, ...answers }).prefault({}))
    .query(({ ctx, input }) => quickCheckReport(ctx, input)),
  quality: reads
    .meta(
      rest("/metrics/quality", "How far the figures can be trusted: coverage, unknown commits, clock skew, what was left out and why", {
        table: (answer) => qualityTable(answer as QualityReport),
      }),
    )
    .input(z.object({ ...scopeFields, ...windowFields }).prefault({}))
    .query(({ ctx, input }) => qualityReport(ctx, input)),
  builds: reads
    .meta(
      rest("/metrics/builds", "Where builds spend their time: slowest steps, cache hit rate, what became slower", {
        table: (answer) => buildsTable(answer as BuildReport),
      }),
    )
    .input(z.object({ ...scopeFields, ...windowFields }).prefault({}))
    .query(({ ctx, input }) => buildReport(ctx, input)),
  prediction: reads
    .meta(rest("/apps/{app}/prediction", "How long a deployment is expected to wait and to take, and what such predictions were worth"))
    .input(appReference)
    .query(({ ctx, input }) => predictionFor(ctx, input.app)),
  incidents: reads
    .meta(rest("/metrics/incidents", "How fast incidents are seen, taken on and ended; false positives and repetitions"))
    .input(z.object({ ...scopeFields, ...windowFields, samples: flag }).prefault({}))
    .query(({ ctx, input }) => incidentReport(ctx, input)),
  onboarding: reads
    .meta(rest("/metrics/onboarding", "From sign-up to something live: time, activation, retention, funnel. Without from: everybody up to now"))
    .input(z.object({ ...windowFields, source: z.enum(["all", "members", "imported"]).default("all"), samples: flag }).prefault({}))
    .query(({ ctx, input }) => onboardingReport(ctx, input)),
});
