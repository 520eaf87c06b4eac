import { z } from "zod";
import { fromIso, type Micros } from "../../db/schema/columns";

/** One line of an import (contract.md, Import). What is absent and what is null are the same: not known. */
const instant = z
  .string()
  .max(40)
  .transform((text, ctx): Micros => {
    try {
      return fromIso(text);
    } catch {
      ctx.addIssue({ code: "custom", message: `“${text}” is not an instant such as 2026-03-01T12:00:00Z` });
      return z.NEVER;
    }
  });
const optional = <T extends z.ZodType>(type: T) =>
  type
    .nullish()
    .transform((value) => value ?? undefined)
    .optional();
const name = z
  .string()
  .min(1)
  .max(100)
  .regex(/^[^\s/@\u0000-\u001f\u007f](?:[^/@\u0000-\u001f\u007f]*[^\s/@\u0000-\u001f\u007f])?$/, "has control characters, a slash or an @");
const externalId = z.string().min(1).max(200);
const sha = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[\w.:-]+$/, "is not a commit's id");
const time = optional(instant);
const text = (max: number) => optional(z.string().max(max));
const shas = optional(z.array(sha).max(10_000));

const commitLine = z.object({
  kind: z.literal("commit"),
  project: name,
  app: name,
  sha,
  parents: shas,
  authoredAt: instant,
  pushedAt: time,
  merge: optional(z.boolean()),
  author: text(200),
  message: text(2_000),
});

export const OUTCOMES = ["succeeded", "build_failed", "deploy_failed", "unhealthy", "cancelled", "superseded", "timed_out"] as const;
const deploymentLine = z.object({
  kind: z.literal("deployment"),
  project: name,
  app: name,
  environment: name.default("production"),
  tier: text(40),
  id: externalId,
  deploymentKind: z.enum(["code", "config", "rollback", "redeploy", "promote"]).default("code"),
  outcome: optional(z.enum(OUTCOMES)),
  commit: optional(sha),
  commits: shas,
  createdAt: time,
  startedAt: time,
  liveAt: time,
  finishedAt: time,
  restores: optional(externalId),
  remediates: optional(externalId),
  failed: optional(z.boolean()),
  failedReason: text(1_000),
});

const incidentLine = z.object({
  kind: z.literal("incident"),
  project: name,
  app: optional(name),
  environment: optional(name),
  id: externalId,
  severity: text(40),
  startedAt: time,
  detectedAt: time,
  alertedAt: time,
  notifiedAt: time,
  acknowledgedAt: time,
  diagnosedAt: time,
  remediatedAt: time,
  verifiedAt: time,
  causedBy: optional(externalId),
  fingerprint: text(400),
  falsePositive: optional(z.boolean()),
});

const spanLine = z
  .object({
    kind: z.literal("span"),
    stream: z.string().min(1).max(60).default("deployment"),
    subject: externalId,
    step: z.string().min(1).max(100),
    attempt: z.int().min(1).max(1_000).default(1),
    class: optional(z.enum(["va", "nnva", "wait"])),
    startedAt: instant,
    finishedAt: instant,
    outcome: z.enum(["ok", "failed", "cancelled", "skipped", "interrupted"]).default("ok"),
    rework: z.boolean().default(false),
    cached: z.boolean().default(false),
    parent: text(200),
  })
  .refine((span) => span.finishedAt >= span.startedAt, "finishedAt is before startedAt");

const personLine = z.object({
  kind: z.literal("person"),
  id: externalId,
  signedUpAt: time,
  firstLiveAt: time,
  activeAt: optional(z.array(instant).max(10_000)),
});

const lineSchema = z.discriminatedUnion("kind", [commitLine, deploymentLine, incidentLine, spanLine, personLine], {
  error: () => "kind is one of commit, deployment, incident, span, person",
});
export type ImportLine = z.infer<typeof lineSchema>;
export type LineOf<K extends ImportLine["kind"]> = Extract<ImportLine, { kind: K }>;

/** @returns the line, or the sentence that says what is wrong with it */
export function readLine(line: string): ImportLine | string {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    return "is not JSON";
  }
  const parsed = lineSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  return [issue?.path.join("."), issue?.message].filter(Boolean).join(" ");
}
