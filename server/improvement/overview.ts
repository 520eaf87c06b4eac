import type { TeamContext } from "../context";
import { localDate, readWindow } from "../metrics/calendar";
import { METRIC_KEYS } from "../metrics/constants";
import { findScope } from "../metrics/load";
import { loadKnown } from "../metrics/load-known";
import { periodsOf, report } from "../metrics/report";
import { type TargetUnit, targetMetric } from "./constants";
import { targetsFor } from "./targets";

const DAYS = 28;
const DAY_MICROS = 86_400_000_000;

/** Every step of every deployment makes the first page ask again; the figures of 28 days do not move so fast. */
const KEPT_S = 20;

/** DORA of the whole team over the last 28 days, as the first page shows it: at most {@link KEPT_S} seconds old. */
export async function readOverview(ctx: TeamContext): Promise<Overview> {
  const { redis, env, log } = ctx.services;
  const key = `${env.DOKPLOY_HOME_ID}:overview:${ctx.team.id}`;
  const warn = (error: Error) => {
    log.debug({ error: error.message }, "overview not kept");
    return null;
  };
  const kept = redis.status === "ready" ? await redis.get(key).catch(warn) : null;
  if (kept) return JSON.parse(kept) as Overview;
  const fresh = await computeOverview(ctx);
  if (redis.status === "ready") await redis.set(key, JSON.stringify(fresh), "EX", KEPT_S).catch(warn);
  return fresh;
}
export type Overview = Awaited<ReturnType<typeof computeOverview>>;

async function computeOverview(ctx: TeamContext) {
  const asOf = ctx.now();
  const periods = periodsOf(readWindow({ from: localDate(asOf - (DAYS - 1) * DAY_MICROS, "UTC") }, asOf), asOf);
  const known = await loadKnown(ctx, await findScope(ctx, {}), { ...periods.now, from: periods.before.from }, asOf);
  const { now, before, changes, places, trend } = report(known, periods, asOf);
  const own = await targetsFor(ctx, {});
  const targets: Partial<Record<string, { value: number; unit: TargetUnit }>> = {};
  for (const key of METRIC_KEYS) {
    const value = own(key);
    if (value !== null) targets[key] = { value, unit: targetMetric(key).unit };
  }
  return { deployments: known.total, now, before, changes, places, trend, targets };
}
