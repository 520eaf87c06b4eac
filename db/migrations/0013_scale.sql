CREATE TABLE "deployment_facts" (
	"deployment_id" uuid PRIMARY KEY NOT NULL,
	"team_id" uuid NOT NULL,
	"app_id" uuid NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"live_at" timestamp with time zone,
	"ended_at" timestamp with time zone,
	"outcome" text,
	"kind" text NOT NULL,
	"is_first" boolean NOT NULL,
	"is_remedy" boolean NOT NULL,
	"failed" boolean NOT NULL,
	"failed_reason" text,
	"failed_method" text,
	"remedied_at" timestamp with time zone,
	"remedied_by" uuid,
	"lead" bigint[] NOT NULL,
	"commits" integer NOT NULL,
	"merges" integer NOT NULL,
	"already_live" integer NOT NULL,
	"unknown_commits" integer NOT NULL,
	"negative_spans" integer NOT NULL,
	"computed_set" text[],
	"live_before" text[],
	"digest" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "fact_changes" (
	"team_id" uuid NOT NULL,
	"place" uuid NOT NULL,
	"deployment_id" uuid,
	"is_history" boolean DEFAULT true NOT NULL,
	"due_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "run_facts" (
	"deployment_id" uuid PRIMARY KEY NOT NULL,
	"team_id" uuid NOT NULL,
	"app_id" uuid NOT NULL,
	"live_at" timestamp with time zone NOT NULL,
	"started_at" timestamp with time zone,
	"finished_at" timestamp with time zone,
	"is_commit_known" boolean NOT NULL,
	"arrived_at" timestamp with time zone,
	"slot_for" bigint,
	"busy_for" bigint,
	"sums" json NOT NULL
);
--> statement-breakpoint
CREATE TABLE "run_weeks" (
	"team_id" uuid NOT NULL,
	"app_id" uuid NOT NULL,
	"week" integer NOT NULL,
	"sums" json NOT NULL,
	CONSTRAINT "run_weeks_app_id_week_pk" PRIMARY KEY("app_id","week")
);
--> statement-breakpoint
CREATE INDEX "deployment_facts_live" ON "deployment_facts" USING btree ("app_id","live_at");--> statement-breakpoint
CREATE INDEX "deployment_facts_ended" ON "deployment_facts" USING btree ("app_id","ended_at","outcome","team_id");--> statement-breakpoint
CREATE INDEX "fact_changes_place" ON "fact_changes" USING btree ("team_id","place");--> statement-breakpoint
CREATE INDEX "run_facts_live" ON "run_facts" USING btree ("app_id","live_at");--> statement-breakpoint
CREATE INDEX "deployments_not_live" ON "deployments" USING btree ("app_id","finished_at") WHERE live_at is null;--> statement-breakpoint
CREATE INDEX "deployments_remediates" ON "deployments" USING btree ("remediates") WHERE remediates is not null;
--> statement-breakpoint
create function note_new_deployments() returns trigger language plpgsql as $$
begin
  insert into fact_changes (team_id, place, deployment_id) select team_id, app_id, id from fresh;
  insert into fact_changes (team_id, place) select team_id, app_id from deployments where id in (select remediates from fresh where remediates is not null);
  return null;
end $$;
--> statement-breakpoint
create trigger deployments_noted after insert on deployments referencing new table as fresh for each statement execute function note_new_deployments();
--> statement-breakpoint
create function note_changed_deployment() returns trigger language plpgsql as $$
begin
  insert into fact_changes (team_id, place, deployment_id) values (new.team_id, new.app_id, new.id);
  insert into fact_changes (team_id, place) select team_id, app_id from deployments where id in (old.remediates, new.remediates) and app_id <> new.app_id;
  return null;
end $$;
--> statement-breakpoint
create trigger deployment_noted after update on deployments for each row
when ((old.environment_id, old.kind, old.outcome, old.failed, old.failed_reason, old.remediates, old.commit_sha, old.authored_at, old.commits, old.commits_known, old.imported, old.restores, old.mark, old.mark_reason, old.created_at, old.live_at, old.finished_at)
  is distinct from (new.environment_id, new.kind, new.outcome, new.failed, new.failed_reason, new.remediates, new.commit_sha, new.authored_at, new.commits, new.commits_known, new.imported, new.restores, new.mark, new.mark_reason, new.created_at, new.live_at, new.finished_at))
execute function note_changed_deployment();
--> statement-breakpoint
create function note_commits() returns trigger language plpgsql as $$
begin
  insert into fact_changes (team_id, place) select distinct team_id, app_id from fresh;
  return null;
end $$;
--> statement-breakpoint
create trigger commits_noted after insert on commits referencing new table as fresh for each statement execute function note_commits();
--> statement-breakpoint
create trigger changed_commits_noted after update on commits referencing new table as fresh for each statement execute function note_commits();
--> statement-breakpoint
create function note_incident() returns trigger language plpgsql as $$
begin
  insert into fact_changes (team_id, place) select team_id, app_id from deployments where id = new.caused_by;
  if tg_op = 'UPDATE' then
    insert into fact_changes (team_id, place) select team_id, app_id from deployments where id = old.caused_by and old.caused_by is distinct from new.caused_by;
  end if;
  return null;
end $$;
--> statement-breakpoint
create trigger incident_noted after insert or update on incidents for each row execute function note_incident();
--> statement-breakpoint
create function note_spans() returns trigger language plpgsql as $$
begin
  insert into fact_changes (team_id, place, deployment_id, is_history)
  select team_id, app_id, id, false from deployments where live_at is not null and id in (select subject from fresh where stream = 'deployment' and parent is null);
  return null;
end $$;
--> statement-breakpoint
create trigger spans_noted after insert on spans referencing new table as fresh for each statement execute function note_spans();
--> statement-breakpoint
alter table deployments no force row level security;
--> statement-breakpoint
insert into fact_changes (team_id, place) select distinct team_id, app_id from deployments;
