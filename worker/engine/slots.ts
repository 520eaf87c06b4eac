import type Dockerode from "dockerode";
import { DeployError } from "../errors";
import type { SlotRuntime, SlotSpec, SlotState } from "../ports";
import { configIds } from "./config-files";
import { ask, askMaybe, credentialFor, type Engine, messageOf, type RegistryAccess, statusOf } from "./docker-client";
import type { EngineEvents } from "./engine-events";
import { readListeners } from "./listeners";
import { EPOCH_LABEL, SPEC_LABEL, serviceSpec, specDigest } from "./slot-spec";
import { inspectService, listTasks } from "./swarm-read";
import type { SwarmService, SwarmTask } from "./swarm-types";
import { createTaskWatch } from "./task-watch";

const STALE_VERSION_ATTEMPTS = 5;
const ENDING_MS = 15_000;

export const epochOf = (service: SwarmService): number => Number(service.Spec.Labels?.[EPOCH_LABEL] ?? 0);
export const replicasOf = (service: SwarmService): number => service.Spec.Mode.Replicated?.Replicas ?? 0;
const isStaleVersion = (error: unknown) => /update out of sequence/i.test(messageOf(error));
const isNameTaken = (error: unknown) => statusOf(error) === 409 || /name conflicts with an existing object/i.test(messageOf(error));

function refuseNewer(service: SwarmService, epoch: number): void {
  const present = epochOf(service);
  if (present <= epoch) return;
  const explanation = { what: `Another worker has taken over ${service.Spec.Name}`, why: `The service carries epoch ${present}; this worker holds ${epoch}.` };
  throw new DeployError("fenced", explanation, { kind: "ours" });
}

/**
 * dockerode sends the whole specification as X-Registry-Auth when the credential is left out, and puts it into the URL
 * when `_query` and `_body` are not told apart: both forms are given in full here.
 */
async function writeService({ docker }: Engine, service: SwarmService, spec: unknown, auth: object | null): Promise<void> {
  const update = docker.getService(service.ID) as unknown as { update(auth: object | undefined, options: object): Promise<unknown> };
  await update.update(auth ?? undefined, { _query: { version: service.Version.Index }, _body: spec });
}

/** Reads, changes and writes a service; a version that went stale in between is read again. Null from `change` means nothing to write. */
async function changeService(engine: Engine, name: string, change: (service: SwarmService) => unknown, auth: object | null = null): Promise<boolean> {
  for (let attempt = 1; ; attempt += 1) {
    const service = await inspectService(engine, name);
    if (!service) return false;
    const spec = change(service);
    if (spec === null) return true;
    try {
      await writeService(engine, service, spec, auth);
      return true;
    } catch (error) {
      if (statusOf(error) === 404) return false;
      if (!isStaleVersion(error) || attempt === STALE_VERSION_ATTEMPTS) await ask(`update the service ${name}`, () => Promise.reject(error));
    }
  }
}

async function createSlot(engine: Engine, spec: SlotSpec, auth: object | null, configs: Record<string, string>): Promise<boolean> {
  try {
    await engine.docker.createService((auth ?? undefined) as Dockerode.AuthConfig, serviceSpec(spec, engine.homeId, configs));
    return true;
  } catch (error) {
    if (isNameTaken(error)) return false;
    return ask(`create the service ${spec.name}`, () => Promise.reject(error));
  }
}

/** What `ensure` has to write over an existing service; null when it is as wanted. */
export function slotChange(service: SwarmService, spec: SlotSpec, homeId: string, configs: Record<string, string> = {}): Dockerode.ServiceSpec | null {
  refuseNewer(service, spec.epoch);
  const isSame = service.Spec.Labels?.[SPEC_LABEL] === specDigest(spec) && epochOf(service) === spec.epoch && replicasOf(service) === spec.replicas;
  return isSame ? null : serviceSpec(spec, homeId, configs);
}

/** @throws DeployError temporary when a config is not there: whoever puts the files there does so again */
async function knownConfigs(engine: Engine, { name, files }: SlotSpec): Promise<Record<string, string>> {
  const ids = await configIds(
    engine,
    files.map((file) => file.config),
  );
  const lost = files.find((file) => ids[file.config] === undefined);
  if (lost) throw new DeployError("internal", { what: `The content of ${lost.path} is not on the engine`, why: `${name} needs it.` }, { kind: "temporary" });
  return ids;
}

/** Slots as Swarm services. `registry` is the credential sent with images of its address, so that other nodes can pull. */
export function createSlots(engine: Engine, events: EngineEvents, registry: RegistryAccess | null): SlotRuntime {
  const watch = createTaskWatch(engine, events);
  return {
    async ensure(spec, signal) {
      const auth = credentialFor(spec.image, registry);
      const configs = await knownConfigs(engine, spec);
      const change = (service: SwarmService) => slotChange(service, spec, engine.homeId, configs);
      if (await changeService(engine, spec.name, change, auth)) return;
      // Tasks of a service that was removed answer to its name until they have ended: a gate would take them for the new ones.
      const timeoutMs = ENDING_MS + spec.stopGraceS * 1000;
      await watch.untilStopped({ name: spec.name, timeoutMs, signal: signal ?? new AbortController().signal });
      if (await createSlot(engine, spec, auth, configs)) return;
      await changeService(engine, spec.name, change, auth);
    },
    async scale(name, replicas, epoch) {
      const found = await changeService(engine, name, (service) => {
        refuseNewer(service, epoch);
        if (replicasOf(service) === replicas && epochOf(service) === epoch) return null;
        return { ...service.Spec, Labels: { ...service.Spec.Labels, [EPOCH_LABEL]: String(epoch) }, Mode: { Replicated: { Replicas: replicas } } };
      });
      if (!found && replicas > 0)
        throw new DeployError("internal", { what: `The service ${name} does not exist`, why: "It cannot be scaled." }, { kind: "ours" });
    },
    async remove(name, epoch) {
      const service = await inspectService(engine, name);
      if (!service) return;
      refuseNewer(service, epoch);
      await askMaybe(`remove the service ${name}`, () => engine.docker.getService(name).remove());
    },
    async owned() {
      const filters = JSON.stringify({ label: [`dokploy.home=${engine.homeId}`, "dokploy.slot"] });
      const services = await ask("list services", () => engine.docker.listServices({ filters }));
      return services.flatMap(({ Spec }) => Spec?.Name ?? []);
    },
    async state(name): Promise<SlotState | null> {
      const service = await inspectService(engine, name);
      if (!service) return null;
      const tasks = await listTasks(engine, name);
      const running = tasks.filter((task: SwarmTask) => task.Status.State === "running" && task.DesiredState === "running").length;
      return {
        name,
        image: service.Spec.TaskTemplate.ContainerSpec?.Image ?? "",
        replicas: replicasOf(service),
        running,
        epoch: epochOf(service),
        labels: service.Spec.Labels ?? {},
      };
    },
    untilRunning: watch.untilRunning,
    firstFailure: watch.firstFailure,
    untilStopped: watch.untilStopped,
    async listeners(name) {
      const tasks = await listTasks(engine, name);
      const running = tasks.filter((task) => task.Status.State === "running").sort((a, b) => (a.CreatedAt < b.CreatedAt ? 1 : -1));
      const container = running[0]?.Status.ContainerStatus;
      return container?.PID && container.ContainerID ? readListeners(container.PID, container.ContainerID) : [];
    },
  };
}
