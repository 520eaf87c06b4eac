import { and, desc, eq, isNotNull } from "drizzle-orm";
import { commits, deployments } from "../../db/schema";
import { recordSpans } from "../../server/streams/record";
import type { Commit } from "../ports";
import { writeFenced } from "./lease";
import type { Run } from "./run";

/** The commit that was live before this deployment; null for the first. */
export async function previousLiveSha(run: Run): Promise<string | null> {
  const [row] = await run.ctx.team.list(deployments, {
    where: and(eq(deployments.appId, run.deployment.appId), isNotNull(deployments.liveAt), isNotNull(deployments.commitSha)),
    orderBy: desc(deployments.liveAt),
    limit: 1,
  });
  return row?.commitSha ?? null;
}

/** Stores what the fetch found: the head commit, the exact set since the last live one, and the `push` wait once its start is known. */
export async function storeCommitFacts(run: Run, head: Commit, set: Commit[], isRedeploy: boolean): Promise<void> {
  const { deployment, ctx, worker } = run;
  run.deployment = await writeFenced(worker.services.db, deployment, {
    commitSha: head.sha,
    commitMessage: head.message.slice(0, 2000),
    commitAuthor: head.author.slice(0, 200),
    authoredAt: head.authoredAt,
    commits: set.map((commit) => commit.sha),
    ...(isRedeploy ? { kind: "redeploy" as const } : {}),
  });
  await ctx.team.transaction(async (rows) => {
    await rows.insertMany(
      commits,
      set.map((commit) => ({
        appId: deployment.appId,
        sha: commit.sha,
        message: commit.message.slice(0, 2000),
        author: commit.author.slice(0, 200),
        authoredAt: commit.authoredAt,
        merge: commit.merge,
        parents: commit.parents,
        pushedAt: deployment.pushedAt,
      })),
    );
    const pushedAt = deployment.pushedAt ?? (deployment.trigger === "webhook" ? deployment.createdAt : null);
    if (pushedAt !== null && head.authoredAt <= pushedAt) {
      await recordSpans(rows, deployment, ctx.now(), [
        { step: "push", startedAt: head.authoredAt, finishedAt: pushedAt, outcome: "ok", clockQuality: "derived" },
      ]);
    }
  });
}
