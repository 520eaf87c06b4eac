import { setMaxListeners } from "node:events";
import type { ContainerLine, ContainerLogs } from "../ports";
import { ask, type Engine, isAbort, messageOf, statusOf } from "./docker-client";
import { demultiplex, lineCutter, openStream, timestampedLine } from "./docker-stream";
import type { EngineAddress } from "./engine-address";
import type { EngineEvents } from "./engine-events";
import { createLineBatch } from "./line-batch";
import { listTasks } from "./swarm-read";
import type { SwarmTask } from "./swarm-types";

type FollowRequest = Parameters<ContainerLogs["follow"]>[0];
type Slot = "a" | "b";

/** Between two looks for new tasks; an event makes it sooner. A task's container is known a little after it started. */
const LOOK_MS = 1000;
const SOON_MS = 100;

const seconds = (us: number) => `${Math.trunc(us / 1_000_000)}.${String(us % 1_000_000).padStart(6, "0")}000`;
const replicaName = (slot: Slot, task: SwarmTask) => `${slot}.${task.Slot ?? 1}`;

/**
 * Follows containers rather than Swarm's service logs: those lose the tail of a task that ends, and know no replica of a plain node.
 * Those of other nodes are followed through the node's agent, over Swarm where there is none.
 */
async function followTask(
  engine: Engine,
  task: SwarmTask,
  options: { slot: Slot; since: number; signal: AbortSignal; push: (line: ContainerLine) => void; addressOf: AddressOf },
): Promise<void> {
  const { slot, since, signal, push, addressOf } = options;
  const containerId = task.Status.ContainerStatus?.ContainerID;
  const query = { follow: "1", stdout: "1", stderr: "1", timestamps: "1", ...(since > 0 ? { since: seconds(since) } : {}) };
  const replica = replicaName(slot, task);
  const emit = (stream: "stdout" | "stderr") => (line: string) => {
    const { at, text } = timestampedLine(line, stream);
    if (at > since) push({ at, stream, text, replica, slot });
  };
  const ofContainer = (address: EngineAddress) => openStream(address, { method: "GET", path: `/containers/${containerId}/logs`, query, signal });
  const open = async () => {
    try {
      return await ofContainer(engine.address);
    } catch (error) {
      if (statusOf(error) !== 404) throw error;
    }
    const there = addressOf(task.NodeID ?? "");
    try {
      if (there) return await ofContainer(there);
    } catch (error) {
      if (signal.aborted) throw error;
      engine.log.warn({ reason: messageOf(error), task: task.ID }, "an agent did not hand out a log; it is read over Swarm");
    }
    return openStream(engine.address, { method: "GET", path: `/tasks/${task.ID}/logs`, query, signal });
  };
  const cutters = { stdout: lineCutter(emit("stdout")), stderr: lineCutter(emit("stderr")) };
  for await (const { stream, data } of demultiplex(await open())) cutters[stream].push(data);
  cutters.stdout.flush();
  cutters.stderr.flush();
}

/** Where a node's engine is reached; null where it is not. */
type AddressOf = (node: string) => EngineAddress | null;

export function createContainerLogs(engine: Engine, events: EngineEvents, addressOf: AddressOf): ContainerLogs {
  return {
    async follow({ services, since, signal, onLines }: FollowRequest) {
      const batch = createLineBatch(onLines);
      setMaxListeners(0, signal); // one for each task that is followed
      /** Tasks that are followed, and since when each is to be read again should its stream break. */
      const followed = new Set<string>();
      const ended = new Set<string>();
      const lastAt = new Map<string, number>();
      const running = new Set<Promise<void>>();
      let wake: () => void = () => {};
      const stop = events.subscribe((event) => {
        if (event === null || event.service === services.a || event.service === services.b) setTimeout(() => wake(), event === null ? 0 : SOON_MS);
      });
      const onAbort = () => wake();
      signal.addEventListener("abort", onAbort, { once: true });

      const begin = (slot: Slot, task: SwarmTask) => {
        followed.add(task.ID);
        const push = (line: ContainerLine) => {
          lastAt.set(task.ID, Math.max(lastAt.get(task.ID) ?? 0, line.at));
          batch.push(line);
        };
        const work = followTask(engine, task, { slot, since: lastAt.get(task.ID) ?? since, signal, push, addressOf })
          .then(
            () => ended.add(task.ID),
            (error: unknown) => {
              if (signal.aborted || isAbort(error)) return;
              if (statusOf(error) === 404) ended.add(task.ID);
              else engine.log.warn({ reason: messageOf(error), task: task.ID }, "the log of a task broke off");
            },
          )
          .then(() => {
            followed.delete(task.ID);
            running.delete(work);
          });
        running.add(work);
      };

      /** A stream that ended while its task lives was cut by an engine that went away: it is opened again. */
      const look = async () => {
        const known = new Set<string>();
        for (const slot of ["a", "b"] as const) {
          for (const task of await listTasks(engine, services[slot])) {
            known.add(task.ID);
            const hasLog =
              Boolean(task.Status.ContainerStatus?.ContainerID) && ["starting", "running", "complete", "failed", "shutdown"].includes(task.Status.State);
            const isOver = ended.has(task.ID) && task.Status.State !== "running";
            if (hasLog && !isOver && !followed.has(task.ID)) begin(slot, task);
          }
        }
        for (const id of [...ended, ...lastAt.keys()]) {
          if (known.has(id) || followed.has(id)) continue;
          ended.delete(id);
          lastAt.delete(id);
        }
      };

      try {
        while (!signal.aborted) {
          try {
            await ask("look for tasks", look);
          } catch (error) {
            engine.log.warn({ reason: messageOf(error), services }, "tasks could not be listed for their logs");
          }
          if (signal.aborted) break;
          await new Promise<void>((resolve) => {
            const timer = setTimeout(resolve, LOOK_MS);
            wake = () => {
              clearTimeout(timer);
              resolve();
            };
          });
        }
        await Promise.all(running);
      } finally {
        stop();
        signal.removeEventListener("abort", onAbort);
        batch.flush();
      }
    },
  };
}
