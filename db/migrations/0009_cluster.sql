CREATE TABLE "nodes" (
	"id" text PRIMARY KEY NOT NULL,
	"hostname" text NOT NULL,
	"role" text NOT NULL,
	"is_leader" boolean DEFAULT false NOT NULL,
	"is_own" boolean DEFAULT false NOT NULL,
	"availability" text NOT NULL,
	"state" text NOT NULL,
	"message" text DEFAULT '' NOT NULL,
	"address" text NOT NULL,
	"manager_address" text,
	"labels" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"cpus" double precision DEFAULT 0 NOT NULL,
	"memory_bytes" double precision DEFAULT 0 NOT NULL,
	"engine_version" text DEFAULT '' NOT NULL,
	"replicas" integer DEFAULT 0 NOT NULL,
	"joined_at" timestamp with time zone NOT NULL,
	"seen_at" timestamp with time zone
);
--> statement-breakpoint
ALTER TABLE "operations" ALTER COLUMN "app_id" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "apps" ADD COLUMN "placement" jsonb DEFAULT '[]'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "apps" ADD COLUMN "max_replicas_per_node" integer;--> statement-breakpoint
ALTER TABLE "operations" ADD COLUMN "node_id" text;--> statement-breakpoint
ALTER TABLE "workers" ADD COLUMN "registry" text DEFAULT '' NOT NULL;