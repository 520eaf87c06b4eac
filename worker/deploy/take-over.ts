import { systemClock } from "../../server/clock";
import { DeployError } from "../errors";
import { buildId } from "./build-id";
import { engineOf } from "./build-place";
import { fenced } from "./lease";
import { releaseCommandName } from "./release-command";
import type { Run } from "./run";
import { serviceOf } from "./slot-spec";
import { removeOtherWorkTrees } from "./work-tree";

/**
 * Ends what the worker that held this deployment may have left running: its build, its release command, its files. Both slots are
 * marked with the new epoch, so that the engine refuses that worker if it only slept. What cannot be reached now is refused or swept
 * later. @throws DeployError `fenced` when a slot carries a newer epoch
 */
export async function clearPredecessor(run: Run): Promise<void> {
  const { worker, deployment, place } = run;
  const { oneOff, slots } = worker.ports;
  const isOurs = (name: string) => name.startsWith(releaseCommandName(deployment.id, ""));
  const mark = async (name: string) => {
    const state = await slots.state(name);
    if (state) await slots.scale(name, state.replicas, deployment.epoch);
  };
  const done = await Promise.allSettled([
    engineOf(worker, deployment.buildNode)?.builder.cancel(buildId(deployment.id, deployment.attempt - 1)),
    oneOff.present().then((names) => Promise.all(names.filter(isOurs).map((name) => oneOff.end(name)))),
    mark(serviceOf(place.app, "a")),
    mark(serviceOf(place.app, "b")),
    removeOtherWorkTrees(run),
  ]);
  const problems = done.flatMap((result) => (result.status === "rejected" ? [result.reason as unknown] : []));
  if (problems.some((problem) => problem instanceof DeployError && problem.code === "fenced")) throw fenced();
  for (const err of problems) worker.services.log.warn({ err, deployment: deployment.id }, "what a lost worker left could not be ended yet");
}

/** A step's result is worth nothing when what it made is gone: the new release's slot may have been emptied already. */
export async function forgetLostSlot(run: Run): Promise<void> {
  const { release } = run.results;
  if (!release || run.deployment.liveAt !== null) return;
  const present = await run.worker.ports.slots.state(serviceOf(run.place.app, release.slot));
  if (present !== null && present.labels["dokploy.release"] === String(release.number)) return;
  run.log.write({ at: systemClock(), step: "release", text: `Slot ${release.slot} is empty: the release is put there again.` });
  const { release: _lost, health: _stale, ...kept } = run.results;
  run.results = kept;
}
