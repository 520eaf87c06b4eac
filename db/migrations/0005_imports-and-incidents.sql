CREATE TABLE "incidents" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"team_id" uuid NOT NULL,
	"external_id" text NOT NULL,
	"project_id" uuid NOT NULL,
	"environment_id" uuid,
	"app" text,
	"severity" text,
	"started_at" timestamp with time zone,
	"detected_at" timestamp with time zone,
	"alerted_at" timestamp with time zone,
	"notified_at" timestamp with time zone,
	"acknowledged_at" timestamp with time zone,
	"diagnosed_at" timestamp with time zone,
	"remediated_at" timestamp with time zone,
	"verified_at" timestamp with time zone,
	"caused_by" uuid,
	"fingerprint" text,
	"false_positive" boolean,
	"recorded_at" timestamp with time zone NOT NULL,
	CONSTRAINT "incidents_external" UNIQUE("team_id","external_id")
);
--> statement-breakpoint
CREATE TABLE "people" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"team_id" uuid NOT NULL,
	"external_id" text NOT NULL,
	"signed_up_at" timestamp with time zone,
	"first_live_at" timestamp with time zone,
	"active_at" timestamp with time zone[],
	"recorded_at" timestamp with time zone NOT NULL,
	CONSTRAINT "people_external" UNIQUE("team_id","external_id")
);
--> statement-breakpoint
ALTER TABLE "commits" ALTER COLUMN "message" SET DEFAULT '';--> statement-breakpoint
ALTER TABLE "commits" ALTER COLUMN "author" SET DEFAULT '';--> statement-breakpoint
ALTER TABLE "apps" ADD COLUMN "imported" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "deployments" ADD COLUMN "imported" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "deployments" ADD COLUMN "external_id" text;--> statement-breakpoint
ALTER TABLE "deployments" ADD COLUMN "restores" uuid;--> statement-breakpoint
ALTER TABLE "deployments" ADD COLUMN "mark" boolean;--> statement-breakpoint
ALTER TABLE "deployments" ADD COLUMN "commits_known" boolean DEFAULT true NOT NULL;--> statement-breakpoint
CREATE INDEX "incidents_cause" ON "incidents" USING btree ("caused_by");--> statement-breakpoint
CREATE INDEX "incidents_project" ON "incidents" USING btree ("project_id","detected_at");--> statement-breakpoint
CREATE INDEX "deployments_environment" ON "deployments" USING btree ("environment_id","live_at");--> statement-breakpoint
CREATE UNIQUE INDEX "deployments_external" ON "deployments" USING btree ("team_id","external_id") WHERE external_id is not null;