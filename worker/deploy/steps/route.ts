import type { Slot } from "../../../server/apps/schema";
import { type ScheduleStep, scheduleOf } from "../../../server/deployments/strategy";
import { pause } from "../../../server/pause";
import { readDomains } from "../../data";
import { renderEdge, setSlots, untilServed } from "../../edge-file";
import { DeployError } from "../../errors";
import type { SlotTraffic } from "../../ports";
import { crashOf, passGate } from "../gate";
import { fenced } from "../lease";
import { type Results, type Run, resultOf } from "../run";
import { otherSlot, serviceOf } from "../slot-spec";
import { between, complaint } from "../traffic";

const ROUTE_TIMEOUT_MS = 15_000;
const FIRST_ANSWER_TIMEOUT_MS = 10_000;

/** Moves the traffic, by the strategy's schedule. Ends at the first public answer of the new release: that moment is `liveAt`. */
export async function route(run: Run, signal: AbortSignal): Promise<NonNullable<Results["route"]>> {
  const { worker, place, deployment, config } = run;
  const { slot, port, replicas, before, gapSince } = resultOf(run, "release");
  const old = otherSlot(slot);
  const isFirst = (before ?? place.app.activeSlot) === null;
  const whole = { newReplicas: replicas, oldReplicas: 0, newWeight: 100, holdS: 0 };
  // after a takeover in the middle it goes on from the share that the new release has; one that was on trial gets everything
  const schedule = (isFirst || place.app.split ? [whole] : scheduleOf(config.strategy, config.replicas, config.canary)).filter(
    (step) => step.newWeight === 100 || step.newWeight >= place.app.slots[slot].weight,
  );
  let generation = "";
  let running = replicas;

  for (const step of schedule) {
    if (step.newReplicas > running) {
      running = step.newReplicas;
      await worker.ports.slots.scale(serviceOf(place.app, slot), running, deployment.epoch);
      await worker.ports.slots.untilRunning({ name: serviceOf(place.app, slot), replicas: running, timeoutMs: 120_000, signal });
      await passGate(run, slot, port, signal);
    }
    const counted = step.holdS > 0 ? await worker.ports.edge.traffic({ appId: place.app.id, signal }) : null;
    const weights = { ...place.app.slots, [slot]: { port, weight: step.newWeight }, [old]: { port: place.app.slots[old].port, weight: 100 - step.newWeight } };
    if (!(await setSlots(worker, place.app.id, deployment.epoch, weights))) throw fenced();
    place.app.slots = weights;
    place.app.split = null;
    generation = (await renderEdge(worker, place.app.id)) ?? "";
    if (!generation) break;
    if (!(await untilServed(worker, place.app.id, generation, ROUTE_TIMEOUT_MS, signal))) {
      throw new DeployError("route_failed", {
        what: `The edge did not take the new route within ${ROUTE_TIMEOUT_MS / 1000} s.`,
        why: "It may be stopped or overloaded.",
        fix: "Look at the edge's container; the traffic stays with the old release.",
      });
    }
    if (schedule.length > 1) run.say(`Slot ${slot}: ${running} of ${config.replicas} replicas, ${step.newWeight} % of the traffic`);
    if (counted) await holdShare(run, { slot, step, counted, signal });
    if (step.oldReplicas < config.replicas && !isFirst && config.strategy === "rolling")
      await worker.ports.slots.scale(serviceOf(place.app, old), step.oldReplicas, deployment.epoch);
  }

  const firstAnswerMs = await firstPublicAnswer(run, signal);
  run.say(`Live: slot ${slot} has the traffic`);
  const gapMs = gapSince ? Date.now() - gapSince : null;
  if (gapMs !== null) run.say(`Nothing answered for ${(gapMs / 1000).toFixed(1)} s: the old release had to end before the new one could start.`);
  run.detail({ slot, generation, ...(gapMs === null ? {} : { gapMs }) });
  return { generation, firstAnswerMs };
}

const LOOK_MS = 1_000;

/**
 * Leaves the new release at its share for the step's time and compares it with the old one, second by second.
 * @throws DeployError `canary_failed` when it does worse than allowed, `crashed` or `out_of_memory` when a task ends
 */
async function holdShare(
  run: Run,
  { slot, step, counted, signal }: { slot: Slot; step: ScheduleStep; counted: Record<Slot, SlotTraffic>; signal: AbortSignal },
): Promise<void> {
  const { worker, place, config } = run;
  const own = new AbortController();
  const both = AbortSignal.any([signal, own.signal]);
  const crash = worker.ports.slots.firstFailure({ name: serviceOf(place.app, slot), signal: both }).then((found) => {
    throw crashOf(found, place.app.slots[slot].port);
  });
  const look = async () => {
    const deadline = Date.now() + step.holdS * 1000;
    for (;;) {
      const now = await worker.ports.edge.traffic({ appId: place.app.id, signal: both });
      const fresh = between(counted[slot], now[slot]);
      const why = complaint(config.canary, fresh, between(counted[otherSlot(slot)], now[otherSlot(slot)]));
      if (why)
        throw new DeployError("canary_failed", {
          what: `The new release did worse than the old one at ${step.newWeight} % of the traffic.`,
          why: `${why}.`,
          fix: "Look at the application's log; the old release has all of the traffic again.",
        });
      if (Date.now() >= deadline) return run.say(`${step.newWeight} % held for ${step.holdS} s: ${fresh.answers} answers, ${fresh.errors} errors`);
      await pause(Math.min(LOOK_MS, deadline - Date.now()), both);
      both.throwIfAborted();
    }
  };
  try {
    await Promise.race([look(), crash]);
  } finally {
    own.abort();
    await Promise.allSettled([crash]);
  }
}

/** One request as a user sends it, again until it is answered. */
async function firstPublicAnswer(run: Run, signal: AbortSignal): Promise<number> {
  const [place] = await readDomains(run.worker.services, run.place.app.id);
  if (!place) return 0;
  const startedAt = performance.now();
  let last = "no answer";
  while (performance.now() - startedAt < FIRST_ANSWER_TIMEOUT_MS) {
    signal.throwIfAborted();
    const answer = await run.worker.ports.edge.publicRequest({ host: place.host, path: place.path, timeoutMs: 5_000, signal });
    if (answer.kind === "answer" && ![502, 503, 504].includes(answer.status)) return Math.round(performance.now() - startedAt);
    last = answer.kind === "answer" ? `status ${answer.status}` : answer.message;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new DeployError("route_failed", {
    what: `The public address did not answer: ${last}.`,
    fix: "Look at the application's log; the old release has the traffic again.",
  });
}
