CREATE TABLE "authorities" (
	"id" text PRIMARY KEY NOT NULL,
	"sealed" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "nodes" ADD COLUMN "agent" jsonb;--> statement-breakpoint
ALTER TABLE "deployments" ADD COLUMN "build_node" text;