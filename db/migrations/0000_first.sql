CREATE TABLE "api_tokens" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"team_id" uuid NOT NULL,
	"user_id" uuid NOT NULL,
	"name" text NOT NULL,
	"hash" text NOT NULL,
	"scopes" text[] DEFAULT '{}' NOT NULL,
	"expires_at" timestamp with time zone,
	"last_used_at" timestamp with time zone,
	"created_at" timestamp with time zone NOT NULL,
	CONSTRAINT "api_tokens_hash_unique" UNIQUE("hash"),
	CONSTRAINT "api_tokens_name" UNIQUE("team_id","name")
);
--> statement-breakpoint
CREATE TABLE "memberships" (
	"team_id" uuid NOT NULL,
	"user_id" uuid NOT NULL,
	"role" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	CONSTRAINT "memberships_team_id_user_id_pk" PRIMARY KEY("team_id","user_id")
);
--> statement-breakpoint
CREATE TABLE "sessions" (
	"id" text PRIMARY KEY NOT NULL,
	"user_id" uuid NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"user_agent" text
);
--> statement-breakpoint
CREATE TABLE "teams" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"name" text NOT NULL,
	"wrapped_key" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	CONSTRAINT "teams_name_unique" UNIQUE("name")
);
--> statement-breakpoint
CREATE TABLE "users" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"email" text NOT NULL,
	"name" text NOT NULL,
	"password_hash" text NOT NULL,
	"is_admin" boolean DEFAULT false NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	CONSTRAINT "users_email_unique" UNIQUE("email")
);
--> statement-breakpoint
CREATE TABLE "app_variables" (
	"team_id" uuid NOT NULL,
	"app_id" uuid NOT NULL,
	"key" text NOT NULL,
	"value" text NOT NULL,
	"is_secret" boolean NOT NULL,
	"is_build_time" boolean DEFAULT false NOT NULL,
	"updated_at" timestamp with time zone NOT NULL,
	CONSTRAINT "app_variables_key" UNIQUE("app_id","key")
);
--> statement-breakpoint
CREATE TABLE "apps" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"team_id" uuid NOT NULL,
	"project_id" uuid NOT NULL,
	"environment_id" uuid NOT NULL,
	"name" text NOT NULL,
	"git_url" text,
	"git_branch" text,
	"git_path" text DEFAULT '' NOT NULL,
	"image_reference" text,
	"credential_id" uuid,
	"dockerfile" text,
	"build_target" text,
	"build_args" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"port" integer,
	"replicas" integer DEFAULT 1 NOT NULL,
	"strategy" text DEFAULT 'blue-green' NOT NULL,
	"health" jsonb NOT NULL,
	"resources" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"release_command" text,
	"auto_deploy" boolean DEFAULT true NOT NULL,
	"stop_grace_s" integer DEFAULT 10 NOT NULL,
	"drain_s" integer DEFAULT 30 NOT NULL,
	"bake_s" integer DEFAULT 60 NOT NULL,
	"retained_releases" integer DEFAULT 10 NOT NULL,
	"webhook_secret" text NOT NULL,
	"slot_a" text NOT NULL,
	"slot_b" text NOT NULL,
	"active_slot" text,
	"release_id" uuid,
	"desired" text DEFAULT 'running' NOT NULL,
	"slots" jsonb DEFAULT '{"a":{"port":3000,"weight":0},"b":{"port":3000,"weight":0}}'::jsonb NOT NULL,
	"running_replicas" integer DEFAULT 0 NOT NULL,
	"deployment_count" integer DEFAULT 0 NOT NULL,
	"release_count" integer DEFAULT 0 NOT NULL,
	"epoch" integer DEFAULT 0 NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"deleted_at" timestamp with time zone,
	CONSTRAINT "apps_slot_a_unique" UNIQUE("slot_a"),
	CONSTRAINT "apps_slot_b_unique" UNIQUE("slot_b")
);
--> statement-breakpoint
CREATE TABLE "credentials" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"team_id" uuid NOT NULL,
	"name" text NOT NULL,
	"kind" text NOT NULL,
	"host" text NOT NULL,
	"username" text,
	"secret" text NOT NULL,
	"public_key" text,
	"created_at" timestamp with time zone NOT NULL,
	CONSTRAINT "credentials_name" UNIQUE("team_id","name")
);
--> statement-breakpoint
CREATE TABLE "domains" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"team_id" uuid NOT NULL,
	"app_id" uuid NOT NULL,
	"host" text NOT NULL,
	"path" text DEFAULT '/' NOT NULL,
	"tls" text DEFAULT 'off' NOT NULL,
	"is_generated" boolean DEFAULT false NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	CONSTRAINT "domains_place" UNIQUE("host","path")
);
--> statement-breakpoint
CREATE TABLE "operations" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"team_id" uuid NOT NULL,
	"app_id" uuid NOT NULL,
	"kind" text NOT NULL,
	"status" text DEFAULT 'queued' NOT NULL,
	"input" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"error" jsonb,
	"lease_until" timestamp with time zone,
	"attempts" integer DEFAULT 0 NOT NULL,
	"actor" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"started_at" timestamp with time zone,
	"finished_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "workers" (
	"id" text PRIMARY KEY NOT NULL,
	"reported_at" timestamp with time zone NOT NULL,
	"started_at" timestamp with time zone NOT NULL,
	"engine_version" text,
	"engine_error" text,
	"registry_error" text,
	"node_count" integer DEFAULT 0 NOT NULL,
	"free_disk_bytes" double precision DEFAULT 0 NOT NULL,
	"total_disk_bytes" double precision DEFAULT 0 NOT NULL,
	"build_slots" integer DEFAULT 1 NOT NULL
);
--> statement-breakpoint
CREATE TABLE "audit_events" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"team_id" uuid NOT NULL,
	"actor" text NOT NULL,
	"event" text NOT NULL,
	"target" uuid,
	"detail" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "commits" (
	"team_id" uuid NOT NULL,
	"app_id" uuid NOT NULL,
	"sha" text NOT NULL,
	"message" text NOT NULL,
	"author" text NOT NULL,
	"authored_at" timestamp with time zone NOT NULL,
	"pushed_at" timestamp with time zone,
	"merge" boolean NOT NULL,
	"parents" text[] DEFAULT '{}' NOT NULL,
	CONSTRAINT "commits_app_id_sha_pk" PRIMARY KEY("app_id","sha")
);
--> statement-breakpoint
CREATE TABLE "deployments" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"team_id" uuid NOT NULL,
	"project_id" uuid NOT NULL,
	"environment_id" uuid NOT NULL,
	"app_id" uuid NOT NULL,
	"number" integer NOT NULL,
	"kind" text NOT NULL,
	"trigger" text NOT NULL,
	"strategy" text NOT NULL,
	"status" text NOT NULL,
	"outcome" text,
	"reason" jsonb,
	"failed" boolean DEFAULT false NOT NULL,
	"failed_reason" text,
	"failed_method" text,
	"remediates" uuid,
	"ref" jsonb,
	"no_cache" boolean DEFAULT false NOT NULL,
	"commit_sha" text,
	"commit_message" text,
	"commit_author" text,
	"authored_at" timestamp with time zone,
	"commits" text[] DEFAULT '{}' NOT NULL,
	"image" text,
	"release_id" uuid,
	"release" integer,
	"slot" text,
	"changed_keys" text[] DEFAULT '{}' NOT NULL,
	"url" text,
	"actor" text NOT NULL,
	"priority" integer DEFAULT 0 NOT NULL,
	"results" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"step" text,
	"step_started_at" timestamp with time zone,
	"attempt" integer DEFAULT 1 NOT NULL,
	"epoch" integer DEFAULT 0 NOT NULL,
	"worker_id" text,
	"lease_until" timestamp with time zone,
	"cancel_requested_at" timestamp with time zone,
	"log_lines" integer DEFAULT 0 NOT NULL,
	"pushed_at" timestamp with time zone,
	"created_at" timestamp with time zone NOT NULL,
	"accepted_at" timestamp with time zone NOT NULL,
	"started_at" timestamp with time zone,
	"live_at" timestamp with time zone,
	"finished_at" timestamp with time zone,
	"bake_until" timestamp with time zone,
	CONSTRAINT "deployments_number" UNIQUE("app_id","number")
);
--> statement-breakpoint
CREATE TABLE "idempotency_keys" (
	"team_id" uuid NOT NULL,
	"key" text NOT NULL,
	"request_hash" text NOT NULL,
	"status" integer,
	"answer" jsonb,
	"created_at" timestamp with time zone NOT NULL,
	CONSTRAINT "idempotency_keys_team_id_key_pk" PRIMARY KEY("team_id","key")
);
--> statement-breakpoint
CREATE TABLE "log_chunks" (
	"team_id" uuid NOT NULL,
	"stream" text NOT NULL,
	"first_line" integer NOT NULL,
	"last_line" integer NOT NULL,
	"first_at" timestamp with time zone NOT NULL,
	"last_at" timestamp with time zone NOT NULL,
	"data" "bytea" NOT NULL,
	CONSTRAINT "log_chunks_stream_first_line_pk" PRIMARY KEY("stream","first_line")
);
--> statement-breakpoint
CREATE TABLE "releases" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"team_id" uuid NOT NULL,
	"app_id" uuid NOT NULL,
	"number" integer NOT NULL,
	"deployment_id" uuid NOT NULL,
	"image_id" text NOT NULL,
	"image_digest" text,
	"image_bytes" bigint DEFAULT 0 NOT NULL,
	"commit_sha" text,
	"config" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"live_at" timestamp with time zone,
	"pruned_at" timestamp with time zone,
	CONSTRAINT "releases_number" UNIQUE("app_id","number")
);
--> statement-breakpoint
CREATE TABLE "settings" (
	"key" text PRIMARY KEY NOT NULL,
	"value" jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "spans" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"team_id" uuid NOT NULL,
	"stream" text NOT NULL,
	"subject" uuid NOT NULL,
	"project_id" uuid,
	"environment_id" uuid,
	"app_id" uuid,
	"step" text NOT NULL,
	"attempt" integer DEFAULT 1 NOT NULL,
	"started_at" timestamp with time zone NOT NULL,
	"finished_at" timestamp with time zone NOT NULL,
	"class" text NOT NULL,
	"outcome" text NOT NULL,
	"rework" boolean DEFAULT false NOT NULL,
	"cached" boolean DEFAULT false NOT NULL,
	"source" text DEFAULT 'pipeline' NOT NULL,
	"clock_quality" text DEFAULT 'measured' NOT NULL,
	"parent" uuid,
	"detail" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"corrects" uuid,
	"recorded_at" timestamp with time zone NOT NULL,
	CONSTRAINT "spans_identity" UNIQUE NULLS NOT DISTINCT("subject","step","attempt","started_at","parent")
);
--> statement-breakpoint
CREATE TABLE "webhook_deliveries" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"team_id" uuid NOT NULL,
	"app_id" uuid NOT NULL,
	"provider" text NOT NULL,
	"delivery_key" text NOT NULL,
	"event" text,
	"status" integer NOT NULL,
	"answer" jsonb NOT NULL,
	"deployment_id" uuid,
	"body" "bytea",
	"received_at" timestamp with time zone NOT NULL,
	CONSTRAINT "webhook_deliveries_key" UNIQUE("app_id","provider","delivery_key")
);
--> statement-breakpoint
CREATE TABLE "environments" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"team_id" uuid NOT NULL,
	"project_id" uuid NOT NULL,
	"name" text NOT NULL,
	"tier" text NOT NULL,
	"network" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	CONSTRAINT "environments_network_unique" UNIQUE("network"),
	CONSTRAINT "environments_name" UNIQUE("project_id","name")
);
--> statement-breakpoint
CREATE TABLE "projects" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"team_id" uuid NOT NULL,
	"name" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	CONSTRAINT "projects_name" UNIQUE("team_id","name")
);
--> statement-breakpoint
ALTER TABLE "api_tokens" ADD CONSTRAINT "api_tokens_team_id_teams_id_fk" FOREIGN KEY ("team_id") REFERENCES "public"."teams"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "api_tokens" ADD CONSTRAINT "api_tokens_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "memberships" ADD CONSTRAINT "memberships_team_id_teams_id_fk" FOREIGN KEY ("team_id") REFERENCES "public"."teams"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "memberships" ADD CONSTRAINT "memberships_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "app_variables" ADD CONSTRAINT "app_variables_team_id_teams_id_fk" FOREIGN KEY ("team_id") REFERENCES "public"."teams"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "app_variables" ADD CONSTRAINT "app_variables_app_id_apps_id_fk" FOREIGN KEY ("app_id") REFERENCES "public"."apps"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "apps" ADD CONSTRAINT "apps_team_id_teams_id_fk" FOREIGN KEY ("team_id") REFERENCES "public"."teams"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "apps" ADD CONSTRAINT "apps_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "apps" ADD CONSTRAINT "apps_environment_id_environments_id_fk" FOREIGN KEY ("environment_id") REFERENCES "public"."environments"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "apps" ADD CONSTRAINT "apps_credential_id_credentials_id_fk" FOREIGN KEY ("credential_id") REFERENCES "public"."credentials"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "credentials" ADD CONSTRAINT "credentials_team_id_teams_id_fk" FOREIGN KEY ("team_id") REFERENCES "public"."teams"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "domains" ADD CONSTRAINT "domains_team_id_teams_id_fk" FOREIGN KEY ("team_id") REFERENCES "public"."teams"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "domains" ADD CONSTRAINT "domains_app_id_apps_id_fk" FOREIGN KEY ("app_id") REFERENCES "public"."apps"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "operations" ADD CONSTRAINT "operations_team_id_teams_id_fk" FOREIGN KEY ("team_id") REFERENCES "public"."teams"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "environments" ADD CONSTRAINT "environments_team_id_teams_id_fk" FOREIGN KEY ("team_id") REFERENCES "public"."teams"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "environments" ADD CONSTRAINT "environments_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "projects" ADD CONSTRAINT "projects_team_id_teams_id_fk" FOREIGN KEY ("team_id") REFERENCES "public"."teams"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "memberships_user" ON "memberships" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "sessions_user" ON "sessions" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "sessions_expiry" ON "sessions" USING btree ("expires_at");--> statement-breakpoint
CREATE UNIQUE INDEX "apps_name" ON "apps" USING btree ("environment_id","name") WHERE deleted_at is null;--> statement-breakpoint
CREATE INDEX "apps_project" ON "apps" USING btree ("team_id","project_id");--> statement-breakpoint
CREATE INDEX "apps_credential" ON "apps" USING btree ("credential_id");--> statement-breakpoint
CREATE INDEX "domains_app" ON "domains" USING btree ("app_id");--> statement-breakpoint
CREATE INDEX "operations_app" ON "operations" USING btree ("app_id","created_at");--> statement-breakpoint
CREATE INDEX "operations_open" ON "operations" USING btree ("created_at") WHERE status in ('queued','running');--> statement-breakpoint
CREATE INDEX "audit_events_team" ON "audit_events" USING btree ("team_id","at" DESC NULLS LAST);--> statement-breakpoint
CREATE UNIQUE INDEX "deployments_one_running" ON "deployments" USING btree ("app_id") WHERE status = 'running';--> statement-breakpoint
CREATE INDEX "deployments_queue" ON "deployments" USING btree ("priority" DESC NULLS LAST,"created_at") WHERE status = 'queued';--> statement-breakpoint
CREATE INDEX "deployments_lease" ON "deployments" USING btree ("lease_until") WHERE status = 'running';--> statement-breakpoint
CREATE INDEX "deployments_bake" ON "deployments" USING btree ("bake_until") WHERE bake_until is not null;--> statement-breakpoint
CREATE INDEX "deployments_list" ON "deployments" USING btree ("app_id","created_at" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "deployments_team" ON "deployments" USING btree ("team_id","created_at" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "deployments_live" ON "deployments" USING btree ("app_id","live_at" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "log_chunks_time" ON "log_chunks" USING btree ("stream","last_at");--> statement-breakpoint
CREATE INDEX "spans_subject" ON "spans" USING btree ("subject","started_at");--> statement-breakpoint
CREATE INDEX "spans_stream" ON "spans" USING btree ("team_id","stream","app_id","finished_at");--> statement-breakpoint
CREATE INDEX "webhook_deliveries_list" ON "webhook_deliveries" USING btree ("app_id","received_at" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "environments_team" ON "environments" USING btree ("team_id");