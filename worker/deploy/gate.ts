import type { Slot } from "../../server/apps/schema";
import { pause } from "../../server/pause";
import { DeployError } from "../errors";
import type { TaskFailure } from "../ports";
import type { Run } from "./run";
import { serviceOf } from "./slot-spec";

const PROBE_TIMEOUT_MS = 5_000;
/** The gate needs no deployment: a restart passes it too. */
export type Gated = Pick<Run, "worker" | "place" | "config">;
export type Healthy = { probes: number; firstAnswerMs: number };

/**
 * Passes when a slot answers `successes` times in a row through the edge's internal entry point: the path that users will take.
 * @throws DeployError `crashed` `out_of_memory` when a task ends meanwhile; `unhealthy` `wrong_port` `listens_on_loopback` when the
 *   time passes, with the last answer. The slot that serves keeps the traffic in each case.
 */
export async function passGate(run: Gated, slot: Slot, port: number, signal: AbortSignal): Promise<Healthy> {
  const own = new AbortController();
  const both = AbortSignal.any([signal, own.signal]);
  const name = serviceOf(run.place.app, slot);
  const failure = run.worker.ports.slots.firstFailure({ name, signal: both }).then((found) => {
    throw crashOf(found, port);
  });
  try {
    return await Promise.race([probeUntilHealthy(run, slot, port, name, both), failure]);
  } finally {
    own.abort();
    await Promise.allSettled([failure]);
  }
}

async function probeUntilHealthy(run: Gated, slot: Slot, port: number, name: string, signal: AbortSignal): Promise<Healthy> {
  const { health } = run.config;
  const startedAt = performance.now();
  const deadline = startedAt + (health.timeoutS + health.startGraceS) * 1000;
  let inARow = 0;
  let probes = 0;
  let firstAnswerMs: number | null = null;
  let last = "no answer yet";

  while (performance.now() < deadline) {
    signal.throwIfAborted();
    const answer = await run.worker.ports.edge.probe({ appId: run.place.app.id, slot, path: health.path, timeoutMs: PROBE_TIMEOUT_MS, signal });
    probes += 1;
    const isAnswer = answer.kind === "answer" && answer.status !== 502 && answer.status !== 504;
    const isGood = isAnswer && (health.kind === "tcp" || (answer.status >= 200 && answer.status < 400));
    last = answer.kind === "answer" ? `${health.path} answered ${answer.status}` : answer.message;
    if (isAnswer) firstAnswerMs ??= Math.round(performance.now() - startedAt);
    inARow = isGood ? inARow + 1 : 0;
    if (inARow >= health.successes) return { probes, firstAnswerMs: firstAnswerMs ?? 0 };
    if (!isGood) await pause(health.intervalMs, signal);
  }
  throw await unhealthy(run, name, port, last, firstAnswerMs !== null);
}

/** Why nothing answered, as far as the container itself can tell. */
async function unhealthy(run: Gated, name: string, port: number, last: string, didAnswer: boolean): Promise<DeployError> {
  const { health } = run.config;
  const listeners = didAnswer ? [] : await run.worker.ports.slots.listeners(name);
  const isLoopback = (address: string) => address.startsWith("127.") || address === "::1";
  const onPort = listeners.filter((one) => one.port === port);
  if (onPort.length > 0 && onPort.every((one) => isLoopback(one.address))) {
    return new DeployError("listens_on_loopback", {
      what: `The application listens on ${onPort[0]?.address}:${port} only.`,
      why: "Inside its container nobody else can reach that address.",
      fix: "Listen on 0.0.0.0 (all interfaces).",
    });
  }
  const others = [...new Set(listeners.filter((one) => !isLoopback(one.address)).map((one) => one.port))];
  if (onPort.length === 0 && others.length > 0) {
    return new DeployError("wrong_port", {
      what: `Nothing listens on port ${port}.`,
      why: `The application listens on ${others.join(", ")}.`,
      fix: `Listen on the port in the PORT variable, or set the port: dokploy app set ${run.place.app.name} port=${others[0]}`,
    });
  }
  if (didAnswer && health.kind === "http") {
    return new DeployError("unhealthy", {
      what: `The health check did not pass within ${health.timeoutS} s.`,
      why: `${last}.`,
      fix: `Answer ${health.path} with a status from 200 to 399, or set another health path.`,
    });
  }
  return new DeployError("unhealthy", {
    what: `Nothing answered on port ${port} within ${health.timeoutS} s.`,
    why: `Last answer: ${last}.`,
    fix: "Listen on 0.0.0.0 and the port in the PORT variable; look at the application's log; give a slow start a longer health timeout.",
  });
}

export function crashOf(failure: TaskFailure, port: number): DeployError {
  const lastLines = failure.lastLines;
  if (failure.kind === "oom")
    return new DeployError(
      "out_of_memory",
      {
        what: "The application ran out of memory.",
        why: failure.message || "The kernel ended it at its memory limit.",
        fix: "Raise the memory limit in Settings, or use less memory.",
      },
      { lastLines },
    );
  if (failure.kind === "image" || failure.kind === "rejected")
    return new DeployError(
      "image_not_found",
      { what: "The image could not be started.", why: failure.message, fix: "Check that the image exists and that the registry's credentials are right." },
      { lastLines },
    );
  const last = lastLines.findLast((line) => line.trim() !== "");
  return new DeployError(
    "crashed",
    {
      what: `The application ended with status ${failure.exitCode ?? "unknown"} before it was healthy.`,
      why: last ?? failure.message ?? "It printed nothing.",
      fix:
        failure.exitCode === 0
          ? `Keep the process running: it must serve requests on port ${port}.`
          : "Correct what the last lines say; the variables it needs are set under Environment.",
    },
    { lastLines },
  );
}
