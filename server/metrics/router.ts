import { z } from "zod";
import { toIso } from "../../db/schema/columns";
import { reads, router } from "../trpc";
import { localDates, readWindow } from "./calendar";
import { DORA_DEFINITION, dora } from "./dora";
import { buildSlots, findScope, loadFacts, loadRuns } from "./load";
import { MAP_DEFINITION, valueStreamMap } from "./map";
import { listPlaces, nameFailures } from "./names";
import { periodsOf, report } from "./report";

/** Steps that hold a build slot (worker/deploy/runner.ts). */
const BUILD_STEPS = ["fetch", "plan", "build"];
const reference = z.string().min(1).max(100).optional();
/** REST sends text, the typed client a boolean. */
const flag = z.union([z.boolean(), z.enum(["true", "false", "1", "0"]).transform((text) => text === "true" || text === "1")]).default(false);
const scopeFields = { project: reference, app: reference, environment: reference };
const windowFields = { from: z.string().max(40).optional(), to: z.string().max(40).optional(), tz: z.string().max(60).optional() };
const rest = (path: string, summary: string) => ({ rest: { method: "GET" as const, path, summary } });

export const metricsRouter = router({
  dora: reads
    .meta(rest("/metrics/dora", "DORA's metrics of a team, project, application or environment"))
    .input(z.object({ ...scopeFields, ...windowFields, samples: flag, withRollbacks: flag, fromPush: flag }).prefault({}))
    .query(async ({ ctx, input }) => {
      const asOf = ctx.now();
      const window = readWindow(input, asOf);
      const facts = await loadFacts(ctx, await findScope(ctx, input), window, asOf);
      const { days, quality, ...metrics } = dora(facts, window, asOf, input);
      const shown = Object.fromEntries(
        Object.entries(metrics).map(([name, { samples, ...metric }]) => [name, input.samples ? { ...metric, samples } : metric]),
      ) as unknown as typeof metrics;
      return {
        window: { from: toIso(window.from), to: toIso(window.to), tz: window.tz, days },
        definition: DORA_DEFINITION,
        asOf: toIso(asOf),
        ...shown,
        quality,
      };
    }),
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
