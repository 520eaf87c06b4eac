import { inArray } from "drizzle-orm";
import { Gauge, Registry } from "prom-client";
import { environments, projects } from "../../db/schema";
import type { TeamContext } from "../context";
import { commitPlace } from "../imports/identity";
import { readWindow } from "./calendar";
import { type Dora, doraOf } from "./dora";
import { byApp } from "./facts";
import { findScope, type Scope } from "./load";
import { loadKnown } from "./load-known";

const LABELS = ["project", "app", "environment"] as const;
const KEPT_MS = 60_000;
const MOST_TEAMS = 100;

/**
 * DORA's figures of a team's applications in production over the last 30 days, in Prometheus' text format. A figure that is not known (too
 * few deployments) has no sample. Computed once a minute at most, however often it is scraped.
 */
export function createGauges(): (ctx: TeamContext) => Promise<string> {
  const kept = new Map<string, { until: number; text: Promise<string> }>();
  return (ctx) => {
    const { id } = ctx.team;
    const known = kept.get(id);
    if (known && known.until > performance.now()) return known.text;
    const text = render(ctx);
    // the oldest goes first; a failure is not kept
    kept.delete(id);
    kept.set(id, { until: performance.now() + KEPT_MS, text });
    for (const oldest of [...kept.keys()].slice(0, Math.max(0, kept.size - MOST_TEAMS))) kept.delete(oldest);
    text.catch(() => kept.delete(id));
    return text;
  };
}

async function render(ctx: TeamContext): Promise<string> {
  const asOf = ctx.now();
  const window = readWindow({}, asOf);
  const scope = await findScope(ctx, {});
  const known = await loadKnown(ctx, scope, window, asOf);
  const [live, ended] = [byPlace(known.live), byPlace(known.facts.deployments)];
  const commits = byApp(known.facts.commits);
  const names = await namesOf(ctx, scope);

  const registry = new Registry();
  const gauges = createSet(registry);
  for (const app of scope.apps) {
    const appId = commitPlace(ctx.team.id, app.projectId, app.name);
    const place = placeOf({ appId, environmentId: app.environmentId });
    const figures = doraOf(live.get(place) ?? [], { deployments: ended.get(place) ?? [], commits: commits.get(appId) ?? [] }, window, asOf);
    const labels = { project: names.get(app.projectId) ?? "", app: app.name, environment: names.get(app.environmentId) ?? "" };
    for (const { gauge, read } of gauges) for (const { value, ...more } of read(figures)) if (value !== null) gauge.set({ ...labels, ...more }, value);
  }
  return registry.metrics();
}

type Placed = { appId: string; environmentId: string };
const placeOf = ({ appId, environmentId }: Placed) => `${appId} ${environmentId}`;
function byPlace<T extends Placed>(list: readonly T[]): Map<string, T[]> {
  const places = new Map<string, T[]>();
  for (const one of list) {
    const own = places.get(placeOf(one));
    if (own) own.push(one);
    else places.set(placeOf(one), [one]);
  }
  return places;
}

type Read = (figures: Dora) => { value: number | null; quantile?: string }[];
const quantiles = ({ p50, p90 }: { p50: number | null; p90: number | null }) => [
  { value: p50, quantile: "0.5" },
  { value: p90, quantile: "0.9" },
];

/** Names and units by Prometheus' conventions: base units, ratios from 0 to 1. */
function createSet(registry: Registry): { gauge: Gauge; read: Read }[] {
  const gauge = (name: string, help: string, read: Read, more: string[] = []) => ({
    gauge: new Gauge({ name: `dokploy_dora_${name}`, help: `${help}, last 30 days`, labelNames: [...LABELS, ...more], registers: [registry] }) as Gauge,
    read,
  });
  return [
    gauge("deployments_per_day", "Deployment frequency", (one) => [{ value: one.deploymentFrequency.value }]),
    gauge("lead_time_seconds", "Change lead time, commit to live", (one) => quantiles(one.leadTime), ["quantile"]),
    gauge("change_fail_ratio", "Change fail rate", (one) => [{ value: one.changeFailRate.value }]),
    gauge("recovery_time_seconds", "Failed deployment recovery time", (one) => quantiles(one.recoveryTime), ["quantile"]),
    gauge("rework_ratio", "Deployment rework rate", (one) => [{ value: one.reworkRate.value }]),
    gauge("success_ratio", "Deployments that went live, of those that ended", (one) => [{ value: one.successRate.value }]),
  ];
}

/** Names of the scope's projects and environments by id. */
async function namesOf(ctx: TeamContext, { apps }: Scope): Promise<Map<string, string>> {
  if (apps.length === 0) return new Map();
  const ids = (key: "projectId" | "environmentId") => [...new Set(apps.map((app) => app[key]))];
  const [first, second] = await ctx.team.transaction((rows) =>
    Promise.all([
      rows.list(projects, { where: inArray(projects.id, ids("projectId")) }),
      rows.list(environments, { where: inArray(environments.id, ids("environmentId")) }),
    ]),
  );
  return new Map([...first, ...second].map((row) => [row.id, row.name]));
}
