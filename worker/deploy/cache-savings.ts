import { and, desc, eq, inArray, sql } from "drizzle-orm";
import { releases, spans } from "../../db/schema";
import type { TeamContext } from "../../server/context";

/** How far back a step's last real run is looked for. */
const RELEASES = 50;

/**
 * Seconds that each of these build steps took when it last really ran, without the cache and without an error, in one of the
 * application's last 50 releases: what the cache saves when it answers instead. A step that did not run in them is left out.
 */
export async function lastDurations(ctx: TeamContext, appId: string, names: readonly string[]): Promise<Map<string, number>> {
  if (names.length === 0) return new Map();
  const name = sql<string>`${spans.detail} ->> 'name'`;
  const rows = await ctx.team.query((db, own) => {
    const recent = db
      .select({ id: releases.deploymentId })
      .from(releases)
      .where(own(releases, eq(releases.appId, appId)))
      .orderBy(desc(releases.number))
      .limit(RELEASES);
    return db
      .selectDistinctOn([name], { name, seconds: sql<number>`extract(epoch from ${spans.finishedAt} - ${spans.startedAt})::float8` })
      .from(spans)
      .where(
        own(
          spans,
          and(inArray(spans.subject, recent), eq(spans.step, "vertex"), eq(spans.cached, false), eq(spans.outcome, "ok"), inArray(name, [...new Set(names)])),
        ),
      )
      .orderBy(name, desc(spans.finishedAt));
  });
  return new Map(rows.map((row) => [row.name, row.seconds]));
}
