import { systemClock } from "../../server/clock";
import { DeployError } from "../errors";
import { readFiles } from "./deliver-files";
import type { Run } from "./run";

const LAST_LINES = 20;

export const releaseCommandName = (deploymentId: string, epoch: string): string => `dokploy-release-${deploymentId}-${epoch}`;

/** Runs the release command (migrations) once in the new image, before any traffic. @throws DeployError `release_command_failed` with its last lines */
export async function runReleaseCommand(
  run: Run,
  task: { image: string; command: string; network: string; env: Record<string, string>; labels: Record<string, string> },
  signal: AbortSignal,
): Promise<void> {
  const startedAt = systemClock();
  const lastLines: string[] = [];
  run.say(`Release command: ${task.command}`);
  const span = (outcome: "ok" | "failed" | "cancelled", detail: Record<string, unknown> = {}) =>
    run.child({ step: "release-command", class: "va", startedAt, finishedAt: systemClock(), outcome, detail: { command: task.command, ...detail } });

  let ended: { exitCode: number; oom: boolean };
  try {
    ended = await run.worker.ports.oneOff.run({
      name: releaseCommandName(run.deployment.id, String(run.deployment.epoch)),
      image: task.image,
      command: ["/bin/sh", "-c", task.command],
      network: task.network,
      env: task.env,
      labels: task.labels,
      files: await readFiles(run.ctx, run.config),
      limits: { memoryBytes: run.config.resources.memoryBytes, cpus: run.config.resources.cpus },
      output({ at, text, stream }) {
        run.log.write({ at, step: "release", text, isError: stream === "stderr" });
        lastLines.push(text);
        if (lastLines.length > LAST_LINES) lastLines.shift();
      },
      signal,
    });
  } catch (error) {
    span(signal.aborted ? "cancelled" : "failed");
    throw error;
  }
  if (ended.exitCode === 0) return span("ok");
  span("failed", { exitCode: ended.exitCode });
  throw new DeployError(
    "release_command_failed",
    {
      what: `The release command ended with status ${ended.exitCode}${ended.oom ? ", out of memory" : ""}.`,
      why: lastLines.at(-1) || "It printed nothing.",
      fix: `Run “${task.command}” in the image by hand, correct it, and push again. The old release goes on answering.`,
    },
    { lastLines },
  );
}
