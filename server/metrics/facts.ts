import type { Micros } from "../../db/schema/columns";
import type { DeploymentKind, DeploymentOutcome } from "../deployments/schema";

/** What the metrics know of a deployment, our own or imported. Times are microseconds since the epoch. */
export type DeploymentFact = {
  id: string;
  appId: string;
  environmentId: string;
  kind: DeploymentKind;
  outcome: DeploymentOutcome | null;
  createdAt: Micros;
  liveAt: Micros | null;
  finishedAt: Micros | null;
  sha: string | null;
  /** Its commit set; null when it was not said and is to be computed from parents. */
  commits: readonly string[] | null;
  /** The deployment whose release a rollback brought back. */
  restores: string | null;
  /** The deployment that this one makes good. */
  remediates: string | null;
  /** What a person said of it; null when nobody did. */
  mark: boolean | null;
  /** What the pipeline itself saw: verification or the watch failed. */
  failed: boolean;
  failedReason: string | null;
};
export type CommitFact = { appId: string; sha: string; parents: readonly string[]; authoredAt: Micros | null; pushedAt: Micros | null; merge: boolean };
export type IncidentFact = { id: string; causedBy: string | null; verifiedAt: Micros | null; falsePositive: boolean };
export type Facts = { deployments: readonly DeploymentFact[]; commits: readonly CommitFact[]; incidents: readonly IncidentFact[] };

export type Failure = { reason: string; method: "measured" | "inferred" | "manual" };
/** `by` is the deployment that was the remedy; null when the incidents' end was. */
export type Remedy = { at: Micros; by: string | null };
/** A live deployment with what follows from those around it. */
export type LiveDeployment = DeploymentFact & {
  liveAt: Micros;
  /** `code` that brings back what is live, or was, is a redeploy or a rollback whatever it was called. */
  actualKind: DeploymentKind;
  isFirst: boolean;
  /** Commits since the release that was live before; empty for a rollback. */
  set: readonly string[];
  /** Those of the set that were live before in this application and environment. */
  alreadyLive: ReadonlySet<string>;
  failure: Failure | null;
  /** When the earliest live remedy was live. */
  remediedAt: Micros | null;
  remediedBy: string | null;
  isRemedy: boolean;
};

export function byApp<T extends { appId: string }>(list: readonly T[]): Map<string, T[]> {
  const apps = new Map<string, T[]>();
  for (const one of list) {
    const own = apps.get(one.appId);
    if (own) own.push(one);
    else apps.set(one.appId, [one]);
  }
  return apps;
}
