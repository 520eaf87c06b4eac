import { readFileSync } from "node:fs";
import postgres from "postgres";
import type { Up } from "./platform";

export type HomeDatabase = ReturnType<typeof openHomeDatabase>;

/** The running home's database as its worker sees it: for states that would take the interface minutes to bring about. */
export function openHomeDatabase(up: Up) {
  const environment = readFileSync(`/proc/${up.pids.worker}/environ`, "utf8").split("\0");
  const url = environment.find((entry) => entry.startsWith("DATABASE_URL="))?.slice("DATABASE_URL=".length);
  if (!url) throw new Error("The worker has no DATABASE_URL.");
  return postgres(url, { max: 2, onnotice: () => {} });
}

/** Gives an application, or each of a project, `count` past deployments, an hour apart, each a copy of `model` with its steps. */
export async function giveHistory(sql: HomeDatabase, model: string, place: { project: string; app?: string }, count: number): Promise<void> {
  const stored = await sql<{ id: string; appId: string; ago: string }[]>`
    insert into deployments
    select (jsonb_populate_record(null::deployments, to_jsonb(d) || jsonb_build_object(
      'id', gen_random_uuid(), 'team_id', a.team_id, 'app_id', a.id, 'project_id', a.project_id, 'environment_id', a.environment_id, 'number', ${count}::int + 1 - n, 'bake_until', null,
      'created_at', d.created_at - n * interval '1 hour', 'accepted_at', d.accepted_at - n * interval '1 hour', 'started_at', d.started_at - n * interval '1 hour',
      'live_at', d.live_at - n * interval '1 hour', 'finished_at', d.finished_at - n * interval '1 hour'))).*
    from deployments d, apps a, generate_series(1, ${count}::int) n where d.id = ${model} and a.project_id = ${place.project} and (${place.app ?? null}::uuid is null or a.id = ${place.app ?? null}::uuid)
    returning id, app_id as "appId", (${count}::int + 1 - number)::text as ago`;
  await sql`
    insert into spans
    select (jsonb_populate_record(null::spans, to_jsonb(s) || jsonb_build_object(
      'id', gen_random_uuid(), 'subject', copy.id, 'app_id', copy.app_id, 'team_id', (select team_id from apps where id = copy.app_id), 'project_id', ${place.project}::uuid,
      'started_at', s.started_at - copy.ago * interval '1 hour', 'finished_at', s.finished_at - copy.ago * interval '1 hour'))).*
    from spans s, unnest(${stored.map((one) => one.id)}::uuid[], ${stored.map((one) => one.appId)}::uuid[], ${stored.map((one) => one.ago)}::int[]) copy (id, app_id, ago)
    where s.subject = ${model} and s.parent is null`;
}
