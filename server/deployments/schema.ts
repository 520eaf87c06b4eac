import { z } from "zod";
import { imageReferenceSchema, refNameSchema } from "../apps/schema";
import type { Explanation } from "../errors";
import type { Part } from "../streams/draw";

export type DeploymentKind = "code" | "config" | "rollback" | "redeploy" | "promote";
export type DeploymentTrigger = "webhook" | "api" | "cli" | "page" | "rollback" | "config" | "compare-heads" | "setup" | "watch" | "import";
export type DeploymentStatus = "queued" | "running" | "succeeded" | "failed" | "cancelled" | "superseded";
export type DeploymentOutcome = "succeeded" | "build_failed" | "deploy_failed" | "unhealthy" | "cancelled" | "superseded" | "timed_out";
export type DeploymentReason = ({ code: string; lastLines?: string[]; step?: string } & Explanation) | null;
export type RequestedRef = { kind: "branch" | "tag" | "sha"; name: string } | { kind: "image"; name: string };

/** Keys alone, never values; a setting is named `settings.<key>`. */
export type ConfigChanges = { added: string[]; removed: string[]; changed: string[] };

export const FINAL_STATUSES = ["succeeded", "failed", "cancelled", "superseded"] as const;
export const isFinal = (status: DeploymentStatus): boolean => (FINAL_STATUSES as readonly string[]).includes(status);

export const shaSchema = z
  .string()
  .regex(/^[0-9a-fA-F]{7,64}$/, "A commit is named by 7 to 64 hexadecimal digits.")
  .transform((sha) => sha.toLowerCase());

export const deployFields = {
  commit: shaSchema.optional(),
  branch: refNameSchema.optional(),
  tag: refNameSchema.optional(),
  image: imageReferenceSchema.optional(),
  noCache: z.boolean().default(false),
  trigger: z.enum(["api", "cli", "page"]).default("api"),
};
export const deploySchema = z
  .object({ app: z.string().min(1), ...deployFields })
  .refine((wish) => [wish.commit, wish.branch, wish.tag, wish.image].filter((part) => part !== undefined).length <= 1, {
    message: "Give one of commit, branch, tag and image.",
    path: ["commit"],
  });
export type Deploy = z.infer<typeof deploySchema>;

export type SpanView = {
  id?: string;
  step: string;
  class: "va" | "nnva" | "wait";
  startedAt: string;
  finishedAt: string | null;
  outcome: "ok" | "failed" | "cancelled" | "skipped" | "interrupted" | null;
  cached: boolean;
  attempt: number;
  parent: string | null;
  detail: Record<string, unknown>;
};

/** What the API answers for a deployment (`contract.md`, Deployment). */
export type Deployment = {
  id: string;
  app: string;
  appId: string;
  project: string;
  environment: string;
  number: number;
  kind: DeploymentKind;
  trigger: DeploymentTrigger;
  strategy: string;
  status: DeploymentStatus;
  outcome: DeploymentOutcome | null;
  reason: DeploymentReason;
  failed: boolean;
  failedReason: string | null;
  failedMethod: string | null;
  /** What a person said of it; it goes before what was measured. */
  mark: { failed: boolean; reason: string } | null;
  remediates: string | null;
  commit: { sha: string; message: string; author: string; authoredAt: string } | null;
  commits: string[];
  image: string | null;
  release: number | null;
  slot: "a" | "b" | null;
  url: string | null;
  actor: string;
  ref: RequestedRef | null;
  changedKeys: string[];
  cancelRequestedAt: string | null;
  step: string | null;
  stepStartedAt: string | null;
  attempt: number;
  logLines: number;
  createdAt: string;
  startedAt: string | null;
  liveAt: string | null;
  finishedAt: string | null;
  bakeUntil: string | null;
};
/** A deployment as a row of a list draws it. */
export type ListedRun = Pick<
  Deployment,
  "id" | "number" | "status" | "kind" | "outcome" | "reason" | "failed" | "step" | "stepStartedAt" | "createdAt" | "liveAt" | "finishedAt"
> & { spans: SpanView[]; drawn: Part[] | null };
/** Sums over a run in seconds; `va + nnva + wait = lead` exactly. */
export type RunTotals = { va: number; nnva: number; wait: number; lead: number };
export type DeploymentWithSpans = Deployment & { spans: SpanView[]; totals: RunTotals };
