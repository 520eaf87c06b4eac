import { createHash } from "node:crypto";
import type Dockerode from "dockerode";
import type { SlotSpec } from "../ports";

const NANOSECONDS = 1_000_000_000;
/** Between a task's end and its successor: long enough that a crash loop costs little, short enough that a restart is hardly seen. */
const RESTART_DELAY_S = 1;
const LOG_OPTIONS = { "max-size": "10m", "max-file": "3" };
/** What no web application needs and what lets a task forge packets or devices on a shared network. */
const DROPPED_CAPABILITIES = ["CAP_NET_RAW", "CAP_MKNOD", "CAP_AUDIT_WRITE"];

export const EPOCH_LABEL = "dokploy.epoch";
/** On tasks: it outlives the service, whose name then finds them no longer. */
export const SERVICE_LABEL = "dokploy.service";
export const SPEC_LABEL = "dokploy.spec";

const sorted = (record: Record<string, string>) => Object.entries(record).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
/** Swarm runs each `NAME=value` through Go's text/template (docker service create, "templates"): what looks like one must come out as it went in. */
const untemplated = (value: string) => value.replaceAll("{{", '{{"{{"}}');
const sizes = ({ memoryBytes, cpus }: SlotSpec["limits"]) => ({
  ...(memoryBytes === undefined ? {} : { MemoryBytes: Math.trunc(memoryBytes) }),
  ...(cpus === undefined ? {} : { NanoCPUs: Math.round(cpus * NANOSECONDS) }),
});

function placementOf({ constraints = [], maxReplicasPerNode }: SlotSpec): { Constraints: string[]; MaxReplicas?: number } | null {
  if (constraints.length === 0 && maxReplicasPerNode === undefined) return null;
  return { Constraints: constraints, ...(maxReplicasPerNode === undefined ? {} : { MaxReplicas: maxReplicasPerNode }) };
}

/**
 * Identifies what a task runs. Neither the epoch nor the number of replicas is in it: a takeover or a scale must not restart tasks.
 */
export function specDigest(spec: SlotSpec): string {
  const { image, network, command, stopGraceS, limits, reservations, mounts, files } = spec;
  const place = placementOf(spec);
  // what an application does not use is left out, so that its digest is that of before there was such a thing
  const more = [...(mounts.length > 0 ? [mounts] : []), ...(files.length > 0 ? [files] : []), ...(place ? [place] : [])];
  const parts = [image, network, command ?? null, stopGraceS, sizes(limits), sizes(reservations), sorted(spec.env), ...more];
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 16);
}

const volumeMount = ({ volume, path }: SlotSpec["mounts"][number], labels: Record<string, string>): Dockerode.MountSettings => ({
  Type: "volume",
  Source: volume,
  Target: path,
  VolumeOptions: {
    Labels: { "dokploy.home": labels["dokploy.home"] ?? "", "dokploy.app": labels["dokploy.app"] ?? "" },
  } as unknown as Dockerode.MountSettings["VolumeOptions"],
});

const configFile = ({ config, path, mode, uid, gid }: SlotSpec["files"][number], id: string) => ({
  ConfigID: id,
  ConfigName: config,
  File: { Name: path, UID: String(uid), GID: String(gid), Mode: mode },
});

/** The Swarm service for a slot: a pure function of its specification. `CpuShares`-free; DNS round robin, since virtual IPs need IPVS. @param configIds the engine's ids of the configs that its files name */
export function serviceSpec(spec: SlotSpec, homeId: string, configIds: Record<string, string> = {}): Dockerode.ServiceSpec {
  const digest = specDigest(spec);
  const owner = { ...spec.labels, "dokploy.home": homeId };
  const placement = placementOf(spec);
  return {
    Name: spec.name,
    Labels: { ...owner, [EPOCH_LABEL]: String(spec.epoch), [SPEC_LABEL]: digest },
    Mode: { Replicated: { Replicas: spec.replicas } },
    EndpointSpec: { Mode: "dnsrr" },
    // A slot is idle when it is written, so all tasks change at once; health is judged through the edge, not by Swarm.
    UpdateConfig: { Parallelism: 0, Order: "stop-first", FailureAction: "continue" },
    TaskTemplate: {
      ContainerSpec: {
        Image: spec.image,
        ...(spec.command === undefined ? {} : { Args: spec.command }),
        Env: sorted(spec.env).map(([name, value]) => `${name}=${untemplated(value)}`),
        Labels: { ...owner, [SERVICE_LABEL]: spec.name, [SPEC_LABEL]: digest },
        Init: true,
        ...(spec.mounts.length === 0 ? {} : { Mounts: spec.mounts.map((mount) => volumeMount(mount, owner)) }),
        ...(spec.files.length === 0 ? {} : { Configs: spec.files.map((file) => configFile(file, configIds[file.config] ?? "")) }),
        StopGracePeriod: Math.round(spec.stopGraceS * NANOSECONDS),
        CapabilityDrop: DROPPED_CAPABILITIES,
        Privileges: { NoNewPrivileges: true } as Dockerode.Privileges, // engines before 26 ignore it
      },
      Networks: [{ Target: spec.network }],
      ...(placement ? { Placement: placement } : {}),
      Resources: { Limits: sizes(spec.limits), Reservations: sizes(spec.reservations) },
      RestartPolicy: { Condition: "any", Delay: RESTART_DELAY_S * NANOSECONDS, MaxAttempts: 0 },
      LogDriver: { Name: "json-file", Options: LOG_OPTIONS },
      ForceUpdate: 0,
    } as Dockerode.TaskSpec,
  };
}
