import type { App, AppStatus } from "../../../server/apps/schema";
import type { Deployment } from "../../../server/deployments/schema";
import { plainText } from "../log/ansi";

const APP: Record<AppStatus, { glyph: string; word: string }> = {
  never_deployed: { glyph: "queued", word: "never deployed" },
  healthy: { glyph: "succeeded", word: "healthy" },
  degraded: { glyph: "degraded", word: "degraded" },
  down: { glyph: "failed", word: "down" },
  stopped: { glyph: "cancelled", word: "stopped" },
};

export function AppState({ app }: { app: Pick<App, "status" | "runningReplicas" | "replicas"> }) {
  const { glyph, word } = APP[app.status];
  return <span className={`state g-${glyph}`}>{app.status === "degraded" ? `${app.runningReplicas} of ${app.replicas} replicas` : word}</span>;
}

const DOING: Record<string, string> = {
  validate: "validating",
  queue: "queued",
  fetch: "fetching",
  plan: "planning",
  build: "building",
  "push-image": "pushing image",
  release: "releasing",
  health: "checking health",
  route: "routing",
  verify: "verifying",
};

/** Where a deployment stands, in one word that says what it is about. */
export function deploymentState(run: Pick<Deployment, "status" | "step" | "kind" | "outcome" | "reason" | "failed" | "liveAt">): {
  glyph: string;
  word: string;
} {
  switch (run.status) {
    case "queued":
      return { glyph: "queued", word: "queued" };
    case "running":
      return { glyph: "running", word: (run.step && DOING[run.step]) || "running" };
    case "succeeded":
      if (run.failed) return { glyph: "failed", word: "failed after live" };
      return run.kind === "rollback" ? { glyph: "rolledback", word: "rolled back" } : { glyph: "succeeded", word: "succeeded" };
    case "failed":
      return {
        glyph: "failed",
        word: run.reason?.step
          ? `failed in ${run.reason.step}`
          : run.outcome === "build_failed"
            ? "failed in build"
            : run.outcome === "timed_out"
              ? "timed out"
              : "failed",
      };
    case "cancelled":
      return { glyph: "cancelled", word: "cancelled" };
    case "superseded":
      return { glyph: "superseded", word: "superseded" };
  }
}

export function DeploymentState({ run }: { run: Parameters<typeof deploymentState>[0] }) {
  const { glyph, word } = deploymentState(run);
  return <span className={`state g-${glyph}`}>{word}</span>;
}

/** What a deployment is about, for a title: the commit's first line, or what was asked for. */
export function titleOf(run: Pick<Deployment, "commit" | "kind" | "ref" | "release" | "changedKeys">): string {
  const subject = plainText(run.commit?.message.split("\n", 1)[0] ?? "").trim();
  if (run.kind === "rollback") return run.release === null ? "Back to an earlier release" : `Back to release ${run.release}`;
  if (run.kind === "promote") return run.release === null ? "Promote a release" : `Promote release ${run.release}`;
  if (run.kind === "config") return run.changedKeys.length > 0 ? `Change ${run.changedKeys.join(", ")}` : "Apply the configuration";
  if (subject) return subject;
  if (run.ref?.kind === "image") return `Deploy ${run.ref.name}`;
  return run.ref ? `Deploy ${run.ref.kind === "sha" ? run.ref.name.slice(0, 7) : run.ref.name}` : "Deploy";
}
