import { and, eq, gte, inArray, isNotNull, isNull, lt, type SQL, sql } from "drizzle-orm";
import { auditEvents, deployments, environments, incidents, memberships, people, spans, users } from "../../db/schema";
import { type Micros, toIso } from "../../db/schema/columns";
import type { TeamContext } from "../context";
import { AppError } from "../errors";
import { findProject, isUuid } from "../projects/service";
import type { StepClass } from "../streams/definitions";
import type { Window } from "./calendar";
import { type IncidentRecord, type IncidentTime, seenAt } from "./incidents";
import type { ScopeInput } from "./load";
import type { MapRun, RunSpan } from "./map";
import type { PersonRecord } from "./onboarding";

/** Incidents of the team, a project, an application or an environment, of the whole past. @throws AppError `not_found` */
export async function loadIncidentRecords(ctx: TeamContext, input: ScopeInput): Promise<IncidentRecord[]> {
  const where: SQL[] = [];
  const [named, app] = input.app?.includes("/") ? input.app.split("/", 2) : [input.project, input.app];
  const project = named === undefined ? null : await findProject(ctx, named);
  if (project) where.push(eq(incidents.projectId, project.id));
  if (app) where.push(eq(incidents.app, app.replace(/@.*$/, "")));
  if (input.environment !== undefined) {
    const same = isUuid(input.environment) ? eq(environments.id, input.environment) : eq(environments.name, input.environment);
    const found = await ctx.team.list(environments, { where: same });
    if (found.length === 0) throw new AppError("not_found", { what: `There is no environment ${input.environment.slice(0, 100)}.` });
    where.push(
      inArray(
        incidents.environmentId,
        found.map((one) => one.id),
      ),
    );
  }
  return ctx.team.list(incidents, { where: and(...where) });
}

/** What lies between two times of an incident, and its class. Source: value-streams.md, Incident stream. */
const INCIDENT_SPANS: [step: string, from: IncidentTime, to: IncidentTime, cls: StepClass][] = [
  ["detect", "startedAt", "detectedAt", "va"],
  ["alert", "detectedAt", "alertedAt", "nnva"],
  ["notify", "alertedAt", "notifiedAt", "nnva"],
  ["acknowledge", "notifiedAt", "acknowledgedAt", "wait"],
  ["diagnose", "acknowledgedAt", "diagnosedAt", "va"],
  ["remediate", "diagnosedAt", "remediatedAt", "va"],
  ["verify", "remediatedAt", "verifiedAt", "va"],
];

/** An incident's steps as its times say them; what lies between times that are not known is attributed to nobody. */
export function spansOfIncident(one: IncidentRecord): RunSpan[] {
  return INCIDENT_SPANS.flatMap(([step, from, to, cls]) => {
    const [startedAt, finishedAt] = [one[from], one[to]];
    if (startedAt === null || finishedAt === null || finishedAt < startedAt) return [];
    return [{ step, class: cls, startedAt, finishedAt, outcome: "ok" as const, attempt: 1, rework: false }];
  });
}

/** Runs through a stream other than deployment: incidents by their times or their spans, the others by their spans alone. */
export async function loadStreamRuns(
  ctx: TeamContext,
  stream: string,
  input: ScopeInput,
  window: Window,
): Promise<{ runs: MapRun[]; apart: Record<string, number> }> {
  if (stream === "incident") return incidentRuns(ctx, input, window);
  const project = input.project === undefined ? null : await findProject(ctx, input.project);
  const own = and(eq(spans.stream, stream), isNull(spans.parent), project ? eq(spans.projectId, project.id) : undefined);
  const ended = await ctx.team.query((db, scoped) =>
    db
      .select({ subject: spans.subject })
      .from(spans)
      .where(scoped(spans, own))
      .groupBy(spans.subject)
      .having(
        and(
          gte(sql`max(${spans.finishedAt})`, sql`${toIso(window.from)}::timestamptz`),
          lt(sql`max(${spans.finishedAt})`, sql`${toIso(window.to)}::timestamptz`),
        ),
      ),
  );
  const bySubject = await spansOf(
    ctx,
    own,
    ended.map((row) => row.subject),
  );
  const runs = [...bySubject].map(([id, list]) => ({
    id,
    createdAt: Math.min(...list.map((span) => span.startedAt)),
    authoredAt: null,
    finishedAt: Math.max(...list.map((span) => span.finishedAt)),
    spans: list,
  }));
  return { runs, apart: {} };
}

async function incidentRuns(ctx: TeamContext, input: ScopeInput, window: Window) {
  const all = (await loadIncidentRecords(ctx, input)).filter((one) => {
    const at = seenAt(one);
    return one.falsePositive !== true && at !== null && at >= window.from && at < window.to;
  });
  const bySubject = await spansOf(
    ctx,
    and(eq(spans.stream, "incident"), isNull(spans.parent)),
    all.map((one) => one.id),
  );
  const closed = all.flatMap((one) => (one.detectedAt === null || one.verifiedAt === null ? [] : [{ ...one, from: one.detectedAt, to: one.verifiedAt }]));
  const runs = closed.map(
    (one): MapRun => ({ id: one.id, createdAt: one.from, authoredAt: null, finishedAt: one.to, spans: bySubject.get(one.id) ?? spansOfIncident(one) }),
  );
  const apart: Record<string, number> = all.length === runs.length ? {} : { open: all.length - runs.length };
  return { runs, apart };
}

const MOST_PARAMETERS = 10_000;
async function spansOf(ctx: TeamContext, where: SQL | undefined, subjects: string[]): Promise<Map<string, RunSpan[]>> {
  const bySubject = new Map<string, RunSpan[]>();
  for (let from = 0; from < subjects.length; from += MOST_PARAMETERS) {
    const rows = await ctx.team.list(spans, {
      where: and(where, inArray(spans.subject, subjects.slice(from, from + MOST_PARAMETERS))),
      orderBy: spans.startedAt,
    });
    for (const row of rows) {
      const list = bySubject.get(row.subject);
      if (list) list.push(row);
      else bySubject.set(row.subject, [row]);
    }
  }
  return bySubject;
}

export type PeopleSource = "all" | "members" | "imported";

/** Who signed up: the team's own members, by what they did here, and people of an import. */
export async function loadPeople(ctx: TeamContext, source: PeopleSource): Promise<PersonRecord[]> {
  const imported = source === "members" ? [] : await ctx.team.list(people);
  const known = imported.map((one) => ({ id: one.externalId, signedUpAt: one.signedUpAt, firstLiveAt: one.firstLiveAt, activeAt: one.activeAt ?? [] }));
  return source === "imported" ? known : [...known, ...(await loadMembers(ctx))];
}

async function loadMembers(ctx: TeamContext): Promise<PersonRecord[]> {
  const [members, live, active] = await ctx.team.query((db, own) =>
    Promise.all([
      db
        .select({ email: users.email, signedUpAt: memberships.createdAt })
        .from(memberships)
        .innerJoin(users, eq(users.id, memberships.userId))
        .where(own(memberships)),
      db
        .select({ email: deployments.actor, at: sql<string>`min(${deployments.liveAt})`.mapWith(deployments.liveAt) })
        .from(deployments)
        .where(own(deployments, isNotNull(deployments.liveAt)))
        .groupBy(deployments.actor),
      db
        .select({ email: auditEvents.actor, at: sql<string>`max(${auditEvents.at})`.mapWith(auditEvents.at) })
        .from(auditEvents)
        .where(own(auditEvents))
        .groupBy(auditEvents.actor, sql`date_trunc('day', ${auditEvents.at} at time zone 'UTC')`),
    ]),
  );
  const liveAt = new Map((live as unknown as { email: string; at: Micros }[]).map((row) => [row.email, row.at]));
  const activeAt = new Map<string, Micros[]>();
  for (const { email, at } of active as unknown as { email: string; at: Micros }[]) activeAt.set(email, [...(activeAt.get(email) ?? []), at]);
  return members.map(({ email, signedUpAt }) => ({ id: email, signedUpAt, firstLiveAt: liveAt.get(email) ?? null, activeAt: activeAt.get(email) ?? [] }));
}
