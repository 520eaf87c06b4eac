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

/** Opens the one event stream that all waiters share. It reconnects by itself until it is closed. */
export function openEngineEvents({ address, homeId, log }: Engine): EngineEvents {
  const subscribers = new Set<(event: ContainerEvent | null) => void>();
  const reconnected = new Set<() => void>();
  const closing = new AbortController();
  // exec health checks flood the unfiltered stream
  const filters = JSON.stringify({ type: ["container"], event: ["start", "die", "oom", "kill"], label: [`dokploy.home=${homeId}`] });

  async function follow(isFirst: boolean): Promise<void> {
    const stream = await openStream(address, { method: "GET", path: "/events", query: { filters }, signal: closing.signal });
    if (!isFirst) {
      log.info({}, "engine events are followed again");
      for (const call of reconnected) call();
      for (const call of subscribers) call(null);
    }
    for await (const message of jsonLines(stream)) {
      const event = toEvent(message as Message);
      if (event) for (const call of subscribers) call(event);
    }
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
    subscribe(onChange) {
      subscribers.add(onChange);
      return () => subscribers.delete(onChange);
    },
    onReconnect(call) {
      reconnected.add(call);
      return () => reconnected.delete(call);
    },
    async close() {
      closing.abort();
      await running;
    },
  };
}
