DROP INDEX "audit_events_team";--> statement-breakpoint
DROP INDEX "deployments_queue";--> statement-breakpoint
DROP INDEX "deployments_list";--> statement-breakpoint
DROP INDEX "deployments_team";--> statement-breakpoint
DROP INDEX "deployments_live";--> statement-breakpoint
DROP INDEX "webhook_deliveries_list";--> statement-breakpoint
CREATE INDEX "audit_events_team" ON "audit_events" USING btree ("team_id","at" DESC NULLS FIRST);--> statement-breakpoint
CREATE INDEX "deployments_queue" ON "deployments" USING btree ("priority" DESC NULLS FIRST,"created_at") WHERE status = 'queued';--> statement-breakpoint
CREATE INDEX "deployments_list" ON "deployments" USING btree ("app_id","created_at" DESC NULLS FIRST,"id" DESC NULLS FIRST);--> statement-breakpoint
CREATE INDEX "deployments_team" ON "deployments" USING btree ("team_id","created_at" DESC NULLS FIRST,"id" DESC NULLS FIRST);--> statement-breakpoint
CREATE INDEX "deployments_live" ON "deployments" USING btree ("app_id","live_at" DESC NULLS FIRST);--> statement-breakpoint
CREATE INDEX "webhook_deliveries_list" ON "webhook_deliveries" USING btree ("app_id","received_at" DESC NULLS FIRST);