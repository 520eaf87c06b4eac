import { eq } from "drizzle-orm";
import { nodes as table } from "../../db/schema";
import type { NodeAgent } from "../../server/cluster/schema";
import type { Services } from "../../server/context";
import type { WorkerEnv } from "../../server/env";
import { pause } from "../../server/pause";
import type { AgentReport } from "../agent/agent-name";
import { imagesTravel } from "../deploy/carry-image";
import type { AgentAuthority } from "../engine/agents/authority";
import type { Agents, BuildEngine } from "../ports";
import { readAuthority } from "./agent-authority";
import { announceNodes, type NodeRow, type NodeWatch } from "./watch-nodes";

const LOOK_MS = 2_000;
const DEPLOY_MS = 60_000;
/** So many looks in a row without an answer, and what was begun there is begun elsewhere. */
const LOST_LOOKS = 2;

/** A node whose agent answers. `lost` is aborted when it has not for a while. */
export type ReadyAgent = { node: string; name: string; engine: BuildEngine; report: AgentReport; lost: AbortSignal };
export type AgentWatch = {
  /** Those that answered when they were last asked. */
  ready(): ReadyAgent[];
  find(node: string): ReadyAgent | null;
  /** What they run, as `repo@sha256:…`; null until that is known. */
  image(): string | null;
  /** Calls back when one answers that did not before, and now if one does. */
  onReady(call: () => void): void;
  /** Resolves when each was asked once: what is taken over may be on one of them. */
  asked: Promise<void>;
  close(): Promise<void>;
};

type Known = {
  address: string;
  certificate: string;
  link: ReturnType<Agents["at"]>;
  ready: ReadyAgent | null;
  gone: AbortController;
  misses: number;
  shown: NodeAgent | null;
};
type Watched = { services: Services; env: WorkerEnv; agents: Agents; nodes: Pick<NodeWatch, "count" | "ownId" | "list">; lookMs?: number };

const BEFORE_RUNNING = ["new", "pending", "assigned", "accepted", "preparing", "ready", "starting"];
/** A task that runs has yet to listen, unless it was heard of before. */
const isComing = (task: string | undefined, shown: NodeAgent | null): boolean =>
  task !== undefined && (BEFORE_RUNNING.includes(task) || (task === "running" && (shown === null || shown.state === "starting")));

/**
 * As soon as there is a second machine, the agents run, and each is asked every two seconds whether it is there. With one machine there
 * are none, and nothing is made for them.
 */
export function watchAgents({ services, env, agents, nodes, lookMs = LOOK_MS }: Watched): AgentWatch {
  const { log } = services;
  const known = new Map<string, Known>();
  const calls = new Set<() => void>();
  const closing = new AbortController();
  let authority: AgentAuthority | null = null;
  let deployedAt: number | null = null;
  let hasRemoved = false;
  let current: string | null = null;
  let complaint = "";

  const complain = (error: unknown) => {
    const said = error instanceof Error ? error.message : String(error);
    if (said !== complaint && !closing.signal.aborted) log.warn({ err: error }, "the agents are not as they should be; it is tried again");
    complaint = said;
  };

  /** Their image, their keys, their service: looked at once a minute, and at once when there was none. */
  const deploy = async () => {
    if (!imagesTravel({ nodes, env })) {
      if (!hasRemoved) await agents.remove();
      [hasRemoved, deployedAt] = [true, null];
      return;
    }
    if (deployedAt !== null && performance.now() - deployedAt < DEPLOY_MS) return;
    const present = await readAuthority(services);
    authority = present;
    const { image, version } = await agents.image(closing.signal);
    await agents.deploy({ image, version, keys: { authority: present.authority, ...present.agent }, ownNode: nodes.ownId() });
    current = image;
    [hasRemoved, deployedAt, complaint] = [false, performance.now(), ""];
  };

  const look = async () => {
    // Swarm ends what runs on a drained node, its agent too
    const others = imagesTravel({ nodes, env }) ? nodes.list().filter((node) => !node.isOwn && node.availability !== "drain") : [];
    if (others.length > 0) authority ??= await readAuthority(services);
    const keys = authority;
    for (const [id, one] of known)
      if (one.certificate !== keys?.worker.certificate || !others.some((node) => node.id === id && node.address === one.address)) await forget(id, one);
    if (!keys) return;
    const worker = { authority: keys.authority, ...keys.worker };
    const silent = (await Promise.all(others.map((node) => ask(node, worker)))).filter((miss) => miss !== null);
    const tasks = silent.length > 0 ? await agents.tasks() : [];
    for (const { node, why } of silent) {
      const task = tasks.find((one) => one.node === node.id);
      const shown = known.get(node.id)?.shown ?? null;
      const state = node.state === "ready" && isComing(task?.state, shown) ? "starting" : "away";
      const message = task && !["running", "shutdown"].includes(task.state) ? `${task.state}: ${task.message}` : why;
      await show(node.id, { state, version: shown?.version ?? null, message: message.slice(0, 300) });
    }
    agents.answering(
      [...known].flatMap(([node, one]) => (one.ready ? [{ node, address: one.address }] : [])),
      worker,
    );
  };

  /** @returns why a node's agent is silent; null when it has answered */
  const ask = async (node: NodeRow, worker: Parameters<Agents["at"]>[1]): Promise<{ node: NodeRow; why: string } | null> => {
    const one = known.get(node.id) ?? (await meet(node, worker));
    known.set(node.id, one);
    let report: AgentReport;
    try {
      report = await one.link.report();
      if (report.node !== node.id) throw new Error(`another node answers at ${node.address}`);
    } catch (error) {
      one.ready = null;
      one.misses += 1;
      if (one.misses >= LOST_LOOKS) one.gone.abort();
      return { node, why: error instanceof Error ? error.message : String(error) };
    }
    if (one.gone.signal.aborted) one.gone = new AbortController();
    const isNew = one.ready === null;
    one.misses = 0;
    one.ready = { node: node.id, name: node.hostname, engine: one.link, report, lost: one.gone.signal };
    await show(node.id, { state: "ready", version: report.version, message: "" });
    if (isNew) for (const call of calls) call();
    return null;
  };

  /** How it was is in its row: a worker that has just started does not say that everything has just begun. */
  const meet = async (node: NodeRow, worker: Parameters<Agents["at"]>[1]): Promise<Known> => {
    const [row] = await services.db.select({ agent: table.agent }).from(table).where(eq(table.id, node.id));
    return {
      address: node.address,
      certificate: worker.certificate,
      link: agents.at(node.address, worker),
      ready: null,
      gone: new AbortController(),
      misses: 0,
      shown: row?.agent ?? null,
    };
  };

  /** The row says how it is; what has not changed is not written. */
  const show = async (id: string, next: Omit<NodeAgent, "since">) => {
    const one = known.get(id);
    if (!one || (one.shown && one.shown.state === next.state && one.shown.version === next.version && one.shown.message === next.message)) return;
    const since = one.shown?.state === next.state ? one.shown.since : services.clock();
    one.shown = { ...next, since };
    await services.db.update(table).set({ agent: one.shown }).where(eq(table.id, id));
    await announceNodes(services);
  };

  const forget = async (id: string, one: Known) => {
    one.gone.abort();
    known.delete(id);
    await services.db.update(table).set({ agent: null }).where(eq(table.id, id));
    await announceNodes(services);
  };

  const repeat = async (work: () => Promise<void>) => {
    while (!closing.signal.aborted) {
      await work().catch(complain);
      await pause(lookMs, closing.signal);
    }
  };
  const asked = look().catch(complain);
  const turns = [repeat(deploy), asked.then(() => repeat(look))];
  return {
    asked,
    ready: () => [...known.values()].flatMap(({ ready }) => ready ?? []),
    image: () => current,
    onReady(call) {
      calls.add(call);
      if ([...known.values()].some(({ ready }) => ready)) call();
    },
    find: (node) => known.get(node)?.ready ?? null,
    async close() {
      closing.abort();
      await Promise.all(turns);
    },
  };
}
