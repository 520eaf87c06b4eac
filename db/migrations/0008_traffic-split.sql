ALTER TABLE "apps" ADD COLUMN "split" jsonb;--> statement-breakpoint
ALTER TABLE "apps" ADD COLUMN "split_seen" jsonb;