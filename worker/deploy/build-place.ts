import { and, desc, eq, isNotNull, ne, sql } from "drizzle-orm";
import { deployments, workers } from "../../db/schema";
import { buildsOn } from "../../server/cluster/schema";
import { pause } from "../../server/pause";
import type { WorkerContext } from "../context";
import { DeployError } from "../errors";
import type { BuildEngine } from "../ports";
import { writeFenced } from "./lease";
import type { Run } from "./run";

const LOOK_MS = 250;

/** A node on whose engine a deployment is built. `lost` is aborted when the node is gone; null for the platform's own. */
export type BuildPlace = { node: string; name: string; isOwn: boolean; engine: BuildEngine; lost: AbortSignal | null };
type Candidate = BuildPlace & { slots: number };
type Builders = Pick<WorkerContext, "env" | "ports" | "nodes" | "agents">;

/**
 * The nodes that build at present: those whose role it is, that take work, and whose engine can be asked. The platform's own stands in
 * where there is none.
 */
export function buildPlaces(worker: Builders): Candidate[] {
  const { nodes, agents } = worker;
  const slots = worker.env.DOKPLOY_BUILD_SLOTS;
  const list = nodes.list();
  const here = list.find((node) => node.isOwn);
  const own: Candidate = { ...ownPlace(worker), slots };
  const others = agents.ready().flatMap(({ node: id, name, engine, lost }): Candidate[] => {
    const node = list.find((one) => one.id === id);
    const isBuilder = node !== undefined && buildsOn(node) && node.availability === "active" && node.state === "ready";
    return isBuilder ? [{ node: id, name, isOwn: false, engine, lost, slots }] : [];
  });
  return others.length === 0 || (here && buildsOn(here)) ? [own, ...others] : others;
}

/** How many deployments this worker may be building at once, wherever it is. */
export const buildSlots = (worker: Builders): number => buildPlaces(worker).reduce((sum, { slots }) => sum + slots, 0);

function ownPlace({ nodes, ports }: Pick<Builders, "nodes" | "ports">): BuildPlace {
  const name = nodes.list().find((node) => node.isOwn)?.hostname ?? "";
  return { node: nodes.ownId(), name, isOwn: true, engine: ports, lost: null };
}

/**
 * Of those with a free slot the one where the application was built last, since its cache is there; else the one with the most room, of
 * equals the first. Null when all are busy.
 */
export function choosePlace<C extends { node: string; slots: number }>(places: readonly C[], busy: ReadonlyMap<string, number>, last: string | null): C | null {
  const share = ({ node, slots }: C) => (busy.get(node) ?? 0) / slots;
  const free = places.filter((place) => share(place) < 1);
  return free.find(({ node }) => node === last) ?? free.toSorted((a, b) => share(a) - share(b))[0] ?? null;
}

/** The engine of a node: of this one, or of another whose agent answers. @param node as {@link BuildPlace} names it; null for this one */
export const engineOf = ({ ports, nodes, agents }: Pick<WorkerContext, "ports" | "nodes" | "agents">, node: string | null): BuildEngine | null =>
  node === null || node === nodes.ownId() ? ports : (agents.find(node)?.engine ?? null);

/**
 * Takes a build slot of a node for a deployment that is at its build; the row says so until that step ends. Waits while all are taken.
 * PostgreSQL counts, so that several workers do not fill one node. @throws DeployError `fenced`
 */
export async function takeBuildPlace(run: Run, signal: AbortSignal): Promise<BuildPlace> {
  const { worker, deployment } = run;
  const { db } = worker.services;
  if (!run.travels) return ownPlace(worker);
  const last = await lastPlace(run);
  for (let isSaid = false; ; await pause(LOOK_MS, signal)) {
    const places = buildPlaces(worker);
    const place = await db.transaction(async (tx) => {
      await tx.execute(sql`select pg_advisory_xact_lock(hashtext('dokploy build places'))`);
      const chosen =
        places.length === 1 && places[0]?.isOwn ? places[0] : choosePlace(await withOwnSlots(tx, places), await busyPlaces(tx, deployment.id), last);
      if (chosen) run.deployment = await writeFenced(tx, run.deployment, { buildNode: chosen.node });
      return chosen;
    });
    if (place) return place;
    signal.throwIfAborted();
    if (!isSaid) run.say(`All build slots of ${places.map(({ name }) => name).join(", ")} are taken; it waits for one.`);
    isSaid = true;
  }
}

type Tx = Parameters<Parameters<Run["worker"]["services"]["db"]["transaction"]>[0]>[0];

/** This node's engine has the slots of all workers that are on it. */
async function withOwnSlots(tx: Tx, places: Candidate[]): Promise<Candidate[]> {
  const [row] = await tx.select({ slots: sql<number>`coalesce(sum(${workers.buildSlots}), 0)::int` }).from(workers);
  return places.map((place) => (place.isOwn ? { ...place, slots: Math.max(place.slots, row?.slots ?? 0) } : place));
}

async function busyPlaces(tx: Tx, except: string): Promise<Map<string, number>> {
  const rows = await tx
    .select({ node: sql<string>`${deployments.buildNode}`, count: sql<number>`count(*)::int` })
    .from(deployments)
    .where(and(eq(deployments.status, "running"), eq(deployments.step, "build"), isNotNull(deployments.buildNode), ne(deployments.id, except)))
    .groupBy(deployments.buildNode);
  return new Map(rows.map(({ node, count }) => [node, count]));
}

async function lastPlace({ ctx, deployment }: Run): Promise<string | null> {
  const [row] = await ctx.team.list(deployments, {
    where: and(eq(deployments.appId, deployment.appId), isNotNull(deployments.buildNode), ne(deployments.id, deployment.id)),
    orderBy: desc(deployments.createdAt),
    limit: 1,
  });
  return row?.buildNode ?? null;
}

/** What a step throws when the node that it worked on is gone: it is tried again, on another. */
export const nodeLost = (name: string, cause?: unknown): DeployError =>
  new DeployError(
    "engine_unavailable",
    { what: `The node ${name} went away.`, why: "Its agent does not answer any more.", fix: "It is built on another node by itself." },
    { kind: "temporary", cause },
  );
