import { z } from "zod";
import type { TeamContext } from "../context";
import { AppError } from "../errors";
import { type ImportResult, importLines } from "./import";

/**
 * What Apache DevLake's incoming webhook takes, taken in as an import. Source: DevLake documentation, "Incoming/Generic Webhook".
 * A call names no project: `?project` and `?app` say where it belongs, else the repository's name does.
 */
export type DevlakePlace = { project?: string | undefined; app?: string | undefined };
const DEFAULT_PROJECT = "devlake";

const time = z.string().max(40).optional();
const commitSchema = z.object({
  repoUrl: z.string().max(500).optional(),
  commitSha: z.string().max(64).optional(),
  commitMsg: z.string().max(2_000).optional(),
  finishedDate: time,
});
const deploymentSchema = z.object({
  id: z.string().min(1).max(200).optional(),
  createdDate: time,
  startedDate: time,
  finishedDate: time,
  result: z.string().max(40).default("SUCCESS"),
  environment: z.string().max(40).default("PRODUCTION"),
  name: z.string().max(200).optional(),
  deploymentCommits: z.array(commitSchema).max(100).default([]),
  // the form of before version 1
  commit_sha: z.string().max(64).optional(),
  repo_url: z.string().max(500).optional(),
  start_time: time,
  end_time: time,
});
const issueSchema = z.object({
  issueKey: z.string().min(1).max(200),
  type: z.string().max(40).default("INCIDENT"),
  severity: z.string().max(40).optional(),
  createdDate: time,
  resolutionDate: time,
});

const repositoryName = (url: string | undefined): string | undefined =>
  url
    ?.replace(/\.git$/, "")
    .split(/[/:]/)
    .filter(Boolean)
    .at(-1)
    ?.replace(/[^\w.-]/g, "-");
const ENVIRONMENTS: Record<string, string> = { PRODUCTION: "production", STAGING: "staging", TESTING: "testing", DEVELOPMENT: "development" };

/** One deployment a repository. @throws AppError `bad_request` */
export function devlakeDeployment(ctx: TeamContext, place: DevlakePlace, body: unknown): Promise<ImportResult> {
  const one = read(deploymentSchema, body);
  const list =
    one.deploymentCommits.length > 0 ? one.deploymentCommits : [{ repoUrl: one.repo_url, commitSha: one.commit_sha, finishedDate: one.finishedDate }];
  const environment = ENVIRONMENTS[one.environment.toUpperCase()] ?? one.environment.toLowerCase();
  const isLive = /^SUCCESS/i.test(one.result);
  const startedAt = one.startedDate ?? one.start_time;
  const lines = list.map((commit, at) => {
    const finishedAt = commit.finishedDate ?? one.finishedDate ?? one.end_time;
    const id = one.id ?? [commit.repoUrl, commit.commitSha, startedAt].filter(Boolean).join(" ");
    return {
      kind: "deployment",
      project: place.project ?? DEFAULT_PROJECT,
      app: place.app ?? repositoryName(commit.repoUrl) ?? one.name ?? "unnamed",
      environment,
      tier: environment,
      id: list.length > 1 ? `${id}#${at + 1}` : id,
      outcome: isLive ? "succeeded" : "deploy_failed",
      ...(commit.commitSha ? { commit: commit.commitSha } : {}),
      createdAt: one.createdDate ?? startedAt,
      startedAt,
      finishedAt,
      ...(isLive ? { liveAt: finishedAt ?? startedAt } : {}),
    };
  });
  return takeIn(ctx, lines);
}

/** An issue of the type INCIDENT; others are not of interest here. @throws AppError `bad_request` */
export async function devlakeIssue(ctx: TeamContext, place: DevlakePlace, body: unknown): Promise<ImportResult> {
  const issue = read(issueSchema, body);
  if (issue.type.toUpperCase() !== "INCIDENT") return { accepted: 0, duplicates: 0, rejected: [] };
  return takeIn(ctx, [incident(place, issue.issueKey, { severity: issue.severity, detectedAt: issue.createdDate, verifiedAt: issue.resolutionDate })]);
}

/** Closing an issue says that it is over now. */
export const closeDevlakeIssue = (ctx: TeamContext, place: DevlakePlace, key: string): Promise<ImportResult> =>
  takeIn(ctx, [incident(place, key, { verifiedAt: new Date(ctx.now() / 1000).toISOString() })]);

const incident = (place: DevlakePlace, id: string, facts: object) => ({
  kind: "incident",
  project: place.project ?? DEFAULT_PROJECT,
  ...(place.app ? { app: place.app } : {}),
  id,
  ...facts,
});

async function takeIn(ctx: TeamContext, list: object[]): Promise<ImportResult> {
  async function* lines() {
    for (const line of list) yield JSON.stringify(line);
  }
  const result = await importLines(ctx, lines());
  const [refused] = result.rejected;
  if (refused) throw new AppError("bad_request", { what: "The body was not taken.", why: refused.error });
  return result;
}

function read<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new AppError("bad_request", {
    what: "The body is not what DevLake's webhook sends.",
    why: [issue?.path.join("."), issue?.message].filter(Boolean).join(" "),
  });
}
