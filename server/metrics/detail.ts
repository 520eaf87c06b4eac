import { toIso } from "../../db/schema/columns";
import type { TeamContext } from "../context";
import type { Cell, Table } from "../csv";
import { AppError } from "../errors";
import { type Grain, readWindow } from "./calendar";
import type { MetricKey } from "./constants";
import { DORA_DEFINITION, type DoraOptions, doraOf } from "./dora";
import { type DrillRow, drillRows } from "./drill";
import { findScope, type ScopeInput } from "./load";
import { loadKnown } from "./load-known";
import { type NamedDeployment, nameDeployments } from "./names";
import { scoresOf } from "./quality-scores";
import { compare, periodsOf } from "./report";
import { windowView } from "./scope-fields";
import { type Bin, controlFrom, controlOf, dayBins, type Point, seriesOf, timeBins, timedSamples } from "./series";

export type Question = ScopeInput & DoraOptions & { metric: MetricKey; from?: string | undefined; to?: string | undefined; tz?: string | undefined };

/** One metric in depth: its figure against the period before, by day, week or month, on a control chart, and how its samples lie. */
export async function metricDetail(ctx: TeamContext, input: Question & { grain: Grain }) {
  const { metric, grain } = input;
  const asOf = ctx.now();
  const scope = await findScope(ctx, input);
  const periods = periodsOf(readWindow(input, asOf), asOf);
  const from = Math.min(periods.before.from, controlFrom(periods.now));
  const { live, facts, total, lastLiveAt } = await loadKnown(ctx, scope, { ...periods.now, from }, asOf);
  const { figures, now } = compare(live, facts, periods, asOf, input);
  const samples = timedSamples(doraOf(live, facts, { ...periods.now, from }, asOf, input), metric, facts.deployments);
  const within = (window: { from: number; to: number }) => samples.filter(({ at }) => at >= window.from && at < window.to).map(({ value }) => value);
  const control = controlOf(samples, periods.now, metric);
  const bins: Bin[] =
    metric === "leadTime" || metric === "recoveryTime"
      ? timeBins(within(periods.now), within(periods.before))
      : metric === "deploymentFrequency"
        ? dayBins(periods.now, periods.before, samples)
        : [];
  return {
    metric,
    grain,
    withRollbacks: input.withRollbacks ?? false,
    fromPush: input.fromPush ?? false,
    window: windowView(periods.now),
    windowBefore: windowView(periods.before),
    definition: DORA_DEFINITION,
    asOf: toIso(asOf),
    apps: scope.apps.length,
    deployments: total,
    lastLiveAt: lastLiveAt === null ? null : toIso(lastLiveAt),
    ...figures,
    series: seriesOf(samples, periods.now, metric, grain).map(pointView),
    seriesBefore: seriesOf(samples, periods.before, metric, grain).map(pointView),
    control: {
      ...control,
      points: control.points.map(({ isBefore, range, signal, ...point }) => ({ ...pointView(point), isBefore, range, signal })),
    },
    distribution: bins,
    quality: scoresOf(now).find((one) => one.metric === metric) ?? null,
  };
}
export type MetricDetail = Awaited<ReturnType<typeof metricDetail>>;

const pointView = ({ from, to, ...point }: Point) => ({ ...point, from: toIso(from), to: toIso(to) });

export type NamedRow = DrillRow & { number: number | null; app: string; liveAt: string | null; failure: string | null };

/** The deployments, or commits, that a figure is made of: those counted first, then those left out with the reason. */
export async function metricRows(ctx: TeamContext, input: Question & { limit: number; cursor?: string | undefined }) {
  const asOf = ctx.now();
  const { now } = periodsOf(readWindow(input, asOf), asOf);
  const { live, facts } = await loadKnown(ctx, await findScope(ctx, input), now, asOf);
  const result = doraOf(live, facts, now, asOf, input);
  const all = drillRows(result, input.metric, facts);
  const begin = input.cursor === undefined ? 0 : Number(input.cursor);
  if (!Number.isInteger(begin) || begin < 0) throw new AppError("bad_request", { what: "The cursor is not one that a page ended with." });
  const rows = all.slice(begin, begin + input.limit);
  const names = await nameDeployments(ctx, rows);
  const byId = new Map(live.map((one) => [one.id, one]));
  const { excluded, n } = result[input.metric];
  return {
    metric: input.metric,
    n,
    excluded,
    total: all.length,
    window: windowView(now),
    definition: DORA_DEFINITION,
    asOf: toIso(asOf),
    items: rows.map((row): NamedRow => {
      const named: NamedDeployment | undefined = names.get(row.deployment);
      const one = byId.get(row.deployment);
      return {
        ...row,
        number: named?.number ?? null,
        app: named?.app ?? "(deleted)",
        liveAt: one ? toIso(one.liveAt) : null,
        failure: one?.failure?.reason ?? null,
      };
    }),
    nextCursor: begin + rows.length < all.length ? String(begin + rows.length) : null,
  };
}
export type MetricRows = Awaited<ReturnType<typeof metricRows>>;

export const rowsTable = ({ items }: Pick<MetricRows, "items">): Table => ({
  header: ["deployment", "app", "number", "live_at", "commit", "value", "left_out", "failure"],
  rows: items.map((row) => [row.deployment, row.app, row.number, row.liveAt, row.commit, row.value, row.reason, row.failure]),
});

export const DETAIL_TABLES = ["series", "control", "distribution"] as const;
/** One of a detail's charts as a table. */
export function detailTable(detail: MetricDetail, table: (typeof DETAIL_TABLES)[number]): Table {
  if (table === "distribution")
    return {
      header: ["samples", "from", "to", "this_period", "period_before"],
      rows: detail.distribution.map((bin) => [bin.label, bin.low, bin.high, bin.now, bin.before]),
    };
  const figures = (point: MetricDetail["series"][number]): Cell[] => [
    point.date,
    point.from,
    point.to,
    point.n,
    point.value,
    point.p90,
    point.numerator,
    point.interval?.[0],
    point.interval?.[1],
  ];
  const header = ["date", "from", "to", "n", "value", "p90", "numerator", "interval_low", "interval_high"];
  if (table === "series") return { header, rows: detail.series.map(figures) };
  const { limits } = detail.control;
  return {
    header: [...header, "before_period", "moving_range", "signal", "mean", "lower_limit", "upper_limit", "range_limit"],
    rows: detail.control.points.map((point) => [
      ...figures(point),
      point.isBefore,
      point.range,
      point.signal,
      limits?.mean,
      limits?.lower,
      limits?.upper,
      limits?.rangeUpper,
    ]),
  };
}
