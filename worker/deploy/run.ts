import type { Slot } from "../../server/apps/schema";
import type { TeamContext } from "../../server/context";
import type { DeploymentRow } from "../../server/deployments/view";
import type { WorkerStep } from "../../server/streams/definitions";
import type { NewSpan } from "../../server/streams/record";
import type { WorkerContext } from "../context";
import type { AppPlace } from "../data";
import type { LogWriter } from "./log-writer";
import type { ReleaseConfig } from "./release-config";

/** What each step leaves behind, as JSON in the deployment's row: a takeover reads it and goes on with the next step. */
export type Results = {
  fetch?: { sha: string } | { imageId: string; digest: string | null };
  plan?: { detector: string; dockerfile: { path: string } | { text: string }; port: number | null; summary: string };
  /** `node`: where the image is, when it is not here. */
  build?: { imageId: string; sizeBytes: number; node?: string };
  "push-image"?: { digest: string };
  /** `before`: what was live when it began; after a takeover the application's row may say otherwise. `gapSince`: since when nothing answers, in ms. */
  release?: {
    slot: Slot;
    releaseId: string;
    number: number;
    port: number;
    replicas: number;
    before?: { slot: Slot; releaseId: string | null } | null;
    gapSince?: number | null;
  };
  health?: { probes: number; firstAnswerMs: number };
  route?: { generation: string; firstAnswerMs: number };
  verify?: { requests: number };
};

/** One deployment on its way through the pipeline. */
export type Run = {
  worker: WorkerContext;
  ctx: TeamContext;
  place: AppPlace;
  deployment: DeploymentRow;
  config: ReleaseConfig;
  results: Results;
  log: LogWriter;
  /** Its image goes to the registry: other nodes may run it, and build it. */
  travels: boolean;
  /** The environment's network is there and the edge is on it: begun while the source is fetched and built, tried again by each call after a failure. */
  networkReady(): Promise<void>;
  /** A line in the deployment's log, under the running step. */
  say(text: string): void;
  /** Children of the running step: written to the ledger with it, on success and on failure. */
  child(span: Omit<NewSpan, "parent">): void;
  /** Facts of the running step that its span shows. */
  detail(facts: Record<string, unknown>): void;
};

export type Step = {
  step: WorkerStep;
  run: (run: Run, signal: AbortSignal) => Promise<object>;
  /** The step does not apply; it leaves no span. */
  skipWhen?: (run: Run) => boolean;
  /** From here on traffic moves: a failure rolls back, a cancellation is too late. */
  pointOfNoReturn?: boolean;
};

export const isRebuild = ({ deployment }: Run): boolean => deployment.kind === "code" || deployment.kind === "redeploy";

/** It runs a release that there is already, with that release's own configuration. */
export const goesBack = ({ deployment }: Pick<Run, "deployment">): boolean => deployment.kind === "rollback" || deployment.kind === "promote";

/** The result of an earlier step. @throws Error when the pipeline is out of order */
export function resultOf<S extends keyof Results>(run: Run, step: S): NonNullable<Results[S]> {
  const result = run.results[step];
  if (!result) throw new Error(`The step ${step} has no result yet.`);
  return result;
}
