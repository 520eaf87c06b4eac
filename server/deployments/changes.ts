import { and, desc, eq, inArray, isNotNull, lt, ne } from "drizzle-orm";
import { commits, deployments, releases } from "../../db/schema";
import { toIso } from "../../db/schema/columns";
import type { TeamContext } from "../context";
import type { ConfigChanges } from "./schema";
import { type DeploymentRow, findDeployment } from "./view";

export type CommitFact = { sha: string; subject: string | null; author: string | null; authoredAt: string | null; isMerge: boolean };
export type DeploymentChanges = {
  /** What was live when this one began; null when nothing was. */
  before: { id: string; number: number; release: number | null; commit: string | null; image: string | null } | null;
  /** The commit set, newest first; `total` counts also those beyond the first 500. */
  commits: { total: number; items: CommitFact[] };
  /** The commit that runs where the deployment brought none of its own: a rollback, a change of configuration. */
  runs: CommitFact | null;
  config: ConfigChanges | null;
  imageBytes: { now: number | null; before: number | null };
};

const MOST_COMMITS = 500;
const SUBJECT_CHARS = 200;

/** What a deployment changes against the release before it, in a fixed number of queries whatever it carries. */
export async function changesOf(ctx: TeamContext, id: string): Promise<DeploymentChanges> {
  const { deployment } = await findDeployment(ctx, id);
  const before = await liveBefore(ctx, deployment);
  const ids = [deployment.releaseId, before?.releaseId].filter((one) => one != null);
  const rows = ids.length === 0 ? [] : await ctx.team.list(releases, { where: inArray(releases.id, ids) });
  const own = rows.find((row) => row.id === deployment.releaseId);
  const previous = rows.find((row) => row.id === before?.releaseId);

  const set = deployment.commits;
  const alone = deployment.commitSha ?? own?.commitSha ?? null;
  const shas = set.length > 0 ? set.slice(0, MOST_COMMITS) : alone === null ? [] : [alone];
  const facts = await commitFacts(ctx, deployment, shas);
  return {
    before: before && { id: before.id, number: before.number, release: before.release, commit: previous?.commitSha ?? before.commitSha, image: before.image },
    commits: { total: set.length, items: set.length > 0 ? facts : [] },
    runs: set.length > 0 ? null : (facts[0] ?? null),
    config: deployment.configChanges,
    imageBytes: { now: known(own?.imageBytes) ?? builtBytes(deployment), before: known(previous?.imageBytes) },
  };
}

/** The last release that had gone live, and stayed, when this deployment began; one that was taken back is no release before. */
async function liveBefore(ctx: TeamContext, row: DeploymentRow): Promise<DeploymentRow | null> {
  const began = row.startedAt ?? row.liveAt ?? row.finishedAt ?? ctx.now();
  const [found] = await ctx.team.list(deployments, {
    where: and(
      eq(deployments.appId, row.appId),
      ne(deployments.id, row.id),
      eq(deployments.status, "succeeded"),
      isNotNull(deployments.liveAt),
      lt(deployments.liveAt, began),
    ),
    orderBy: desc(deployments.liveAt),
    limit: 1,
  });
  return found ?? null;
}

/** In the order asked for, which is git's: newest first. */
async function commitFacts(ctx: TeamContext, row: DeploymentRow, shas: string[]): Promise<CommitFact[]> {
  if (shas.length === 0) return [];
  const rows = await ctx.team.list(commits, { where: and(eq(commits.appId, row.appId), inArray(commits.sha, shas)) });
  const bySha = new Map(rows.map((one) => [one.sha, one]));
  return shas.map((sha) => {
    const one = bySha.get(sha);
    if (!one) return sha === row.commitSha ? headFact(row, sha) : { sha, subject: null, author: null, authoredAt: null, isMerge: false };
    return { sha, subject: subjectOf(one.message), author: one.author, authoredAt: toIso(one.authoredAt), isMerge: one.merge };
  });
}

const headFact = (row: DeploymentRow, sha: string): CommitFact => ({
  sha,
  subject: row.commitMessage === null ? null : subjectOf(row.commitMessage),
  author: row.commitAuthor,
  authoredAt: row.authoredAt === null ? null : toIso(row.authoredAt),
  isMerge: false,
});

const subjectOf = (message: string): string => (message.split("\n", 1)[0] ?? "").slice(0, SUBJECT_CHARS);
/** 0 stands for a size that nobody measured. */
const known = (bytes: number | undefined): number | null => (bytes ? bytes : null);

/** An image that was built and never became a release. */
function builtBytes({ results }: DeploymentRow): number | null {
  const built = results.build as { sizeBytes?: unknown } | undefined;
  return typeof built?.sizeBytes === "number" ? known(built.sizeBytes) : null;
}
