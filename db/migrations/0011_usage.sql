CREATE TABLE "app_disk" (
	"team_id" uuid NOT NULL,
	"app_id" uuid NOT NULL,
	"node_id" text NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"volume_bytes" double precision NOT NULL,
	"image_bytes" double precision NOT NULL,
	"writable_bytes" double precision NOT NULL,
	CONSTRAINT "app_disk_place" UNIQUE("app_id","at","node_id")
);
--> statement-breakpoint
CREATE TABLE "app_usage" (
	"team_id" uuid NOT NULL,
	"app_id" uuid NOT NULL,
	"node_id" text NOT NULL,
	"step" integer NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"samples" integer NOT NULL,
	"micros" double precision NOT NULL,
	"cpu_micros" double precision NOT NULL,
	"cpu_most" double precision NOT NULL,
	"memory_sum" double precision NOT NULL,
	"memory_most" double precision NOT NULL,
	"received_bytes" double precision NOT NULL,
	"sent_bytes" double precision NOT NULL,
	"read_bytes" double precision NOT NULL,
	"written_bytes" double precision NOT NULL,
	"container_sum" integer NOT NULL,
	"memory_most_one" double precision NOT NULL,
	CONSTRAINT "app_usage_place" UNIQUE("app_id","step","at","node_id")
);
--> statement-breakpoint
CREATE TABLE "node_usage" (
	"node_id" text NOT NULL,
	"step" integer NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"samples" integer NOT NULL,
	"micros" double precision NOT NULL,
	"cpu_micros" double precision NOT NULL,
	"cpu_most" double precision NOT NULL,
	"memory_sum" double precision NOT NULL,
	"memory_most" double precision NOT NULL,
	"received_bytes" double precision NOT NULL,
	"sent_bytes" double precision NOT NULL,
	"read_bytes" double precision NOT NULL,
	"written_bytes" double precision NOT NULL,
	"cores" integer NOT NULL,
	"memory_total" double precision NOT NULL,
	"disk_used" double precision NOT NULL,
	"disk_total" double precision NOT NULL,
	"load_sum" double precision NOT NULL,
	CONSTRAINT "node_usage_node_id_step_at_pk" PRIMARY KEY("node_id","step","at")
);
--> statement-breakpoint
CREATE INDEX "app_disk_age" ON "app_disk" USING btree ("at");--> statement-breakpoint
CREATE INDEX "app_usage_age" ON "app_usage" USING btree ("step","at");--> statement-breakpoint
CREATE INDEX "node_usage_age" ON "node_usage" USING btree ("step","at");