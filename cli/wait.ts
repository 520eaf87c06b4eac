import type { Call } from "./command";
import { EXIT } from "./errors";
import { followLog } from "./event-stream";
import { duration } from "./output";

const FINAL = new Set(["succeeded", "failed", "cancelled", "superseded"]);

/**
 * Shows the steps of a deployment with their times until it has ended, told by its log's stream.
 * @returns exit status: 0 when it is live, else 1. The final Deployment is the JSON document in both cases.
 */
export async function waitForDeployment(call: Call, id: string): Promise<number> {
  const { client, out } = call;
  const shown = new Set<string>();
  const showSteps = async () => {
    const now = await client.deployments.read.query({ deployment: id });
    for (const span of now.spans) {
      const key = `${span.step}:${span.attempt}`;
      if (span.parent !== null || span.finishedAt === null || shown.has(key) || span.step === "unattributed" || span.step === "push" || span.step === "bake")
        continue;
      shown.add(key);
      const seconds = (Date.parse(span.finishedAt) - Date.parse(span.startedAt)) / 1000;
      out.progress(`${span.outcome === "ok" ? "✓" : "✗"} ${span.step.padEnd(11)} ${duration(seconds).padStart(8)}${span.cached ? "  cached" : ""}`);
    }
    return now;
  };

  let step = "";
  for await (const lines of followLog(call.connection, `/deployments/${id}/logs`, new AbortController().signal)) {
    const newest = lines.at(-1)?.s ?? "";
    if (newest === step) continue;
    step = newest;
    await showSteps();
  }
  const ended = await showSteps();
  if (!FINAL.has(ended.status)) return waitForDeployment(call, id);
  out.document(ended);
  if (ended.status === "succeeded") {
    out.line(
      `Live: ${ended.url ?? "no address"} · release ${ended.release} · ${duration((Date.parse(ended.finishedAt ?? "") - Date.parse(ended.createdAt)) / 1000)}`,
    );
    return EXIT.done;
  }
  const { what, why, fix } = ended.reason ?? { what: `The deployment is ${ended.status}.` };
  for (const last of ended.reason?.lastLines ?? []) out.line(`  ${last}`);
  process.stderr.write(`error: ${[what, why, fix].filter(Boolean).join(" — ")}\n`);
  return EXIT.failed;
}
