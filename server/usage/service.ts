import { and, desc, eq, gte, lt } from "drizzle-orm";
import { apps, deployments } from "../../db/schema";
import { type Micros, toIso } from "../../db/schema/columns";
import { findApp, listPlacedApps, type PlacedApp } from "../apps/find";
import { findNode } from "../cluster/service";
import { type Actor, requireAdministrator, type TeamContext } from "../context";
import type { TeamRows } from "../data/team-data";
import { AppError } from "../errors";
import { findProject } from "../projects/service";
import { appPoints, appSums, diskPoints, lastDisks, lookedAt, machineMeans, type NodePoint, nodePoints, type Place, type Point } from "./read";
import type { MachineUse, NodeShare, UsageInput, UsagePoint, UsageReport } from "./schema";
import { byWaste, sizeOf } from "./sizing";
import { SAMPLE_STEP } from "./store";
import { DAY, floorTo, keptFrom, readUsageWindow, SECOND, type UsageWindow } from "./window";

/** A machine of which nothing was heard for so long is not sampled. */
const SILENT_MICROS = 120 * SECOND;
const HOUR = 3600;
/** More minutes than this are not sorted for a quantile: hours say it as well, and a page is to be there at once. */
const MOST_MINUTES = 50_000;

type Asked = { of: UsageReport["of"]; placed: PlacedApp[]; node: string | null };

/**
 * What an application, a project, a machine or all of the team's applications used, against what they are given.
 * @param actor who asks: a machine is shown to those who look after the installation
 * @throws AppError `bad_request` `not_found` `not_allowed`
 */
export async function usageReport(ctx: TeamContext, actor: Actor, input: UsageInput): Promise<UsageReport> {
  const asOf = ctx.now();
  const asked = await findAsked(ctx, actor, input);
  const window = readUsageWindow(input, asOf);
  const place: Place = { apps: asked.placed.map(({ app }) => app.id), node: asked.node };
  const grain = grainOf(window, place.apps.length, asOf);
  return ctx.team.transaction(async (rows) => {
    const ofNode = asked.node === null ? null : await nodePoints(rows, window, asked.node);
    const ofApps = await appPoints(rows, window, place);
    const sums = new Map((await appSums(rows, window, grain, place)).map((one) => [one.app, one]));
    const disks = new Map((await lastDisks(rows, asOf - 2 * DAY, place)).map(({ app, at, ...disk }) => [app, { ...disk, at: toIso(at) }]));
    const { sampledAt, unsampledNodes } = await looks(rows, asOf, asked.node);
    const found = (ofNode ?? ofApps).filter((point) => point.at < asOf);
    const sized = asked.placed.map((placed) => sizeOf(sizedApp(placed), sums.get(placed.app.id), grain, disks.get(placed.app.id) ?? null));
    return {
      of: asked.of,
      window: { from: toIso(window.from), to: toIso(window.to) },
      step: window.step,
      asOf: toIso(asOf),
      sampledAt: sampledAt === null ? null : toIso(sampledAt),
      unsampledNodes,
      points: drawn(window, asOf, found, ofNode === null ? await diskPoints(rows, window, place) : new Map(ofNode.map((point) => [point.at, point.disk]))),
      deployments: asked.of.kind === "app" ? await wentLive(rows, asked.of.id, window) : [],
      total: totalOf(found),
      node: ofNode === null ? null : shareOf(ofNode, ofApps),
      // an application that neither runs nor ran here is none of this page's
      apps: sized.filter((one) => one.n > 0 || (asked.node === null && one.replicas > 0)).sort(byWaste),
    };
  });
}

/** The last five whole minutes. */
function justNow(now: Micros): UsageWindow {
  const to = floorTo(now, 60);
  return { from: to - 300 * SECOND, to, step: 300, stored: 60 };
}

/** Mean cores and bytes that applications used in the last five minutes, in one query; one that did not run is missing. */
export async function usedNow(ctx: TeamContext, ids: string[]): Promise<Map<string, { cpu: number; memory: number }>> {
  const sums = await ctx.team.transaction((rows) => appSums(rows, justNow(ctx.now()), 60, { apps: ids, node: null }));
  return new Map(sums.map(({ app, cpu, memory }) => [app, { cpu, memory }]));
}

/** What every machine used in the last five minutes, whoever's it was. @throws AppError `not_allowed` for whoever does not look after the installation */
export async function machinesNow(ctx: TeamContext, actor: Actor): Promise<MachineUse[]> {
  requireAdministrator(actor);
  const found = await ctx.team.transaction((rows) => machineMeans(rows, justNow(ctx.now())));
  return found.map(({ cpu, cores, memory, memoryTotal, disk, diskTotal, ...machine }) => ({
    ...machine,
    use: cpu === null ? null : { cpu, cores, memory, memoryTotal, disk, diskTotal },
  }));
}

function grainOf({ from, to }: UsageWindow, apps: number, asOf: Micros): 60 | 3600 {
  return from >= keptFrom(60, asOf) && ((to - from) / (60 * SECOND)) * apps <= MOST_MINUTES ? 60 : 3600;
}

async function findAsked(ctx: TeamContext, actor: Actor, { app, project, node }: UsageInput): Promise<Asked> {
  if ([app, project, node].filter((one) => one !== undefined).length > 1)
    throw new AppError("bad_request", { what: "app, project and node are given together.", fix: "Ask for one of them." });
  if (app !== undefined) {
    const placed = await findApp(ctx, app);
    return { of: { kind: "app", id: placed.app.id, name: placed.app.name }, placed: [placed], node: null };
  }
  if (project !== undefined) {
    const found = await findProject(ctx, project);
    return { of: { kind: "project", id: found.id, name: found.name }, placed: await listPlacedApps(ctx, eq(apps.projectId, found.id)), node: null };
  }
  if (node === undefined) return { of: { kind: "team", id: ctx.team.id, name: "all projects" }, placed: await listPlacedApps(ctx), node: null };
  requireAdministrator(actor);
  const found = await findNode(ctx, node);
  return { of: { kind: "node", id: found.id, name: found.hostname }, placed: await listPlacedApps(ctx), node: found.id };
}

const sizedApp = ({ app, project, environment }: PlacedApp) => ({
  id: app.id,
  name: app.name,
  project: project.name,
  environment: environment.name,
  replicas: app.desired === "running" && app.activeSlot !== null ? app.replicas : 0,
  resources: app.resources,
});

/** Machines that are up and of which nothing has come: what runs there is not in any sum. */
async function looks(rows: TeamRows, asOf: Micros, node: string | null) {
  const machines = (await lookedAt(rows, asOf - DAY)).filter((one) => node === null || one.id === node);
  const last = Math.max(...machines.map((one) => one.at ?? 0));
  return {
    sampledAt: last > 0 ? last + SAMPLE_STEP * SECOND : null,
    unsampledNodes: machines.filter((one) => one.state === "ready" && (one.at ?? 0) < asOf - SILENT_MICROS).length,
  };
}

async function wentLive(rows: TeamRows, app: string, { from, to }: UsageWindow): Promise<UsageReport["deployments"]> {
  const where = and(eq(deployments.appId, app), gte(deployments.liveAt, from), lt(deployments.liveAt, to));
  const found = await rows.list(deployments, { where, orderBy: desc(deployments.liveAt), limit: MOST_DEPLOYMENTS });
  return found.map(({ id, number, liveAt }) => ({ id, number, liveAt: toIso(liveAt ?? 0) })).reverse();
}
const MOST_DEPLOYMENTS = 100;

const UNKNOWN = { cpu: null, cpuMost: null, memory: null, memoryMost: null, received: null, sent: null, read: null, written: null, containers: null };

/** Every point of the window up to now; where nobody looked it is null, never 0. */
function drawn({ from, to, step }: UsageWindow, asOf: Micros, found: readonly Point[], disk: Map<Micros, number>): UsagePoint[] {
  const byTime = new Map(found.map((point) => [point.at, point]));
  const points: UsagePoint[] = [];
  for (let at = from; at < Math.min(to, asOf); at += step * SECOND) {
    const point = byTime.get(at) ?? UNKNOWN;
    points.push({
      at: toIso(at),
      cpu: point.cpu,
      cpuMost: point.cpuMost,
      memory: point.memory,
      memoryMost: point.memoryMost,
      received: point.received,
      sent: point.sent,
      read: point.read,
      written: point.written,
      containers: point.containers,
      disk: disk.get(at) ?? (step < HOUR ? diskAt(disk, floorTo(at, HOUR)) : null),
    });
  }
  return points;
}

/** It is measured once an hour, at any minute of it. */
const diskAt = (disk: Map<Micros, number>, hour: Micros) => disk.get(hour) ?? disk.get(hour - HOUR * SECOND) ?? null;

/** Over the time that was looked at. */
function totalOf(points: readonly Point[]): UsageReport["total"] {
  const isKnown = points.length > 0;
  const most = (key: "cpuMost" | "memoryMost") => (isKnown ? Math.max(...points.map((one) => one[key] ?? 0)) : null);
  const bytes = (key: keyof Point["bytes"]) => points.reduce((sum, one) => sum + one.bytes[key], 0);
  return {
    cpu: isKnown ? meanOf(points, "cpu") : null,
    cpuMost: most("cpuMost"),
    memory: isKnown ? meanOf(points, "memory") : null,
    memoryMost: most("memoryMost"),
    received: bytes("received"),
    sent: bytes("sent"),
    read: bytes("read"),
    written: bytes("written"),
  };
}

/** A point counts by how long was looked in it. */
function meanOf(points: readonly Point[], key: "cpu" | "memory"): number {
  const looked = points.reduce((sum, one) => sum + one.looked, 0);
  return looked === 0 ? 0 : points.reduce((sum, one) => sum + (one[key] ?? 0) * one.looked, 0) / looked;
}

function shareOf(points: NodePoint[], ofApps: Point[]): NodeShare | null {
  const last = points.at(-1);
  if (!last) return null;
  const rest = (key: "cpu" | "memory") => Math.max(0, meanOf(points, key) - meanOf(ofApps, key));
  const { cores, memoryTotal, disk, diskTotal, load } = last;
  return { cores, memoryTotal, diskUsed: disk, diskTotal, load, restCpu: rest("cpu"), restMemory: rest("memory") };
}
