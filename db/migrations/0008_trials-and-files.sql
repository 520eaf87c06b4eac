CREATE TABLE "app_files" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"team_id" uuid NOT NULL,
	"app_id" uuid NOT NULL,
	"path" text NOT NULL,
	"content" text NOT NULL,
	"size_bytes" integer NOT NULL,
	"is_text" boolean NOT NULL,
	"mode" integer NOT NULL,
	"uid" integer NOT NULL,
	"gid" integer NOT NULL,
	"config_name" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"replaced_at" timestamp with time zone,
	CONSTRAINT "app_files_config_name_unique" UNIQUE("config_name")
);
--> statement-breakpoint
ALTER TABLE "apps" ADD COLUMN "split" jsonb;--> statement-breakpoint
ALTER TABLE "apps" ADD COLUMN "split_seen" jsonb;--> statement-breakpoint
ALTER TABLE "app_files" ADD CONSTRAINT "app_files_team_id_teams_id_fk" FOREIGN KEY ("team_id") REFERENCES "public"."teams"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "app_files" ADD CONSTRAINT "app_files_app_id_apps_id_fk" FOREIGN KEY ("app_id") REFERENCES "public"."apps"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "app_files_path" ON "app_files" USING btree ("app_id","path") WHERE replaced_at is null;--> statement-breakpoint
CREATE INDEX "app_files_app" ON "app_files" USING btree ("app_id");