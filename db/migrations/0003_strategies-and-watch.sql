ALTER TABLE "apps" ADD COLUMN "canary" jsonb DEFAULT '{}'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "apps" ADD COLUMN "volumes" jsonb DEFAULT '[]'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "workers" ADD COLUMN "free_memory_bytes" double precision DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "deployments" ADD COLUMN "watch_until" timestamp with time zone;--> statement-breakpoint
CREATE INDEX "deployments_watch" ON "deployments" USING btree ("watch_until") WHERE watch_until is not null;