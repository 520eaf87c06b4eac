import type { Slot } from "../../server/apps/schema";
import type { WorkerContext } from "../context";
import type { AppPlace } from "../data";
import type { SlotSpec } from "../ports";
import type { ReleaseConfig } from "./release-config";

export type ReleaseFacts = { id: string; number: number; deploymentId: string; image: string; commitSha: string | null };

export const serviceOf = (app: AppPlace["app"], slot: Slot): string => (slot === "a" ? app.slotA : app.slotB);
export const otherSlot = (slot: Slot): Slot => (slot === "a" ? "b" : "a");

export const labelsOf = (home: string, { app, project, environment }: AppPlace): Record<string, string> => ({
  "dokploy.home": home,
  "dokploy.project": project.name,
  "dokploy.app": app.id,
  "dokploy.environment": environment.name,
});

/** What a slot runs for a release: the same whoever asks, so that a takeover, a start and a reconciliation agree. */
export function slotSpecOf(
  worker: Pick<WorkerContext, "env" | "nodes">,
  place: AppPlace,
  slot: Slot,
  release: ReleaseFacts,
  config: ReleaseConfig,
  port: number,
  replicas: number,
  epoch: number,
): SlotSpec {
  return {
    name: serviceOf(place.app, slot),
    image: release.image,
    network: place.environment.network,
    labels: { ...labelsOf(worker.env.DOKPLOY_HOME_ID, place), "dokploy.release": String(release.number), "dokploy.slot": slot },
    env: environmentOf(place, release, config, port),
    replicas,
    stopGraceS: config.stopGraceS,
    limits: { memoryBytes: config.resources.memoryBytes, cpus: config.resources.cpus },
    reservations: { memoryBytes: config.resources.reservedMemoryBytes, cpus: config.resources.reservedCpus },
    mounts: config.volumes.map(({ name, path }) => ({ volume: volumeName(place.app.id, name), path })),
    files: config.files.map(({ configName, path, mode, uid, gid }) => ({ config: configName, path, mode, uid, gid })),
    constraints: constraintsOf(config, worker.nodes.ownId()),
    maxReplicasPerNode: config.maxReplicasPerNode ?? undefined,
    epoch,
  };
}

/** A volume is on one node's disk. Without a rule that says which, the application stays on the one that there was first. */
const constraintsOf = ({ placement, volumes }: Pick<ReleaseConfig, "placement" | "volumes">, ownId: string): string[] =>
  volumes.length > 0 && placement.length === 0 && ownId !== "" ? [`node.id==${ownId}`] : placement;

/** A volume belongs to its application: another one with the same name for it has another volume. */
export const volumeName = (appId: string, name: string): string => `dkp-${appId.slice(0, 18)}-${name}`;

export function environmentOf(place: AppPlace, release: Omit<ReleaseFacts, "image">, config: ReleaseConfig, port: number): Record<string, string> {
  return {
    PORT: String(port),
    ...config.env,
    DOKPLOY_COMMIT: release.commitSha ?? "",
    DOKPLOY_DEPLOYMENT: release.deploymentId,
    DOKPLOY_ENVIRONMENT: place.environment.name,
  };
}
