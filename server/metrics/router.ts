import { z } from "zod";
import { toIso } from "../../db/schema/columns";
import type { Csv } from "../trpc";
import { reads, router } from "../trpc";
import { GRAINS, localDates, readWindow } from "./calendar";
import { METRIC_KEYS } from "./constants";
import { DETAIL_TABLES, detailTable, type MetricDetail, type MetricRows, metricDetail, metricRows, rowsTable } from "./detail";
import { DORA_DEFINITION, dora } from "./dora";
import { buildSlots, findScope, loadFacts, loadRuns } from "./load";
import { MAP_DEFINITION, valueStreamMap } from "./map";
import { listPlaces, nameFailures } from "./names";
import { periodsOf, report } from "./report";
import { flag, scopeFields, windowFields } from "./scope-fields";

/** Steps that hold a build slot (worker/deploy/runner.ts). */
const BUILD_STEPS = ["fetch", "plan", "build"];
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
const MOST_ROWS = 100_000;

export const metricsRouter = router({
  dora: reads
    .meta(rest("/metrics/dora", "DORA's metrics of a team, project, application or environment"))
    .input(z.object({ ...scopeFields, ...windowFields, ...options, samples: flag }).prefault({}))
    .query(async ({ ctx, input }) => {
      const asOf = ctx.now();
      const window = readWindow(input, asOf);
      const facts = await loadFacts(ctx, await findScope(ctx, input), window, asOf);
      const { days, quality, ...metrics } = dora(facts, window, asOf, input);
      const shown = Object.fromEntries(
        Object.entries(metrics).map(([name, { samples, left, ...metric }]) => [name, input.samples ? { ...metric, samples } : metric]),
      ) as unknown as typeof metrics;
      return {
        window: { from: toIso(window.from), to: toIso(window.to), tz: window.tz, days },
        definition: DORA_DEFINITION,
        asOf: toIso(asOf),
        ...shown,
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
    const facts = await loadFacts(ctx, scope, { ...periods.now, from: periods.before.from }, asOf);
    const { failed, lastLiveAt, ...figures } = report(facts, periods, asOf);
    return {
      window: { from: toIso(periods.now.from), to: toIso(periods.now.to), tz: periods.now.tz },
      windowBefore: { from: toIso(periods.before.from), to: toIso(periods.before.to), tz: periods.before.tz },
      definition: DORA_DEFINITION,
      asOf: toIso(asOf),
      apps: scope.apps.length,
      deployments: facts.deployments.length,
      lastLiveAt: lastLiveAt === null ? null : toIso(lastLiveAt),
      ...figures,
      failed: await nameFailures(ctx, failed),
    };
  }),
  places: reads.query(({ ctx }) => listPlaces(ctx)),
  map: reads
    .meta(rest("/metrics/map", "The value stream map: where the time of the runs that went live has gone"))
    .input(z.object({ ...scopeFields, ...windowFields, stream: z.string().min(1).max(60).default("deployment") }).prefault({}))
    .query(async ({ ctx, input }) => {
      const asOf = ctx.now();
      const window = readWindow(input, asOf);
      const { runs, apart, isMeasured } = await loadRuns(ctx, await findScope(ctx, input), window, input.stream);
      const slots = isMeasured ? await buildSlots(ctx) : 0;
      const to = Math.min(window.to, asOf);
      const days = localDates(window.from, to, window.tz).length;
      return {
        window: { from: toIso(window.from), to: toIso(window.to), tz: window.tz, days },
        definition: MAP_DEFINITION,
        asOf: toIso(asOf),
        n: runs.length,
        apart,
        ...valueStreamMap(runs, { from: window.from, to: Math.max(to, window.from), days }, slots > 0 ? { steps: BUILD_STEPS, slots } : null),
      };
    }),
});
