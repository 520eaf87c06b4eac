import { passGate } from "../gate";
import { type Results, type Run, resultOf } from "../run";

/** The health gate, before any user is sent to the new release. */
export async function awaitHealth(run: Run, signal: AbortSignal): Promise<NonNullable<Results["health"]>> {
  const { slot, port } = resultOf(run, "release");
  const { health } = run.config;
  run.say(
    `Asking ${health.kind === "tcp" ? `port ${port}` : health.path} through the edge: ${health.successes} good answers in a row within ${health.timeoutS} s`,
  );
  const healthy = await passGate(run, slot, port, signal);
  run.say(`Healthy after ${healthy.probes} ${healthy.probes === 1 ? "probe" : "probes"}, first answer after ${healthy.firstAnswerMs} ms`);
  run.detail(healthy);
  return healthy;
}
