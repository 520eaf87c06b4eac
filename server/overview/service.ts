import { fromIso, toIso } from "../../db/schema/columns";
import { type AppStanding, appStandings } from "../apps/overview";
import type { AppStatus } from "../apps/schema";
import { type Actor, isAdministrator, type TeamContext } from "../context";
import { usualStepsOf } from "../deployments/history";
import type { Deployment, SpanView } from "../deployments/schema";
import { listEnded, listUnderWay, topSpansOf } from "../deployments/view";
import { buildSlots } from "../metrics/load";
import { drawParts } from "../streams/draw";
import { machinesNow, usedNow } from "../usage/service";
import { readFaster } from "./faster";
import type { EndedRun, Overview, StandingApp, UnderWay } from "./schema";

/** Rows of each list: what a person takes in at a glance. */
export const MOST_APPS = 8;
const MOST_SHIPPING = 4;
const MOST_RECENT = 8;

const WORST_FIRST: AppStatus[] = ["down", "degraded", "healthy", "never_deployed", "stopped"];

/** Is everything up, what is shipping now, are we getting faster: as many statements for one application as for hundreds. */
export async function readOverview(ctx: TeamContext, actor: Actor): Promise<Overview> {
  const asOf = ctx.now();
  const [standings, underWay, ended, slots, machines] = await Promise.all([
    appStandings(ctx),
    listUnderWay(ctx, MOST_SHIPPING),
    listEnded(ctx, MOST_RECENT),
    buildSlots(ctx),
    isAdministrator(actor) ? machinesNow(ctx, actor) : null,
  ]);
  const here = standings.filter((app) => !app.isImported).sort(byUrgency);
  const listed = here.slice(0, MOST_APPS);
  const runs = [...underWay.items, ...ended];
  const ids = (list: readonly { id: string }[]) => list.map((one) => one.id);
  const appIds = underWay.items.map((run) => run.appId);
  const [used, spans, usual, faster] = await Promise.all([
    usedNow(ctx, ids(listed)),
    topSpansOf(ctx, ids(runs)),
    usualStepsOf(ctx, appIds),
    readFaster(
      ctx,
      runs.map(({ id, status, liveAt, failed }) => ({ id, status, liveAt, failed })),
    ),
  ]);
  return {
    asOf: toIso(asOf),
    apps: {
      total: here.length,
      imported: standings.length - here.length,
      counts: countsOf(here),
      listed: listed.map((app) => standingOf(app, used.get(app.id))),
      isSettled: standings.some((app) => app.isImported || (app.release !== null && !isDemo(app))),
    },
    shipping: {
      running: underWay.running,
      queued: underWay.queued,
      buildSlots: slots,
      items: underWay.items.map((run) => ({ ...told(run), spans: spans.get(run.id) ?? [], usual: usual.get(run.appId) ?? [] }) satisfies UnderWay),
    },
    faster,
    recent: ended.map((run) => ({ ...told(run), drawn: drawn(run, spans.get(run.id) ?? []) }) satisfies EndedRun),
    machines,
  };
}

/** The demo's repository is a folder of this machine; nobody else's can be. */
const isDemo = ({ source }: AppStanding) => source.startsWith("/");

const byUrgency = (a: AppStanding, b: AppStanding): number => WORST_FIRST.indexOf(a.status) - WORST_FIRST.indexOf(b.status) || byName(a, b);
const byName = (a: AppStanding, b: AppStanding): number =>
  a.name.localeCompare(b.name) || a.project.localeCompare(b.project) || a.environment.localeCompare(b.environment);

function countsOf(standings: readonly AppStanding[]): Record<AppStatus, number> {
  const counts = { never_deployed: 0, healthy: 0, degraded: 0, down: 0, stopped: 0 };
  for (const { status } of standings) counts[status]++;
  return counts;
}

function standingOf({ resources, source: _, isImported: __, ...app }: AppStanding, used: { cpu: number; memory: number } | undefined): StandingApp {
  const limit = resources.memoryBytes ? resources.memoryBytes * app.replicas : null;
  return { ...app, cpu: used?.cpu ?? null, memory: used?.memory ?? null, memoryLimit: limit };
}

/** What a row says of a deployment, and no more. */
function told(run: Deployment) {
  const { id, app, appId, project, environment, number, kind, status, outcome, reason, failed, step, stepStartedAt, createdAt, liveAt, finishedAt } = run;
  const { commit, ref, release, changedKeys, actor } = run;
  return {
    ...{ id, app, appId, project, environment, number, kind, status, outcome, failed, step, stepStartedAt, createdAt, liveAt, finishedAt },
    ...{ commit, ref, release, changedKeys, actor },
    reason: reason && { code: reason.code, what: reason.what, ...(reason.step ? { step: reason.step } : {}) },
  };
}

function drawn({ createdAt, finishedAt }: Deployment, spans: readonly SpanView[]): EndedRun["drawn"] {
  const begin = fromIso(createdAt);
  const from = (at: string | null) => fromIso(at ?? createdAt) - begin;
  return drawParts(
    spans.map((span) => ({
      step: span.step,
      class: span.class,
      startedAt: from(span.startedAt),
      finishedAt: from(span.finishedAt),
      outcome: span.outcome ?? "ok",
    })),
    from(finishedAt),
  );
}
