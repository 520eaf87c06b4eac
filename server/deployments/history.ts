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

export type UsualStep = { step: string; seconds: number };

/** How long each step took in the last live runs of an application, in seconds: what a run's end is predicted from. */
export const usualSteps = async (ctx: TeamContext, appId: string): Promise<UsualStep[]> => (await usualStepsOf(ctx, [appId])).get(appId) ?? [];

/** The same of several applications, in one query however many there are. */
export async function usualStepsOf(ctx: TeamContext, appIds: readonly string[]): Promise<Map<string, UsualStep[]>> {
  const found = new Map<string, UsualStep[]>();
  if (appIds.length === 0) return found;
  const rows = await ctx.team.query((db) =>
    db.execute<UsualStep & { app: string }>(sql`
      select d.app_id as app, s.step, percentile_cont(0.5) within group (order by extract(epoch from s.finished_at - s.started_at))::float8 as seconds
      from unnest(array[${sql.join(
        [...new Set(appIds)].map((id) => sql`${id}`),
        sql`, `,
      )}]::uuid[]) wanted (app) cross join lateral (
        select id, app_id from deployments
        where team_id = ${ctx.team.id} and app_id = wanted.app and kind = 'code' and status = 'succeeded' order by live_at desc limit 10
      ) d join spans s on s.subject = d.id
      where s.team_id = ${ctx.team.id} and s.parent is null and s.outcome = 'ok' and s.step not in ('push', 'webhook', 'bake')
      group by d.app_id, s.step`),
  );
  for (const { app, step, seconds } of rows) {
    const own = found.get(app);
    if (own) own.push({ step, seconds });
    else found.set(app, [{ step, seconds }]);
  }
  return found;
}
