import { DeployError } from "../errors";
import type { SlotRuntime, TaskFailure } from "../ports";
import { ask, type Engine } from "./docker-client";
import { microseconds } from "./docker-stream";
import type { EngineEvents } from "./engine-events";
import { SERVICE_LABEL, SPEC_LABEL } from "./slot-spec";
import { inspectService, listLabelled, listNodes, listTasks } from "./swarm-read";
import type { SwarmNode, SwarmService, SwarmTask } from "./swarm-types";
import { describeFailure, failureError, hasEnded } from "./task-failure";
import { waitUntil } from "./wait-until";

/** How long "no suitable node" may last: an old task's resources are free only when it is gone. */
const NO_ROOM_GRACE_MS = 3_000;
/** A leader that has just begun to lead knows of no node until each has reported to it; machines that restart come back too. */
const NO_NODE_GRACE_MS = 45_000;
const LIVING = new Set(["new", "allocated", "pending", "assigned", "accepted", "preparing", "ready", "starting", "running"]);

const digestOfTask = (task: SwarmTask) => task.Spec.ContainerSpec?.Labels?.[SPEC_LABEL];
const digestOfService = (service: SwarmService) => service.Spec.TaskTemplate.ContainerSpec?.Labels?.[SPEC_LABEL];

/** Tasks that run what the service says now. */
export const presentTasks = (service: SwarmService, tasks: SwarmTask[]): SwarmTask[] =>
  tasks.filter((task) => task.ServiceID === service.ID && digestOfTask(task) === digestOfService(service));

/** Tasks of the present specification that ended by themselves since the service was last written: an older run of the same slot does not count. */
export function failedTasks(service: SwarmService, tasks: SwarmTask[]): SwarmTask[] {
  const since = microseconds(service.UpdatedAt);
  return presentTasks(service, tasks)
    .filter((task) => hasEnded(task) && microseconds(task.Status.Timestamp) >= since)
    .sort((a, b) => microseconds(a.Status.Timestamp) - microseconds(b.Status.Timestamp));
}

const gone = (name: string) =>
  new DeployError("internal", { what: `The service ${name} is gone`, why: "It was removed while it was waited for." }, { kind: "ours" });

type Unplaced = { graceMs: number; areSomeAway: boolean; error: DeployError };

/** Why the scheduler places a task nowhere, and how long that is waited for. @param reason the task's error; null when it is another one */
export function unplaced(reason: string): Unplaced | null {
  const because = /no suitable node(?: \((.*)\))?/i.exec(reason);
  if (!because) return null;
  const areSomeAway = /\d+ nodes? not available for new tasks/i.test(because[1] ?? "");
  const areAway = areSomeAway && !because[1]?.includes(";");
  const explanation = areAway
    ? { what: "No node takes new tasks", fix: "Bring one back, or let it take work again: dokploy node activate NODE." }
    : { what: "No node has room for the application", fix: "Lower its reservations, stop something else, or add a node." };
  return { graceMs: areAway ? NO_NODE_GRACE_MS : NO_ROOM_GRACE_MS, areSomeAway, error: new DeployError("no_capacity", { ...explanation, why: reason }) };
}

type AwayNode = Pick<SwarmNode, "UpdatedAt" | "Spec" | "Status">;

/**
 * Whether a node that takes work otherwise went away so lately that it may be back at once, with its labels and its room: a new leader knows
 * each as "unknown" until it has reported, and one that was held for a moment as "down". @param now milliseconds
 */
export const mayComeBack = ({ UpdatedAt, Spec, Status }: AwayNode, now: number): boolean =>
  Spec.Availability === "active" && Status.State !== "ready" && now - microseconds(UpdatedAt) / 1000 < NO_NODE_GRACE_MS;

type Watch = Pick<SlotRuntime, "untilRunning" | "firstFailure" | "untilStopped">;

/** Waits for what tasks do. All waiters share the engine's one event stream; see {@link waitUntil} for the re-checks. */
export function createTaskWatch(engine: Engine, events: EngineEvents): Watch {
  const wakeFor = (name: string) => (onChange: () => void) => events.subscribe((event) => (event === null || event.service === name ? onChange() : undefined));
  const read = async (name: string) => {
    const [service, tasks] = await Promise.all([inspectService(engine, name), listTasks(engine, name)]);
    return { service, tasks };
  };

  async function untilRunning({ name, replicas, timeoutMs, signal }: Parameters<SlotRuntime["untilRunning"]>[0]): Promise<void> {
    let lastSeen = "no task exists yet";
    let withoutNodeSince: number | null = null;
    const giveUpAfter = async ({ graceMs, areSomeAway }: Unplaced, waitedMs: number) => {
      if (!areSomeAway || waitedMs <= graceMs) return graceMs;
      return (await listNodes(engine)).some((node) => mayComeBack(node, Date.now())) ? NO_NODE_GRACE_MS : graceMs;
    };
    await waitUntil({
      signal,
      timeoutMs,
      wake: wakeFor(name),
      onTimeout: () => new DeployError("timed_out", { what: `The application did not run within ${Math.round(timeoutMs / 1000)} s`, why: lastSeen }),
      async check() {
        const { service, tasks } = await read(name);
        if (!service) throw gone(name);
        const failed = failedTasks(service, tasks);
        if (failed[0]) throw failureError(name, await describeFailure(engine, failed[0], failed.length));
        const wanted = presentTasks(service, tasks).filter((task) => task.DesiredState === "running" || task.DesiredState === "ready");
        if (wanted.filter((task) => task.Status.State === "running").length >= replicas) return true;
        const [stuck] = wanted.flatMap((task) => (task.Status.State === "pending" ? (unplaced(task.Status.Err ?? "") ?? []) : []));
        withoutNodeSince = stuck ? (withoutNodeSince ?? performance.now()) : null;
        const waitedMs = withoutNodeSince === null ? 0 : performance.now() - withoutNodeSince;
        if (stuck && waitedMs > (await giveUpAfter(stuck, waitedMs))) throw stuck.error;
        const waiting = wanted.find((task) => task.Status.State !== "running");
        if (waiting) lastSeen = `task ${waiting.ID} is ${waiting.Status.State}${waiting.Status.Err ? `: ${waiting.Status.Err}` : ""}`;
        return undefined;
      },
    });
  }

  async function firstFailure({ name, signal }: Parameters<SlotRuntime["firstFailure"]>[0]): Promise<TaskFailure> {
    return waitUntil({
      signal,
      wake: wakeFor(name),
      async check() {
        const { service, tasks } = await read(name);
        if (!service) return undefined;
        const failed = failedTasks(service, tasks);
        return failed[0] ? describeFailure(engine, failed[0], failed.length) : undefined;
      },
    });
  }

  async function untilStopped({ name, timeoutMs, signal }: Parameters<SlotRuntime["untilStopped"]>[0]): Promise<void> {
    await waitUntil({
      signal,
      timeoutMs,
      wake: wakeFor(name),
      onTimeout: () => new DeployError("timed_out", { what: `Tasks of ${name} still run after ${Math.round(timeoutMs / 1000)} s` }, { kind: "temporary" }),
      async check() {
        const filters = JSON.stringify({ label: [`com.docker.swarm.service.name=${name}`] });
        const [tasks, left, containers] = await Promise.all([
          listTasks(engine, name),
          listLabelled(engine, `${SERVICE_LABEL}=${name}`), // on other nodes a removed service is known by its tasks only
          ask(`list the containers of ${name}`, () => engine.docker.listContainers({ filters })), // a removed service has no tasks, its containers still end
        ]);
        return [...tasks, ...left].some((task) => LIVING.has(task.Status.State)) || containers.length > 0 ? undefined : true;
      },
    });
  }

  return { untilRunning, firstFailure, untilStopped };
}
