import type { Explanation } from "../server/errors";

export type DeployErrorCode =
  | "repository_not_found"
  | "repository_credentials"
  | "repository_empty"
  | "repository_refused"
  | "repository_unreachable"
  | "ref_not_found"
  | "commit_not_found"
  | "no_detector"
  | "context_refused"
  | "dockerfile_invalid"
  | "build_failed"
  | "image_not_found"
  | "push_failed"
  | "release_command_failed"
  | "crashed"
  | "out_of_memory"
  | "no_capacity"
  | "unhealthy"
  | "wrong_port"
  | "listens_on_loopback"
  | "route_failed"
  | "canary_failed"
  | "verify_failed"
  | "timed_out"
  | "cancelled"
  | "fenced"
  | "engine_unavailable"
  | "internal";

/**
 * Why a step ended without its result. `kind` decides what happens next:
 * `theirs` ends the deployment with the explanation, `temporary` is tried again with backoff, `ours` ends it and is logged.
 */
export class DeployError extends Error {
  readonly kind: "theirs" | "temporary" | "ours";
  /** Last output lines that show the reason, kept with the deployment. */
  readonly lastLines: string[];

  constructor(
    readonly code: DeployErrorCode,
    readonly explanation: Explanation,
    options: { kind?: "theirs" | "temporary" | "ours"; lastLines?: string[]; cause?: unknown } = {},
  ) {
    super(explanation.what, { cause: options.cause });
    this.name = "DeployError";
    this.kind = options.kind ?? "theirs";
    this.lastLines = options.lastLines ?? [];
  }
}
