export type StepClass = "va" | "nnva" | "wait";
export type StepDefinition = { key: string; title: string; class: StepClass };

/** Raised whenever a step is added, renamed or reclassified; metrics name the version that they were computed with. */
export const DEFINITION_VERSION = 1;

/**
 * The deployment stream, in order. The runner's steps carry these names (worker/deploy/pipeline.ts),
 * so what runs is what the value stream map shows. `bake` lies after the end and outside lead time.
 */
export const DEPLOYMENT_STEPS = [
  { key: "push", title: "Push", class: "wait" },
  { key: "webhook", title: "Webhook", class: "wait" },
  { key: "validate", title: "Validate", class: "va" },
  { key: "queue", title: "Queue", class: "wait" },
  { key: "fetch", title: "Fetch", class: "va" },
  { key: "plan", title: "Plan", class: "va" },
  { key: "build", title: "Build", class: "va" },
  { key: "push-image", title: "Push image", class: "nnva" },
  { key: "release", title: "Release", class: "va" },
  { key: "health", title: "Health", class: "wait" },
  { key: "route", title: "Route", class: "va" },
  { key: "verify", title: "Verify", class: "va" },
] as const satisfies readonly StepDefinition[];

export type DeploymentStep = (typeof DEPLOYMENT_STEPS)[number]["key"];
/** Steps that the worker runs; the others are recorded where they happen. */
export type WorkerStep = Exclude<DeploymentStep, "push" | "webhook" | "validate" | "queue">;

/** An incident from when it begins to what was learned; the shares of its map are of detected → verified. */
export const INCIDENT_STEPS = [
  { key: "detect", title: "Detect", class: "va" },
  { key: "alert", title: "Alert", class: "nnva" },
  { key: "notify", title: "Notify", class: "nnva" },
  { key: "acknowledge", title: "Acknowledge", class: "wait" },
  { key: "diagnose", title: "Diagnose", class: "va" },
  { key: "remediate", title: "Remediate", class: "va" },
  { key: "verify", title: "Verify", class: "va" },
  { key: "post-mortem", title: "Post-mortem", class: "va" },
] as const satisfies readonly StepDefinition[];

/** Steps of a stream in their order; a stream without a definition takes the order in which its steps come. */
export const stepsOf = (stream: string): readonly StepDefinition[] =>
  stream === "deployment" ? DEPLOYMENT_STEPS : stream === "incident" ? INCIDENT_STEPS : [];

export const UNATTRIBUTED = "unattributed";
export const BAKE = "bake";

export function classOf(step: string): StepClass {
  return DEPLOYMENT_STEPS.find((known) => known.key === step)?.class ?? "wait";
}
