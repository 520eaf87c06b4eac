import { and, asc, eq, gt, isNotNull } from "drizzle-orm";
import { apps, deployments, environments, projects } from "../../db/schema";
import type { Micros } from "../../db/schema/columns";
import type { TeamContext } from "../context";
import { toCloudEvent } from "./cdevents";

const PAGE = 500;

/** Our own deployments that went live after an instant, oldest first, as CloudEvents; at most 500. */
export async function ourEvents(ctx: TeamContext, since: Micros): Promise<{ events: ReturnType<typeof toCloudEvent>[]; last: Micros }> {
  const rows = await ctx.team.query((db, own) =>
    db
      .select({
        id: deployments.id,
        app: apps.name,
        environment: environments.name,
        project: projects.name,
        image: deployments.image,
        liveAt: deployments.liveAt,
        kind: deployments.kind,
        release: deployments.release,
      })
      .from(deployments)
      .innerJoin(apps, own(apps, eq(apps.id, deployments.appId)))
      .innerJoin(environments, own(environments, eq(environments.id, deployments.environmentId)))
      .innerJoin(projects, own(projects, eq(projects.id, deployments.projectId)))
      .where(own(deployments, and(isNotNull(deployments.liveAt), gt(deployments.liveAt, since), eq(deployments.imported, false))))
      .orderBy(asc(deployments.liveAt), asc(deployments.id))
      .limit(PAGE),
  );
  const source = ctx.services.env.DOKPLOY_PUBLIC_URL;
  const events = rows.map(({ release, liveAt, ...row }) => toCloudEvent(source, { ...row, liveAt: liveAt as Micros, isFirst: release === 1 }));
  return { events, last: rows.at(-1)?.liveAt ?? since };
}
