import { randomBytes, randomUUID } from "node:crypto";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type postgres from "postgres";

/** Two years of a team: applications of production, 10 to a project. Times in milliseconds. */
export type HistorySize = { apps: number; deployments: number; now: number };
const YEARS_MS = 730 * 86_400_000;
const COMMITS = 5;
const STEPS = [
  ["validate", "va", 0.02],
  ["queue", "wait", 12],
  ["fetch", "va", 0.8],
  ["plan", "va", 0.1],
  ["build", "va", 45],
  ["push-image", "nnva", 2],
  ["release", "va", 4],
  ["health", "wait", 2],
  ["route", "va", 0.3],
  ["verify", "va", 1],
] as const;
const FAILED_AT = 5;

type App = { id: string; project: string; environment: string };
type Row = (string | number | boolean | null)[];
const line = (row: Row) => `${row.map((value) => (value === null ? "\\N" : value === true ? "t" : value === false ? "f" : value)).join("\t")}\n`;
const iso = (ms: number) => new Date(ms).toISOString();

/** A row's columns by COPY, in pieces large enough that their number costs nothing. */
async function copy(sql: postgres.ReservedSql, table: string, columns: string, rows: Iterable<Row>): Promise<void> {
  function* pieces() {
    let piece = "";
    for (const row of rows) {
      piece += line(row);
      if (piece.length < 1 << 18) continue;
      yield piece;
      piece = "";
    }
    yield piece;
  }
  await pipeline(Readable.from(pieces()), await sql.unsafe(`copy ${table} (${columns}) from stdin`).writable());
}

/** Indexes are made anew after millions of rows: filling them row by row takes ten times as long. */
async function withoutIndexes(sql: postgres.ReservedSql, table: string, load: () => Promise<void>): Promise<void> {
  const constraints = await sql<{ name: string; def: string }[]>`
    select conname as name, pg_get_constraintdef(oid) as def from pg_constraint where conrelid = ${table}::regclass and contype in ('p', 'u')`;
  const indexes = await sql<{ name: string; def: string }[]>`
    select indexname as name, indexdef as def from pg_indexes where tablename = ${table} and not indexname = any(${constraints.map((one) => one.name)})`;
  for (const { name } of constraints) await sql.unsafe(`alter table ${table} drop constraint "${name}"`);
  for (const { name } of indexes) await sql.unsafe(`drop index "${name}"`);
  await load();
  for (const { name, def } of constraints) await sql.unsafe(`alter table ${table} add constraint "${name}" ${def}`);
  for (const { def } of indexes) await sql.unsafe(def);
}

/**
 * Fills the database of a home that serves nothing else with a team's history, by COPY as its owner. What was there of deployments goes.
 * One live deployment in 25 is rolled back, one in 33 is a hotfix; one attempt in 12 never went live; one commit in 10 is a merge.
 */
export async function loadHistory(sql: postgres.ReservedSql, team: string, { apps: count, deployments, now }: HistorySize): Promise<void> {
  await sql`set session_replication_role = replica`;
  await sql`set maintenance_work_mem = '1GB'`;
  await sql`set synchronous_commit = off`;
  const kept = await sql<{ name: string }[]>`
    select relname as name from pg_class where relname in ('deployments', 'commits', 'spans', 'incidents', 'deployment_facts', 'run_facts', 'run_weeks', 'fact_changes') and relkind in ('r', 'p')`;
  await sql.unsafe(`truncate ${kept.map((table) => table.name).join(", ")}`);
  const apps = await makeApps(sql, team, count);
  const ids = Array.from({ length: deployments }, () => randomUUID());
  const startOf = (n: number) => now - YEARS_MS + Math.floor(((n + 0.5) * (YEARS_MS - 3_600_000)) / deployments);
  const isLive = (n: number) => Math.floor(n / count) % 12 !== 7;
  const isRollback = (n: number) => isLive(n) && Math.floor(n / count) % 25 === 24 && n >= 4 * count && isLive(n - 2 * count);
  const isHotfix = (n: number) => isLive(n) && Math.floor(n / count) % 33 === 32;
  const queued = (n: number) => ((n * 7919) % 400) / 10;
  // the same commits for the deployments and for their own rows
  const shas = randomBytes(deployments * COMMITS * 10);
  const sha = (n: number, k: number) => `${shas.toString("hex", (n * COMMITS + k) * 10, (n * COMMITS + k + 1) * 10)}${"0".repeat(20)}`;
  const setOf = (n: number) => (isRollback(n) ? [] : Array.from({ length: COMMITS }, (_, k) => sha(n, k)));
  const liveAt = (n: number) => startOf(n) + 1000 * (66 + queued(n));

  function* deploymentRows(): Generator<Row> {
    for (let n = 0; n < deployments; n++) {
      const app = apps[n % count] as App;
      const [live, start] = [isLive(n), startOf(n)];
      const end = live ? liveAt(n) + 1300 : start + 1000 * (46 + queued(n));
      const restores = isRollback(n) ? (ids[n - 2 * count] as string) : null;
      yield [
        ids[n] as string,
        team,
        app.project,
        app.environment,
        app.id,
        Math.floor(n / count) + 1,
        restores ? "rollback" : "code",
        restores ? "manual" : "webhook",
        "blue-green",
        live ? "succeeded" : n % 24 < 8 ? "cancelled" : "failed",
        live ? "succeeded" : n % 24 < 8 ? "cancelled" : "build_failed",
        isHotfix(n) ? (ids[n - count] as string) : null,
        restores ? sha(n - 2 * count, 0) : sha(n, 0),
        iso(start - 60_000),
        `{${setOf(n).join(",")}}`,
        restores,
        "bench@example.test",
        iso(start),
        iso(start + 20),
        iso(start + 20 + 1000 * queued(n)),
        live ? iso(liveAt(n)) : null,
        iso(end),
      ];
    }
  }
  function* commitRows(): Generator<Row> {
    for (let n = 0; n < deployments; n++)
      for (const [k, one] of setOf(n).entries())
        yield [
          team,
          (apps[n % count] as App).id,
          one,
          "a change",
          "someone",
          iso(startOf(n) - 60_000 - (((n * 31 + k * 977) % 5000) ** 2 * 15 + k * 60_000)),
          k === 3 && n % 2 === 0,
          "{}",
        ];
  }
  function* spanRows(): Generator<Row> {
    for (let n = 0; n < deployments; n++) {
      const app = apps[n % count] as App;
      const live = isLive(n);
      let at = startOf(n);
      let build = "";
      for (const [k, [step, cls, seconds]] of STEPS.entries()) {
        const isChild = !live && k >= FAILED_AT;
        const id = randomUUID();
        const length = Math.round(1000 * (step === "queue" ? queued(n) : seconds * (0.5 + ((n * 13 + k * 7) % 100) / 100)));
        const [from, to] = isChild ? [at - 5000 + k * 10, at - 4000 + k * 10] : [at, at + length];
        if (!isChild) at = to;
        if (step === "build") build = id;
        yield [
          id,
          team,
          "deployment",
          ids[n] as string,
          app.project,
          app.environment,
          app.id,
          isChild ? "vertex" : step,
          iso(from),
          iso(to),
          cls,
          !live && k === 4 ? "failed" : "ok",
          isChild ? build : null,
          iso(to),
        ];
      }
    }
  }
  await withoutIndexes(sql, "deployments", () =>
    copy(
      sql,
      "deployments",
      "id, team_id, project_id, environment_id, app_id, number, kind, trigger, strategy, status, outcome, remediates, commit_sha, authored_at, commits, restores, actor, created_at, accepted_at, started_at, live_at, finished_at",
      deploymentRows(),
    ),
  );
  await withoutIndexes(sql, "commits", () => copy(sql, "commits", "team_id, app_id, sha, message, author, authored_at, merge, parents", commitRows()));
  await withoutIndexes(sql, "spans", () =>
    copy(
      sql,
      "spans",
      "id, team_id, stream, subject, project_id, environment_id, app_id, step, started_at, finished_at, class, outcome, parent, recorded_at",
      spanRows(),
    ),
  );
  for (const table of ["deployments", "commits", "spans"]) await sql.unsafe(`vacuum (analyze) ${table}`);
  if (kept.some((table) => table.name === "fact_changes")) await sql`insert into fact_changes (team_id, place) select ${team}, id from apps where imported`;
}

async function makeApps(sql: postgres.ReservedSql, team: string, count: number): Promise<App[]> {
  const found = () =>
    sql<App[]>`select id, project_id as project, environment_id as environment from apps where team_id = ${team} and imported order by created_at, name`;
  const known = await found();
  if (known.length === count) return known;
  for (let n = 0; n < count; n += 10) {
    const [project] = await sql`insert into projects (team_id, name, created_at) values (${team}, ${`bench-${n / 10}`}, now()) returning id`;
    const [environment] = await sql`
      insert into environments (team_id, project_id, name, tier, network, created_at) values (${team}, ${project?.id}, 'production', 'production', ${`dkp-${randomBytes(8).toString("hex")}`}, now()) returning id`;
    await sql`
      insert into apps (team_id, project_id, environment_id, name, imported, auto_deploy, health, webhook_secret, slot_a, slot_b, created_at)
      select ${team}, ${project?.id}, ${environment?.id}, 'app-' || k, true, false, '{}', '', 's' || md5(random()::text), 's' || md5(random()::text), now() from generate_series(0, 9) k`;
  }
  return found();
}
