import { isRebuild, type Step } from "./run";
import { awaitHealth } from "./steps/await-health";
import { build } from "./steps/build";
import { fetchSource } from "./steps/fetch-source";
import { plan } from "./steps/plan";
import { pushImage } from "./steps/push-image";
import { release } from "./steps/release";
import { route } from "./steps/route";
import { verify } from "./steps/verify";

/**
 * From a queued deployment to a live address. The names are those of the deployment stream in the ledger, so what runs here is
 * what the value stream map shows. `validate` ran when the deployment was accepted (server/deployments/validate.ts); `queue` was
 * the wait until this worker held the lease and a build slot.
 *
 * Each step first looks whether its effect is there already: after a crash it runs again.
 */
export const deployPipeline: readonly Step[] = [
  { step: "fetch", run: fetchSource, skipWhen: (run) => !isRebuild(run) },
  { step: "plan", run: plan, skipWhen: (run) => !isRebuild(run) || run.deployment.ref?.kind === "image" },
  { step: "build", run: build, skipWhen: (run) => !isRebuild(run) || run.deployment.ref?.kind === "image" },
  {
    step: "push-image",
    run: pushImage,
    skipWhen: (run) => !isRebuild(run) || run.deployment.ref?.kind === "image" || !run.travels,
  },
  { step: "release", run: release },
  { step: "health", run: awaitHealth },
  { step: "route", run: route, pointOfNoReturn: true },
  { step: "verify", run: verify, pointOfNoReturn: true },
];
