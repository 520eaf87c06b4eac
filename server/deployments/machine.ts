import type { DeploymentStatus } from "./schema";

/**
 * What may happen to a deployment. `claim` and `takeOver` are a worker's that looks for work; `succeed`, `fail` and `stop` are those of
 * the worker that holds the lease; the others come from people and pushes.
 */
export const DEPLOYMENT_EVENTS = ["overtake", "claim", "cancel", "takeOver", "succeed", "fail", "stop"] as const;
export type DeploymentEvent = (typeof DEPLOYMENT_EVENTS)[number];

/** Which event leads where; an event that is not named changes nothing. `cancel` of a running one is a wish: `stop` answers it. */
export const TRANSITIONS: Record<DeploymentStatus, Partial<Record<DeploymentEvent, DeploymentStatus>>> = {
  queued: { overtake: "superseded", claim: "running", cancel: "cancelled" },
  running: { takeOver: "running", cancel: "running", succeed: "succeeded", fail: "failed", stop: "cancelled" },
  succeeded: {},
  failed: {},
  cancelled: {},
  superseded: {},
};

export const statusAfter = (status: DeploymentStatus, event: DeploymentEvent): DeploymentStatus => TRANSITIONS[status][event] ?? status;
