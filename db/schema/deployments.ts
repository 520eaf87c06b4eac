import { sql } from "drizzle-orm";
import { bigint, boolean, index, integer, jsonb, pgTable, primaryKey, text, unique, uniqueIndex, uuid } from "drizzle-orm/pg-core";
import type { Strategy } from "../../server/apps/schema";
import type {
  ConfigChanges,
  DeploymentKind,
  DeploymentOutcome,
  DeploymentReason,
  DeploymentStatus,
  DeploymentTrigger,
  RequestedRef,
} from "../../server/deployments/schema";
import { bytes, id, instant, teamId } from "./columns";

/** Deployments outlive their application: no foreign key to it, nothing cascades. */
export const deployments = pgTable(
  "deployments",
  {
    id: id(),
    teamId: teamId(),
    projectId: uuid("project_id").notNull(),
    environmentId: uuid("environment_id").notNull(),
    appId: uuid("app_id").notNull(),
    number: integer("number").notNull(),
    kind: text("kind").$type<DeploymentKind>().notNull(),
    trigger: text("trigger").$type<DeploymentTrigger>().notNull(),
    strategy: text("strategy").$type<Strategy>().notNull(),
    status: text("status").$type<DeploymentStatus>().notNull(),
    outcome: text("outcome").$type<DeploymentOutcome>(),
    reason: jsonb("reason").$type<DeploymentReason>(),
    failed: boolean("failed").notNull().default(false),
    failedReason: text("failed_reason"),
    failedMethod: text("failed_method"),
    remediates: uuid("remediates"),
    ref: jsonb("ref").$type<RequestedRef>(),
    noCache: boolean("no_cache").notNull().default(false),
    commitSha: text("commit_sha"),
    commitMessage: text("commit_message"),
    commitAuthor: text("commit_author"),
    authoredAt: instant("authored_at"),
    commits: text("commits").array().notNull().default(sql`'{}'`),
    /** `repo@sha256:…` when pushed, else the engine's image id. */
    image: text("image"),
    releaseId: uuid("release_id"),
    /** Release number shown to people. */
    release: integer("release"),
    slot: text("slot", { enum: ["a", "b"] }),
    /** Keys of the configuration that differ from the release before. Never values. */
    changedKeys: text("changed_keys").array().notNull().default(sql`'{}'`),
    /** The same told apart; null for a first release and for rows from before the column. */
    configChanges: jsonb("config_changes").$type<ConfigChanges>(),
    url: text("url"),
    actor: text("actor").notNull(),
    /** Known from an import: nothing here ran it. */
    imported: boolean("imported").notNull().default(false),
    externalId: text("external_id"),
    /** The deployment whose release this one brought back, where an import says so. */
    restores: uuid("restores"),
    /** A person's word on whether it failed; null when nobody said anything. */
    mark: boolean("mark"),
    markReason: text("mark_reason"),
    /** Without it the commit set is computed from the commits' parents. */
    commitsKnown: boolean("commits_known").notNull().default(true),
    priority: integer("priority").notNull().default(0),
    /** Results of finished steps by their key: where a takeover resumes. */
    results: jsonb("results").$type<Record<string, unknown>>().notNull().default({}),
    step: text("step"),
    stepStartedAt: instant("step_started_at"),
    attempt: integer("attempt").notNull().default(1),
    epoch: integer("epoch").notNull().default(0),
    workerId: text("worker_id"),
    /** The node on whose engine it is built, or was. */
    buildNode: text("build_node"),
    leaseUntil: instant("lease_until"),
    cancelRequestedAt: instant("cancel_requested_at"),
    logLines: integer("log_lines").notNull().default(0),
    pushedAt: instant("pushed_at"),
    createdAt: instant("created_at").notNull(),
    acceptedAt: instant("accepted_at").notNull(),
    startedAt: instant("started_at"),
    liveAt: instant("live_at"),
    finishedAt: instant("finished_at"),
    bakeUntil: instant("bake_until"),
    /** Until then a worker watches what went live, and takes it back when it fails. */
    watchUntil: instant("watch_until"),
  },
  (t) => [
    unique("deployments_number").on(t.appId, t.number),
    uniqueIndex("deployments_one_running").on(t.appId).where(sql`status = 'running'`),
    index("deployments_queue").on(t.priority.desc().nullsFirst(), t.createdAt).where(sql`status = 'queued'`),
    index("deployments_lease").on(t.leaseUntil).where(sql`status = 'running'`),
    index("deployments_bake").on(t.bakeUntil).where(sql`bake_until is not null`),
    index("deployments_watch").on(t.watchUntil).where(sql`watch_until is not null`),
    index("deployments_list").on(t.appId, t.createdAt.desc().nullsFirst(), t.id.desc().nullsFirst()),
    index("deployments_team").on(t.teamId, t.createdAt.desc().nullsFirst(), t.id.desc().nullsFirst()),
    index("deployments_live").on(t.appId, t.liveAt.desc().nullsFirst()),
    index("deployments_environment").on(t.environmentId, t.liveAt),
    index("deployments_not_live").on(t.appId, t.finishedAt).where(sql`live_at is null`),
    index("deployments_remediates").on(t.remediates).where(sql`remediates is not null`),
    uniqueIndex("deployments_external").on(t.teamId, t.externalId).where(sql`external_id is not null`),
  ],
);

/** Immutable: what ran, with which configuration. */
export const releases = pgTable(
  "releases",
  {
    id: id(),
    teamId: teamId(),
    appId: uuid("app_id").notNull(),
    number: integer("number").notNull(),
    deploymentId: uuid("deployment_id").notNull(),
    imageId: text("image_id").notNull(),
    imageDigest: text("image_digest"),
    imageBytes: bigint("image_bytes", { mode: "number" }).notNull().default(0),
    commitSha: text("commit_sha"),
    /** Configuration snapshot, sealed by the team's key. */
    config: text("config").notNull(),
    createdAt: instant("created_at").notNull(),
    liveAt: instant("live_at"),
    /** Its image was removed; it can no longer be rolled back to. */
    prunedAt: instant("pruned_at"),
  },
  (t) => [unique("releases_number").on(t.appId, t.number)],
);

/** The ledger: append-only (a trigger refuses anything else), never pruned. See `server/streams/definitions.ts`. */
export const spans = pgTable(
  "spans",
  {
    id: id(),
    teamId: teamId(),
    stream: text("stream").notNull(),
    /** The deployment, provision, incident, sign-up or work item that passed through. */
    subject: uuid("subject").notNull(),
    projectId: uuid("project_id"),
    environmentId: uuid("environment_id"),
    appId: uuid("app_id"),
    step: text("step").notNull(),
    attempt: integer("attempt").notNull().default(1),
    startedAt: instant("started_at").notNull(),
    finishedAt: instant("finished_at").notNull(),
    class: text("class", { enum: ["va", "nnva", "wait"] }).notNull(),
    outcome: text("outcome", { enum: ["ok", "failed", "cancelled", "skipped", "interrupted"] }).notNull(),
    rework: boolean("rework").notNull().default(false),
    cached: boolean("cached").notNull().default(false),
    source: text("source").notNull().default("pipeline"),
    clockQuality: text("clock_quality", { enum: ["measured", "derived", "imported", "manual"] })
      .notNull()
      .default("measured"),
    parent: uuid("parent"),
    detail: jsonb("detail").$type<Record<string, unknown>>().notNull().default({}),
    /** The row that this one corrects. */
    corrects: uuid("corrects"),
    recordedAt: instant("recorded_at").notNull(),
  },
  (t) => [
    index("spans_subject").on(t.subject, t.startedAt),
    index("spans_stream").on(t.teamId, t.stream, t.appId, t.finishedAt),
    unique("spans_identity").on(t.subject, t.step, t.attempt, t.startedAt, t.parent).nullsNotDistinct(),
  ],
);

/** Commits as deployments saw them: the commit set of lead time. */
export const commits = pgTable(
  "commits",
  {
    teamId: teamId(),
    appId: uuid("app_id").notNull(),
    sha: text("sha").notNull(),
    message: text("message").notNull().default(""),
    author: text("author").notNull().default(""),
    authoredAt: instant("authored_at").notNull(),
    pushedAt: instant("pushed_at"),
    merge: boolean("merge").notNull(),
    parents: text("parents").array().notNull().default(sql`'{}'`),
  },
  (t) => [primaryKey({ columns: [t.appId, t.sha] })],
);

/** A second of output, deflated. `stream` is `deployment:<id>` or `app:<id>`. Lines are numbered from 1. */
export const logChunks = pgTable(
  "log_chunks",
  {
    teamId: teamId(),
    stream: text("stream").notNull(),
    firstLine: integer("first_line").notNull(),
    lastLine: integer("last_line").notNull(),
    firstAt: instant("first_at").notNull(),
    lastAt: instant("last_at").notNull(),
    data: bytes("data").notNull(),
  },
  (t) => [primaryKey({ columns: [t.stream, t.firstLine] }), index("log_chunks_time").on(t.stream, t.lastAt)],
);

export const webhookDeliveries = pgTable(
  "webhook_deliveries",
  {
    id: id(),
    teamId: teamId(),
    appId: uuid("app_id").notNull(),
    provider: text("provider").notNull(),
    /** The provider's own id of the delivery; with the signed body's hash it tells a repetition. */
    deliveryKey: text("delivery_key").notNull(),
    event: text("event"),
    status: integer("status").notNull(),
    answer: jsonb("answer").$type<Record<string, unknown>>().notNull(),
    deploymentId: uuid("deployment_id"),
    body: bytes("body"),
    receivedAt: instant("received_at").notNull(),
  },
  (t) => [
    unique("webhook_deliveries_key").on(t.appId, t.provider, t.deliveryKey),
    index("webhook_deliveries_list").on(t.appId, t.receivedAt.desc().nullsFirst()),
  ],
);

export const auditEvents = pgTable(
  "audit_events",
  {
    id: id(),
    teamId: teamId(),
    actor: text("actor").notNull(),
    event: text("event").notNull(),
    target: uuid("target"),
    detail: jsonb("detail").$type<Record<string, unknown>>().notNull().default({}),
    at: instant("at").notNull(),
  },
  (t) => [index("audit_events_team").on(t.teamId, t.at.desc().nullsFirst())],
);

export const idempotencyKeys = pgTable(
  "idempotency_keys",
  {
    teamId: teamId(),
    key: text("key").notNull(),
    requestHash: text("request_hash").notNull(),
    status: integer("status"),
    answer: jsonb("answer").$type<unknown>(),
    createdAt: instant("created_at").notNull(),
  },
  (t) => [primaryKey({ columns: [t.teamId, t.key] })],
);

/** Operator choices, such as `domain`. */
export const settings = pgTable("settings", { key: text("key").primaryKey(), value: jsonb("value").$type<unknown>().notNull() });
