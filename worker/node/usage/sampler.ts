import { setImmediate as turn } from "node:timers/promises";
import type { ContainerSample, NodeSample } from "../../../server/usage/store";
import type { AppContainer } from "../../ports";
import type { Counters, Machine } from "./machine";

/** One look: what the machine and each container of an application used since the one before. */
export type UsageSample = { node: NodeSample; containers: ContainerSample[] };

/** Looks at the machine that it runs on, and at nothing else: no database, no Redis. */
export type UsageSampler = {
  /** Null for the first look, and for one after a pause: there is nothing to compare it with. */
  sample(): Promise<UsageSample | null>;
};

type Clocks = {
  /** Microseconds that only go forward. */
  elapsed: () => number;
  /** Microseconds since the epoch. */
  now: () => number;
};

const SECOND = 1_000_000;
/** A machine that slept, or a worker that was held: what was used meanwhile belongs to no ten seconds. */
const LONGEST_MICROS = 30 * SECOND;
const SHORTEST_MICROS = SECOND;
const COUNTED = ["cpuMicros", "receivedBytes", "sentBytes", "readBytes", "writtenBytes"] as const;
type Counted = Pick<Counters, (typeof COUNTED)[number]>;
const NOTHING: Counted = { cpuMicros: 0, receivedBytes: 0, sentBytes: 0, readBytes: 0, writtenBytes: 0 };

/** What counters have gained. One that fell began anew at 0: what it shows has come since. */
export function gained(now: Counted, before: Counted): Counted {
  const one = (key: (typeof COUNTED)[number]) => (now[key] >= before[key] ? now[key] - before[key] : now[key]);
  return {
    cpuMicros: one("cpuMicros"),
    receivedBytes: one("receivedBytes"),
    sentBytes: one("sentBytes"),
    readBytes: one("readBytes"),
    writtenBytes: one("writtenBytes"),
  };
}

/** @param present the containers that run now, as the engine's events tell */
export function createSampler(machine: Machine, present: () => AppContainer[], { elapsed, now }: Clocks): UsageSampler {
  let last: { at: number; node: Counted } | null = null;
  let before = new Map<string, Counted>();

  /** What a container that was not there at the last look has counted is of this interval when it has begun since. */
  const baseOf = (container: AppContainer, key: string, counters: Counters, micros: number): Counted =>
    before.get(key) ?? (container.startedAt > now() - micros ? NOTHING : counters);

  return {
    async sample() {
      const at = elapsed();
      const node = await machine.node();
      const micros = last === null ? 0 : at - last.at;
      const isComparable = last !== null && micros >= SHORTEST_MICROS && micros <= LONGEST_MICROS;
      const seen = new Map<string, Counted>();
      const samples: ContainerSample[] = [];
      const containers = present();
      for (const container of containers) {
        const counters = machine.container(container);
        if (!counters) continue;
        const key = `${container.id} ${container.pid}`;
        const used = gained(counters, baseOf(container, key, counters, micros));
        seen.set(key, counters);
        samples.push({ app: container.app, container: container.id, micros, memoryBytes: counters.memoryBytes, ...used });
        await turn();
      }
      machine.keepOnly(new Set(containers.map(({ id }) => id)));
      const usedByNode = last === null ? NOTHING : gained(node, last.node);
      before = seen;
      last = { at, node };
      return isComparable ? { node: { ...node, ...usedByNode, micros }, containers: samples } : null;
    },
  };
}
