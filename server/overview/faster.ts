import { createHash } from "node:crypto";
import { toIso } from "../../db/schema/columns";
import type { TeamContext } from "../context";
import { type TargetUnit, targetMetric } from "../improvement/constants";
import { targetsFor } from "../improvement/targets";
import { localDate, readWindow } from "../metrics/calendar";
import { METRIC_KEYS, type MetricKey } from "../metrics/constants";
import { findScope } from "../metrics/load";
import { loadKnown } from "../metrics/load-known";
import { periodsOf, type Report, report } from "../metrics/report";
import { windowView } from "../metrics/scope-fields";

const DAYS = 28;
const DAY_MICROS = 86_400_000_000;
/** Every step of every deployment makes the page ask again; the figures of 28 days do not move so fast. */
const KEPT_S = 20;

export type Goal = { value: number; unit: TargetUnit };
export type Figured = Pick<Report, "now" | "before" | "changes" | "places" | "trend"> & {
  window: { from: string; to: string; tz: string };
  windowBefore: { from: string; to: string; tz: string };
  asOf: string;
  /** Deployments that are known of the production tier, in the window or not. */
  deployments: number;
};
export type Faster = Figured & { targets: Partial<Record<MetricKey, Goal>> };

/**
 * DORA of the whole team's production tier over the last 28 days and the 28 before: what `/metrics/dora` answers for the same window.
 * @param moved what the newest deployments are by now: as long as it stays the same, figures may be {@link KEPT_S} seconds old
 */
export async function readFaster(ctx: TeamContext, moved: unknown): Promise<Faster> {
  const figures = await kept(ctx, createHash("sha256").update(JSON.stringify(moved)).digest("base64"));
  const own = await targetsFor(ctx, {});
  const targets: Faster["targets"] = {};
  for (const key of METRIC_KEYS) {
    const value = own(key);
    if (value !== null) targets[key] = { value, unit: targetMetric(key).unit };
  }
  return { ...figures, targets };
}

/** Redis holds the last answer; without it every question is computed. */
async function kept(ctx: TeamContext, mark: string): Promise<Figured> {
  const { redis, env, log } = ctx.services;
  const key = `${env.DOKPLOY_HOME_ID}:overview:${ctx.team.id}`;
  const warn = (error: Error) => {
    log.debug({ error: error.message }, "overview not kept");
    return null;
  };
  const last = redis.status === "ready" ? await redis.hgetall(key).catch(warn) : null;
  if (last?.mark === mark && last.figures) return JSON.parse(last.figures) as Figured;
  const figures = await compute(ctx);
  if (redis.status === "ready")
    await redis
      .multi()
      .hset(key, { mark, figures: JSON.stringify(figures) })
      .expire(key, KEPT_S)
      .exec()
      .catch(warn);
  return figures;
}

async function compute(ctx: TeamContext): Promise<Figured> {
  const asOf = ctx.now();
  const periods = periodsOf(readWindow({ from: localDate(asOf - (DAYS - 1) * DAY_MICROS, "UTC") }, asOf), asOf);
  const known = await loadKnown(ctx, await findScope(ctx, {}), { ...periods.now, from: periods.before.from }, asOf);
  const { now, before, changes, places, trend } = report(known, periods, asOf);
  return {
    window: windowView(periods.now),
    windowBefore: windowView(periods.before),
    asOf: toIso(asOf),
    deployments: known.total,
    now,
    before,
    changes,
    places,
    trend,
  };
}
