import { setTimeout as wait } from "node:timers/promises";
import type { Engine } from "./docker-client";
import { isAbort, messageOf } from "./docker-client";
import { jsonLines, openStream } from "./docker-stream";

/** A container of this home changed. Only what is used is kept of the engine's message. */
export type ContainerEvent = { action: "start" | "die" | "oom" | "kill"; containerId: string; service: string | null; taskId: string | null };

export type EngineEvents = {
  /** Calls back on each event of the home's containers, and with null after a reconnection (anything may have changed). Answers how to stop. */
  subscribe(onChange: (event: ContainerEvent | null) => void): () => void;
  /** Calls back after the stream was lost and is there again: the engine was restarted. */
  onReconnect(call: () => void): () => void;
  close(): Promise<void>;
};

const RECONNECT_MS = [50, 100, 250, 500, 1000];

type Message = { Action?: string; Actor?: { ID?: string; Attributes?: Record<string, string> } };

function toEvent(message: Message): ContainerEvent | null {
  const action = message.Action;
  if (action !== "start" && action !== "die" && action !== "oom" && action !== "kill") return null;
  const attributes = message.Actor?.Attributes ?? {};
  return {
    action,
    containerId: message.Actor?.ID ?? "",
    service: attributes["com.docker.swarm.service.name"] ?? null,
    taskId: attributes["com.docker.swarm.task.id"] ?? null,
  };
}

/** Says that a node of the Swarm joined, left or changed, or that it may have while nobody listened. */
export type NodeEvents = { subscribe(onChange: () => void): () => void; close(): Promise<void> };

/** Follows the engine's events through one filter, and reconnects by itself until it is closed. */
function followEvents({ address, log }: Engine, filter: object, calls: { onMessage(message: Message): void; onReconnect(): void }): { close(): Promise<void> } {
  const closing = new AbortController();
  const filters = JSON.stringify(filter);

  async function follow(isFirst: boolean): Promise<void> {
    const stream = await openStream(address, { method: "GET", path: "/events", query: { filters }, signal: closing.signal });
    if (!isFirst) {
      log.info({}, "engine events are followed again");
      calls.onReconnect();
    }
    for await (const message of jsonLines(stream)) calls.onMessage(message as Message);
  }

  async function run(): Promise<void> {
    let failures = 0;
    let isFirst = true;
    while (!closing.signal.aborted) {
      try {
        await follow(isFirst);
        failures = 0;
      } catch (error) {
        if (closing.signal.aborted) return;
        if (failures === 0) log.warn({ reason: messageOf(error) }, "engine events were lost");
        failures += 1;
      }
      isFirst = false;
      const pause = RECONNECT_MS[Math.min(failures, RECONNECT_MS.length - 1)];
      await wait(pause, undefined, { signal: closing.signal }).catch((error: unknown) => {
        if (!isAbort(error)) throw error;
      });
    }
  }
  const running = run();
  return {
    async close() {
      closing.abort();
      await running;
    },
  };
}

/** Opens the one event stream that all waiters share. It reconnects by itself until it is closed. */
export function openEngineEvents(engine: Engine): EngineEvents {
  const subscribers = new Set<(event: ContainerEvent | null) => void>();
  const reconnected = new Set<() => void>();
  // exec health checks flood the unfiltered stream
  const filter = { type: ["container"], event: ["start", "die", "oom", "kill"], label: [`dokploy.home=${engine.homeId}`] };
  const { close } = followEvents(engine, filter, {
    onMessage(message) {
      const event = toEvent(message);
      if (event) for (const call of subscribers) call(event);
    },
    onReconnect() {
      for (const call of reconnected) call();
      for (const call of subscribers) call(null);
    },
  });
  return {
    subscribe(onChange) {
      subscribers.add(onChange);
      return () => subscribers.delete(onChange);
    },
    onReconnect(call) {
      reconnected.add(call);
      return () => reconnected.delete(call);
    },
    close,
  };
}

/** A manager tells of all nodes of its Swarm, whichever of them changed. */
export function openNodeEvents(engine: Engine): NodeEvents {
  const subscribers = new Set<() => void>();
  const tell = () => {
    for (const call of subscribers) call();
  };
  const { close } = followEvents(engine, { type: ["node"] }, { onMessage: tell, onReconnect: tell });
  return {
    subscribe(onChange) {
      subscribers.add(onChange);
      return () => subscribers.delete(onChange);
    },
    close,
  };
}
