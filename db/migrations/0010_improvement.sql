CREATE TABLE "experiments" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"team_id" uuid NOT NULL,
	"hypothesis" text NOT NULL,
	"change" text NOT NULL,
	"metric" text NOT NULL,
	"project_id" uuid,
	"app" text,
	"environment" text,
	"starts_on" text NOT NULL,
	"ends_on" text NOT NULL,
	"tz" text NOT NULL,
	"outcome_id" uuid,
	"conclusion" text,
	"created_by" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "manual_steps" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"team_id" uuid NOT NULL,
	"project_id" uuid,
	"title" text NOT NULL,
	"place" text NOT NULL,
	"position" integer NOT NULL,
	"process_s" double precision NOT NULL,
	"wait_s" double precision NOT NULL,
	"class" text NOT NULL,
	"set_by" text NOT NULL,
	"set_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "outcomes" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"team_id" uuid NOT NULL,
	"title" text NOT NULL,
	"why" text DEFAULT '' NOT NULL,
	"metric" text NOT NULL,
	"project_id" uuid,
	"app" text,
	"target" double precision NOT NULL,
	"due_on" text NOT NULL,
	"created_by" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"closed_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "targets" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"team_id" uuid NOT NULL,
	"metric" text NOT NULL,
	"project_id" uuid,
	"app" text,
	"value" double precision NOT NULL,
	"set_by" text NOT NULL,
	"set_at" timestamp with time zone NOT NULL,
	CONSTRAINT "targets_place" UNIQUE NULLS NOT DISTINCT("team_id","metric","project_id","app")
);
--> statement-breakpoint
ALTER TABLE "apps" ADD COLUMN "watch_paths" text[] DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE "experiments" ADD CONSTRAINT "experiments_outcome_id_outcomes_id_fk" FOREIGN KEY ("outcome_id") REFERENCES "public"."outcomes"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "experiments_team" ON "experiments" USING btree ("team_id","created_at" DESC NULLS FIRST);--> statement-breakpoint
CREATE INDEX "experiments_outcome" ON "experiments" USING btree ("outcome_id");--> statement-breakpoint
CREATE INDEX "manual_steps_place" ON "manual_steps" USING btree ("team_id","project_id","position");--> statement-breakpoint
CREATE INDEX "outcomes_team" ON "outcomes" USING btree ("team_id","created_at" DESC NULLS FIRST);