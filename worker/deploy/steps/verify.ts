import { readDomains } from "../../data";
import { DeployError } from "../../errors";
import { type Results, type Run, resultOf } from "../run";
import { serviceOf } from "../slot-spec";

const REQUESTS = 3;

/** After the traffic moved: the public address answers, again and again, and the tasks still run. */
export async function verify(run: Run, signal: AbortSignal): Promise<NonNullable<Results["verify"]>> {
  const { slot, port } = resultOf(run, "release");
  const [place] = await readDomains(run.worker.services, run.place.app.id);
  const name = serviceOf(run.place.app, slot);
  for (let request = 0; place && request < REQUESTS; request++) {
    const answer = await run.worker.ports.edge.publicRequest({ host: place.host, path: place.path, timeoutMs: 10_000, signal });
    if (answer.kind === "error" || [502, 503, 504].includes(answer.status)) {
      throw new DeployError("verify_failed", {
        what: "The release went live and then stopped answering.",
        why: answer.kind === "error" ? answer.message : `${place.host} answered ${answer.status}.`,
        fix: "Look at the application's log; the old release has the traffic again.",
      });
    }
  }
  const state = await run.worker.ports.slots.state(name);
  if (!state || state.running === 0) {
    throw new DeployError("verify_failed", {
      what: "The release went live and then ended.",
      why: `No task of slot ${slot} runs on port ${port}.`,
      fix: "Look at the application's log; the old release has the traffic again.",
    });
  }
  run.say(
    place
      ? `Verified: ${REQUESTS} public answers, ${state.running} of ${state.replicas} replicas run`
      : `Verified: ${state.running} replicas run; the application has no address`,
  );
  run.detail({ requests: place ? REQUESTS : 0, running: state.running });
  return { requests: place ? REQUESTS : 0 };
}
