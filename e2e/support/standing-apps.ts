import type { HomeDatabase } from "./home-database";

/** Gives each of a project's applications a release that has the traffic, with all its replicas running but for those named. */
export async function giveReleases(sql: HomeDatabase, project: string, { down = [], short = [] }: { down?: string[]; short?: string[] } = {}): Promise<void> {
  await sql`
    insert into releases (team_id, app_id, number, deployment_id, image_id, config, created_at, live_at)
    select team_id, id, 1, gen_random_uuid(), 'sha256:0', '', now() - interval '3 days', now() - interval '3 days' from apps where project_id = ${project} and release_id is null`;
  await sql`
    update apps a set release_id = r.id, active_slot = 'a',
      replicas = case when a.name = any(${short}) then 3 else 1 end,
      running_replicas = case when a.name = any(${down}) then 0 when a.name = any(${short}) then 2 else 1 end
    from releases r where r.app_id = a.id and a.project_id = ${project}`;
}

/** A deployment of an application that builds since five seconds, or waits for its turn; its steps so far are those of `model`. */
export async function giveUnderWay(
  sql: HomeDatabase,
  model: string,
  app: string,
  { number, status, message }: { number: number; status: "running" | "queued"; message: string },
): Promise<string> {
  const isRunning = status === "running";
  const [made] = await sql<{ id: string }[]>`
    insert into deployments
    select (jsonb_populate_record(null::deployments, to_jsonb(d) || jsonb_build_object(
      'id', gen_random_uuid(), 'team_id', a.team_id, 'app_id', a.id, 'project_id', a.project_id, 'environment_id', a.environment_id, 'number', ${number}::int,
      'status', ${status}::text, 'outcome', null, 'live_at', null, 'finished_at', null, 'bake_until', null, 'release', null, 'release_id', null,
      'commit_message', ${message}::text, 'commit_author', 'Somebody Else', 'step', ${isRunning ? "build" : "queue"}::text,
      'created_at', now() - interval '8 seconds', 'accepted_at', now() - interval '8 seconds', 'step_started_at', now() - interval '5 seconds',
      'started_at', case when ${isRunning} then now() - interval '7 seconds' end, 'lease_until', case when ${isRunning} then now() + interval '1 hour' end))).*
    from deployments d, apps a where d.id = ${model} and a.id = ${app} returning id`;
  if (!made) throw new Error("the deployment was not made");
  return made.id;
}

/** A deployment that is under way ends. */
export const endUnderWay = (sql: HomeDatabase, id: string, isGood: boolean) =>
  sql`update deployments set status = ${isGood ? "succeeded" : "failed"}, outcome = ${isGood ? "succeeded" : "build_failed"},
    reason = ${isGood ? null : sql.json({ code: "build_failed", what: "The build failed.", step: "build" })}, step = null, lease_until = null,
    live_at = ${isGood ? sql`now()` : null}, finished_at = now() where id = ${id}`;
