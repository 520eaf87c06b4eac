import { sql } from "drizzle-orm";
import { type AnyPgColumn, boolean, doublePrecision, index, integer, jsonb, pgTable, text, unique, uniqueIndex, uuid } from "drizzle-orm/pg-core";
import type { Canary, Health, Resources, Slots, Strategy, Volume } from "../../server/apps/schema";
import type { SplitSeen, TrafficSplit } from "../../server/traffic/schema";
import { teams } from "./accounts";
import { id, instant, teamId } from "./columns";
import { environments, projects } from "./projects";

export const credentials = pgTable(
  "credentials",
  {
    id: id(),
    teamId: teamId().references(() => teams.id),
    name: text("name").notNull(),
    kind: text("kind", { enum: ["https", "ssh"] }).notNull(),
    host: text("host").notNull(),
    username: text("username"),
    /** Sealed by the team's key. */
    secret: text("secret").notNull(),
    publicKey: text("public_key"),
    createdAt: instant("created_at").notNull(),
  },
  (t) => [unique("credentials_name").on(t.teamId, t.name)],
);

export const apps = pgTable(
  "apps",
  {
    id: id(),
    teamId: teamId().references(() => teams.id),
    projectId: uuid("project_id")
      .notNull()
      .references(() => projects.id),
    environmentId: uuid("environment_id")
      .notNull()
      .references(() => environments.id),
    name: text("name").notNull(),
    gitUrl: text("git_url"),
    gitBranch: text("git_branch"),
    gitPath: text("git_path").notNull().default(""),
    /** Folders and files of the repository that are this application's; none is all of it. */
    watchPaths: text("watch_paths").array().notNull().default(sql`'{}'`),
    imageReference: text("image_reference"),
    credentialId: uuid("credential_id").references(() => credentials.id),
    dockerfile: text("dockerfile"),
    buildTarget: text("build_target"),
    buildArgs: jsonb("build_args").$type<Record<string, string>>().notNull().default({}),
    port: integer("port"),
    replicas: integer("replicas").notNull().default(1),
    strategy: text("strategy").$type<Strategy>().notNull().default("blue-green"),
    /** Absent parts are those of `canarySchema`. */
    canary: jsonb("canary").$type<Partial<Canary>>().notNull().default({}),
    volumes: jsonb("volumes").$type<Volume[]>().notNull().default([]),
    /** Rules that a node must meet, such as `node.labels.disk==ssd`. */
    placement: jsonb("placement").$type<string[]>().notNull().default([]),
    maxReplicasPerNode: integer("max_replicas_per_node"),
    health: jsonb("health").$type<Health>().notNull(),
    resources: jsonb("resources").$type<Resources>().notNull().default({}),
    releaseCommand: text("release_command"),
    autoDeploy: boolean("auto_deploy").notNull().default(true),
    stopGraceS: integer("stop_grace_s").notNull().default(10),
    drainS: integer("drain_s").notNull().default(30),
    bakeS: integer("bake_s").notNull().default(60),
    retainedReleases: integer("retained_releases").notNull().default(10),
    webhookSecret: text("webhook_secret").notNull(),
    slotA: text("slot_a").notNull().unique(),
    slotB: text("slot_b").notNull().unique(),
    activeSlot: text("active_slot", { enum: ["a", "b"] }),
    releaseId: uuid("release_id"),
    desired: text("desired", { enum: ["running", "stopped"] })
      .notNull()
      .default("running"),
    /** What each slot runs is reached at this container port and gets this share of the traffic: the edge's file is rendered from it. */
    slots: jsonb("slots")
      .$type<Slots>()
      .notNull()
      .default({ a: { port: 3000, weight: 0 }, b: { port: 3000, weight: 0 } }),
    /** A second release that the idle slot runs beside the live one; written together with `slots`. */
    split: jsonb("split").$type<TrafficSplit>(),
    /** What both releases have answered since the split began, as the edge counts it. */
    splitSeen: jsonb("split_seen").$type<SplitSeen>(),
    /** As last observed by a worker. */
    runningReplicas: integer("running_replicas").notNull().default(0),
    deploymentCount: integer("deployment_count").notNull().default(0),
    releaseCount: integer("release_count").notNull().default(0),
    /** Raised by every takeover and every flip; the larger one wins at the engine and at the edge. */
    epoch: integer("epoch").notNull().default(0),
    /** Known from an import: there is nothing of it to run. */
    imported: boolean("imported").notNull().default(false),
    createdAt: instant("created_at").notNull(),
    deletedAt: instant("deleted_at"),
  },
  (t) => [
    uniqueIndex("apps_name").on(t.environmentId, t.name).where(sql`deleted_at is null`),
    index("apps_project").on(t.teamId, t.projectId),
    index("apps_credential").on(t.credentialId),
  ],
);

export const appVariables = pgTable(
  "app_variables",
  {
    teamId: teamId().references(() => teams.id),
    appId: uuid("app_id")
      .notNull()
      .references((): AnyPgColumn => apps.id, { onDelete: "cascade" }),
    key: text("key").notNull(),
    /** Sealed by the team's key, secret or not. */
    value: text("value").notNull(),
    isSecret: boolean("is_secret").notNull(),
    isBuildTime: boolean("is_build_time").notNull().default(false),
    updatedAt: instant("updated_at").notNull(),
  },
  (t) => [unique("app_variables_key").on(t.appId, t.key)],
);

/** Versions of an application's config files: a row never changes, so that a release that names it keeps its content. */
export const appFiles = pgTable(
  "app_files",
  {
    id: id(),
    teamId: teamId().references(() => teams.id),
    appId: uuid("app_id")
      .notNull()
      .references((): AnyPgColumn => apps.id, { onDelete: "cascade" }),
    path: text("path").notNull(),
    /** Base64, sealed by the team's key. */
    content: text("content").notNull(),
    sizeBytes: integer("size_bytes").notNull(),
    isText: boolean("is_text").notNull(),
    mode: integer("mode").notNull(),
    uid: integer("uid").notNull(),
    gid: integer("gid").notNull(),
    /** The name of the engine's config that holds it; random, so that it tells nothing. */
    configName: text("config_name").notNull().unique(),
    createdAt: instant("created_at").notNull(),
    /** When another version, or none, took its place; null for the present one. */
    replacedAt: instant("replaced_at"),
  },
  (t) => [uniqueIndex("app_files_path").on(t.appId, t.path).where(sql`replaced_at is null`), index("app_files_app").on(t.appId)],
);

export const domains = pgTable(
  "domains",
  {
    id: id(),
    teamId: teamId().references(() => teams.id),
    appId: uuid("app_id")
      .notNull()
      .references(() => apps.id, { onDelete: "cascade" }),
    host: text("host").notNull(),
    path: text("path").notNull().default("/"),
    tls: text("tls", { enum: ["auto", "off", "own"] })
      .notNull()
      .default("off"),
    isGenerated: boolean("is_generated").notNull().default(false),
    createdAt: instant("created_at").notNull(),
  },
  (t) => [unique("domains_place").on(t.host, t.path), index("domains_app").on(t.appId)],
);

export const APP_OPERATIONS = ["start", "stop", "restart", "scale", "delete", "route", "move", "compare-heads", "split", "end-split"] as const;
export const NODE_OPERATIONS = ["node-join-token", "node-labels", "node-role", "node-drain", "node-activate", "node-remove"] as const;

export const operations = pgTable(
  "operations",
  {
    id: id(),
    teamId: teamId().references(() => teams.id),
    /** Null for what is done to a node of the cluster. */
    appId: uuid("app_id"),
    nodeId: text("node_id"),
    kind: text("kind", { enum: [...APP_OPERATIONS, ...NODE_OPERATIONS] }).notNull(),
    status: text("status", { enum: ["queued", "running", "succeeded", "failed"] })
      .notNull()
      .default("queued"),
    input: jsonb("input").$type<Record<string, unknown>>().notNull().default({}),
    error: jsonb("error").$type<{ code: string; what: string; why?: string; fix?: string } | null>(),
    leaseUntil: instant("lease_until"),
    attempts: integer("attempts").notNull().default(0),
    actor: text("actor").notNull(),
    createdAt: instant("created_at").notNull(),
    startedAt: instant("started_at"),
    finishedAt: instant("finished_at"),
  },
  (t) => [index("operations_app").on(t.appId, t.createdAt), index("operations_open").on(t.createdAt).where(sql`status in ('queued','running')`)],
);

/** What a worker last saw: it tells the web process what no page may ask the engine for. */
export const workers = pgTable("workers", {
  id: text("id").primaryKey(),
  reportedAt: instant("reported_at").notNull(),
  startedAt: instant("started_at").notNull(),
  engineVersion: text("engine_version"),
  engineError: text("engine_error"),
  registryError: text("registry_error"),
  /** `host:port` of the registry that it pushes to; "" for none. */
  registry: text("registry").notNull().default(""),
  nodeCount: integer("node_count").notNull().default(0),
  freeDiskBytes: doublePrecision("free_disk_bytes").notNull().default(0),
  totalDiskBytes: doublePrecision("total_disk_bytes").notNull().default(0),
  buildSlots: integer("build_slots").notNull().default(1),
  freeMemoryBytes: doublePrecision("free_memory_bytes").notNull().default(0),
});
