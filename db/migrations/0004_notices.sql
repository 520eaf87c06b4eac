CREATE TABLE "notice_targets" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"team_id" uuid NOT NULL,
	"kind" text NOT NULL,
	"address" text NOT NULL,
	"secret" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"last_answer" text,
	"last_accepted" boolean,
	"last_at" timestamp with time zone,
	CONSTRAINT "notice_targets_team" UNIQUE("team_id")
);
--> statement-breakpoint
ALTER TABLE "notice_targets" ADD CONSTRAINT "notice_targets_team_id_teams_id_fk" FOREIGN KEY ("team_id") REFERENCES "public"."teams"("id") ON DELETE cascade ON UPDATE no action;