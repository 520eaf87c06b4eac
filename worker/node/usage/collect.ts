import { setTimeout as wait } from "node:timers/promises";
import type { Services } from "../../../server/context";
import { forgetUsage, SAMPLE_STEP, sampledSlot, storeDisk, storeUsage, type UsageBatch } from "../../../server/usage/store";
import type { WorkerContext } from "../../context";
import { administratorTeams } from "../watch-nodes";
import { createMachine } from "./machine";
import { createSampler, type UsageSampler } from "./sampler";

const SAMPLE_MS = SAMPLE_STEP * 1000;
/** Looks that could not be stored wait for the database: an hour of them. */
const MOST_WAITING = 360;
const HOUR_MS = 3_600_000;
const AFTER_MS = 20;
const FIRST_MS = 20_000;
/** The engine walks what it measures; the last measurement of an hour is kept. */
const DISK_MS = 15 * 60_000;

/** Stores what a sampler saw of this worker's own node, and tells the pages that show it. */
export type UsageStore = { take(sampler: UsageSampler): Promise<void> };

export function createUsageStore(services: Services, ownNode: () => string): UsageStore {
  const waiting: UsageBatch[] = [];
  return {
    async take(sampler) {
      const sample = await sampler.sample();
      const nodeId = ownNode();
      if (!sample || nodeId === "") return;
      waiting.push({ nodeId, at: sampledSlot(services.clock()), ...sample });
      if (waiting.length > MOST_WAITING) waiting.shift();
      const batches = [...waiting];
      const teams = await storeUsage(services.db, batches, services.clock());
      waiting.splice(0, batches.length);
      for (const team of new Set([...teams, ...(await administratorTeams(services))])) services.events.publish(team, { type: "usage" });
    },
  };
}

/**
 * Looks at the machine every ten seconds, at the same instants whoever looks, and stores what was used; removes once an hour what is too
 * old. Without a socket the engine is on another machine, which says nothing of itself here.
 */
export function collectUsage(worker: WorkerContext): { close(): Promise<void> } {
  const { services, ports, env, nodes } = worker;
  if (!env.DOCKER_HOST.startsWith("unix:")) {
    services.log.info({}, "the engine is on another machine: what is used there is not sampled");
    return { close: async () => {} };
  }
  const closing = new AbortController();
  const { signal } = closing;
  const safely = (what: string, work: () => Promise<void>) =>
    work().catch((error: unknown) => {
      if (!signal.aborted) services.log.warn({ err: error }, what);
    });
  const every = async (pauseMs: (isFirst: boolean) => number, work: () => Promise<void>) => {
    for (let isFirst = true; ; isFirst = false) {
      await wait(pauseMs(isFirst), undefined, { signal, ref: false }).catch(() => undefined);
      if (signal.aborted) return;
      await work();
    }
  };

  const containers = ports.containers.follow();
  const store = createUsageStore(services, nodes.ownId);
  let sampler: UsageSampler | null = null;
  const look = async () => {
    sampler ??= createSampler(createMachine({ dataRoot: await ports.containers.dataRoot() }), containers.present, {
      elapsed: () => Math.round(performance.now() * 1000),
      now: services.clock,
    });
    await store.take(sampler);
  };
  // a little after its end: a timer may be early
  const untilSlot = () => SAMPLE_MS - (Math.round(services.clock() / 1000) % SAMPLE_MS) + AFTER_MS;
  const measureDisk = async () => {
    if (nodes.ownId() !== "") await storeDisk(services.db, nodes.ownId(), services.clock(), await ports.containers.disk());
  };
  const forget = async () => {
    const count = await forgetUsage(services.db, services.clock());
    if (count > 0) services.log.info({ count }, "old rows of utilisation removed");
  };
  const soonAndEvery = (pauseMs: number, what: string, work: () => Promise<void>) =>
    every(
      (isFirst) => (isFirst ? FIRST_MS : pauseMs),
      () => safely(what, work),
    );
  const running = Promise.all([
    every(untilSlot, () => safely("utilisation not sampled", look)),
    soonAndEvery(DISK_MS, "disks not measured", measureDisk),
    soonAndEvery(HOUR_MS, "old utilisation not removed", forget),
  ]);
  return {
    async close() {
      closing.abort();
      await containers.close();
      await running;
    },
  };
}
