import { and, eq, sql } from "drizzle-orm";
import type { PgColumn, PgTable } from "drizzle-orm/pg-core";
import { apps, commits, deployments, incidents, people, spans } from "../../db/schema";
import type { Micros } from "../../db/schema/columns";
import type { TeamRows, TeamTable } from "../data/team-data";
import type { DeploymentStatus } from "../deployments/schema";
import { classOf } from "../streams/definitions";
import { commitPlace, importedDeployment, importedId } from "./identity";
import type { Kind } from "./import";
import type { LineOf } from "./lines";

const CHUNK = 1_000;
/** While PostgreSQL takes some rows in, the next are made ready. */
async function insertAll<T extends TeamTable>(rows: TeamRows, table: T, list: Omit<T["$inferInsert"], "teamId">[]): Promise<void> {
  let before: Promise<unknown> = Promise.resolve();
  for (let from = 0; from < list.length; from += CHUNK) {
    const next = rows.insertMany(table, list.slice(from, from + CHUNK) as never);
    next.catch(() => {}); // whoever waits for it hears of it; the one before may end the loop first
    await before;
    before = next;
  }
  await before;
}
function knownBy<T extends TeamTable>(rows: TeamRows, table: T, column: PgColumn, ids: string[]): Promise<T["$inferSelect"][]> {
  return rows.list(table, { where: sql`${column} = any(${sql.param([...new Set(ids)])}::${sql.raw(column.getSQLType())}[])` });
}
const only = <R extends object>(row: R, keys: readonly (keyof R & string)[]) => Object.fromEntries(keys.map((key) => [key, row[key]])) as never;
type Insert<T extends PgTable> = Omit<T["$inferInsert"], "teamId">;

type CommitRow = {
  appId: string;
  sha: string;
  parents?: string[] | undefined;
  authoredAt: Micros;
  pushedAt?: Micros | undefined;
  merge?: boolean | undefined;
  author?: string | undefined;
  message?: string | undefined;
};
export const commitKind: Kind<LineOf<"commit">, CommitRow> = {
  fields: ["parents", "authoredAt", "pushedAt", "merge", "author", "message"],
  async toRow({ kind, project, app, ...line }, ctx, places) {
    const appId = commitPlace(ctx.team.id, await places.project(project), app);
    return { key: `${appId} ${line.sha}`, row: { ...line, appId } };
  },
  async known(rows, wanted) {
    const found = await knownBy(
      rows,
      commits,
      commits.sha,
      wanted.map(({ row }) => row.sha),
    );
    const absent = <T>(value: T, isAbsent: boolean) => (isAbsent ? undefined : value);
    return new Map(
      found.map((row) => [
        `${row.appId} ${row.sha}`,
        {
          ...row,
          parents: absent(row.parents, row.parents.length === 0),
          pushedAt: row.pushedAt ?? undefined,
          author: absent(row.author, row.author === ""),
          message: absent(row.message, row.message === ""),
        },
      ]),
    );
  },
  insert: (rows, list) =>
    insertAll(
      rows,
      commits,
      list.map((row) => ({ ...row, parents: row.parents ?? [], merge: row.merge ?? (row.parents?.length ?? 0) > 1 })),
    ),
  async fill(rows, row, added) {
    await rows.update(commits, only(row, added), and(eq(commits.appId, row.appId), eq(commits.sha, row.sha)));
  },
};

type DeploymentRow = {
  id: string;
  externalId: string;
  projectId: string;
  environmentId: string;
  appId: string;
  kind: LineOf<"deployment">["deploymentKind"];
  outcome?: LineOf<"deployment">["outcome"];
  commitSha?: string | undefined;
  commits?: string[] | undefined;
  createdAt?: Micros | undefined;
  startedAt?: Micros | undefined;
  liveAt?: Micros | undefined;
  finishedAt?: Micros | undefined;
  restores?: string | undefined;
  remediates?: string | undefined;
  mark?: boolean | undefined;
  markReason?: string | undefined;
};
/** What is not known of an imported run is no wish to run it: nothing that a worker would take. */
const statusOf = ({ outcome, liveAt }: DeploymentRow): DeploymentStatus =>
  outcome === "cancelled" || outcome === "superseded" || outcome === "succeeded"
    ? outcome
    : outcome === undefined
      ? liveAt === undefined
        ? "cancelled"
        : "succeeded"
      : "failed";
const stored = (row: DeploymentRow, now: Micros): Insert<typeof deployments> => ({
  ...row,
  number: 0,
  trigger: "import",
  strategy: "blue-green",
  status: statusOf(row),
  imported: true,
  commits: row.commits ?? [],
  commitsKnown: row.commits !== undefined,
  actor: "import",
  createdAt: row.createdAt ?? row.startedAt ?? row.liveAt ?? row.finishedAt ?? now,
  acceptedAt: row.createdAt ?? row.startedAt ?? row.liveAt ?? row.finishedAt ?? now,
});

export const deploymentKind: Kind<LineOf<"deployment">, DeploymentRow> = {
  fields: [
    "projectId",
    "environmentId",
    "appId",
    "kind",
    "outcome",
    "commitSha",
    "commits",
    "createdAt",
    "startedAt",
    "liveAt",
    "finishedAt",
    "restores",
    "remediates",
    "mark",
    "markReason",
  ],
  async toRow(
    { kind: _kind, project, app, environment, tier, id, deploymentKind: kind, commit, restores, remediates, failed, failedReason, ...line },
    ctx,
    places,
  ) {
    const place = await places.app(project, environment, tier, app);
    const refer = async (other: string | undefined) => (other === undefined ? undefined : places.deployment(other));
    const row = {
      ...line,
      ...place,
      id: importedDeployment(ctx.team.id, id),
      externalId: id,
      kind,
      commitSha: commit,
      restores: await refer(restores),
      remediates: await refer(remediates),
      mark: failed,
      markReason: failedReason,
    };
    return { key: row.id, row };
  },
  async known(rows, wanted) {
    const found = await knownBy(
      rows,
      deployments,
      deployments.id,
      wanted.map(({ row }) => row.id),
    );
    return new Map(
      found.map((row) => [
        row.id,
        { ...row, commits: row.commitsKnown ? row.commits : undefined, kind: row.kind as DeploymentRow["kind"], ...absentIfNull(row) } as DeploymentRow,
      ]),
    );
  },
  async insert(rows, list, ctx) {
    const next = await countIn(rows, list);
    const inOrder = [...list].sort((a, b) => (a.createdAt ?? a.liveAt ?? 0) - (b.createdAt ?? b.liveAt ?? 0));
    const numbered = inOrder.map((row) => {
      const number = next.get(row.appId) ?? 1;
      next.set(row.appId, number + 1);
      return { ...stored(row, ctx.now()), number };
    });
    await insertAll(rows, deployments, numbered);
  },
  async fill(rows, row, added) {
    const { number, createdAt, acceptedAt, ...all } = stored(row, 0);
    const times = added.includes("createdAt") ? { createdAt, acceptedAt } : {};
    await rows.update(deployments, { ...all, ...times }, eq(deployments.id, row.id));
  },
};
/** Numbers go on from those that each application has. @returns the first new number of each */
async function countIn(rows: TeamRows, list: DeploymentRow[]): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (const { appId } of list) counts.set(appId, (counts.get(appId) ?? 0) + 1);
  const added = sql`unnest(${sql.param([...counts.keys()])}::uuid[], ${sql.param([...counts.values()])}::int[]) added (id, n)`;
  const found = await rows.query((db, own) =>
    db.execute<{ id: string; first: number }>(
      sql`update ${apps} set deployment_count = deployment_count + added.n from ${added} where ${own(apps, sql`${apps.id} = added.id`)} returning ${apps.id}, deployment_count - added.n + 1 as first`,
    ),
  );
  return new Map(found.map(({ id, first }) => [id, first]));
}
const absentIfNull = (row: object) => Object.fromEntries(Object.entries(row).flatMap(([key, value]) => (value === null ? [[key, undefined]] : [])));
type IncidentRow = Insert<typeof incidents> & { id: string };
const INCIDENT_TIMES = ["startedAt", "detectedAt", "alertedAt", "notifiedAt", "acknowledgedAt", "diagnosedAt", "remediatedAt", "verifiedAt"] as const;
export const incidentKind: Kind<LineOf<"incident">, IncidentRow> = {
  fields: ["projectId", "environmentId", "app", "severity", ...INCIDENT_TIMES, "causedBy", "fingerprint", "falsePositive"],
  async toRow({ kind, project, environment, id, causedBy, ...line }, ctx, places) {
    const row: IncidentRow = {
      ...line,
      id: importedId("incident", ctx.team.id, id),
      externalId: id,
      projectId: await places.project(project),
      environmentId: environment === undefined ? null : await places.environment(project, environment, undefined),
      causedBy: causedBy === undefined ? null : await places.deployment(causedBy),
      recordedAt: ctx.now(),
    };
    return { key: row.id, row };
  },
  known: async (rows, wanted) =>
    new Map(
      (
        await knownBy(
          rows,
          incidents,
          incidents.id,
          wanted.map(({ row }) => row.id),
        )
      ).map((row) => [row.id, row]),
    ),
  insert: (rows, list) => insertAll(rows, incidents, list),
  async fill(rows, row, added) {
    await rows.update(incidents, only(row, added), eq(incidents.id, row.id));
  },
};

type SpanRow = Insert<typeof spans>;
/** The ledger takes no change: what a line adds to a span that is there is a contradiction unless it is the same. */
export const spanKind: Kind<LineOf<"span">, SpanRow> = {
  fields: ["class", "finishedAt", "outcome", "rework", "cached", "parent"],
  async toRow({ kind, subject, parent, ...line }, ctx, places) {
    const id = line.stream === "deployment" ? await places.deployment(subject) : importedId(line.stream, ctx.team.id, subject);
    const row: SpanRow = {
      ...line,
      subject: id,
      class: line.class ?? classOf(line.step),
      parent: parent === undefined ? null : importedId("span", id, parent),
      source: "import",
      clockQuality: "imported",
      recordedAt: ctx.now(),
    };
    return { key: `${id} ${line.step} ${line.attempt} ${line.startedAt}`, row };
  },
  known: async (rows, wanted) =>
    new Map(
      (
        await knownBy(
          rows,
          spans,
          spans.subject,
          wanted.map(({ row }) => row.subject),
        )
      ).map((row) => [`${row.subject} ${row.step} ${row.attempt} ${row.startedAt}`, row]),
    ),
  insert: (rows, list) => insertAll(rows, spans, list),
  fill: () => Promise.resolve(),
};

type PersonRow = Insert<typeof people> & { id: string };
export const personKind: Kind<LineOf<"person">, PersonRow> = {
  fields: ["signedUpAt", "firstLiveAt", "activeAt"],
  async toRow({ kind, id, ...line }, ctx) {
    const row: PersonRow = { ...line, id: importedId("person", ctx.team.id, id), externalId: id, recordedAt: ctx.now() };
    return { key: row.id, row };
  },
  known: async (rows, wanted) =>
    new Map(
      (
        await knownBy(
          rows,
          people,
          people.id,
          wanted.map(({ row }) => row.id),
        )
      ).map((row) => [row.id, row]),
    ),
  insert: (rows, list) => insertAll(rows, people, list),
  async fill(rows, row, added) {
    await rows.update(people, only(row, added), eq(people.id, row.id));
  },
};
