import { desc, eq, sql } from "drizzle-orm";
import { releases } from "../../db/schema";
import { toIso } from "../../db/schema/columns";
import { findApp } from "../apps/find";
import type { TeamContext } from "../context";

export type ReleaseView = {
  id: string;
  number: number;
  image: string;
  commit: string | null;
  createdAt: string;
  liveAt: string | null;
  isLive: boolean;
  isRetained: boolean;
};

export async function listReleases(ctx: TeamContext, reference: string): Promise<ReleaseView[]> {
  const { app } = await findApp(ctx, reference);
  const rows = await ctx.team.list(releases, { where: eq(releases.appId, app.id), orderBy: desc(releases.number), limit: 100 });
  return rows.map((row) => ({
    id: row.id,
    number: row.number,
    image: row.imageDigest ?? row.imageId,
    commit: row.commitSha,
    createdAt: toIso(row.createdAt),
    liveAt: row.liveAt === null ? null : toIso(row.liveAt),
    isLive: row.id === app.releaseId,
    isRetained: row.prunedAt === null,
  }));
}

/** How long each step took in the last live runs, in seconds: the prediction until the value-stream issue. */
export async function usualSteps(ctx: TeamContext, appId: string): Promise<{ step: string; seconds: number }[]> {
  return ctx.team.query(async (db) => {
    const rows = await db.execute<{ step: string; seconds: number }>(sql`
      select s.step, percentile_cont(0.5) within group (order by extract(epoch from s.finished_at - s.started_at))::float8 as seconds
      from spans s join (
        select id from deployments where team_id = ${ctx.team.id} and app_id = ${appId} and kind = 'code' and status = 'succeeded' order by live_at desc limit 10
      ) d on d.id = s.subject
      where s.team_id = ${ctx.team.id} and s.parent is null and s.outcome = 'ok' and s.step not in ('push', 'webhook', 'bake')
      group by s.step`);
    return [...rows];
  });
}
