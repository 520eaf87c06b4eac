import { bigint, boolean, index, integer, json, pgTable, primaryKey, text, uuid } from "drizzle-orm/pg-core";
import type { DeploymentKind } from "../../server/deployments/schema";
import type { KeptSums } from "../../server/metrics/schema";
import { instant, teamId } from "./columns";

/**
 * What follows for a deployment from all that is known of its application: narrow rows that the metrics of a window are added up from.
 * Nothing here is a source. All of it may be deleted, with one row for each application in `fact_changes`, and is computed again.
 */
export const deploymentFacts = pgTable(
  "deployment_facts",
  {
    deploymentId: uuid("deployment_id").primaryKey(),
    teamId: teamId(),
    appId: uuid("app_id").notNull(),
    createdAt: instant("created_at").notNull(),
    /** Null for what was never live. */
    liveAt: instant("live_at"),
    /** When the attempt ended; null where nobody said. */
    endedAt: instant("ended_at"),
    outcome: text("outcome"),
    /** The kind that it was in fact: `code` that brings back what was live is a rollback. */
    kind: text("kind").$type<DeploymentKind>().notNull(),
    isFirst: boolean("is_first").notNull(),
    isRemedy: boolean("is_remedy").notNull(),
    failed: boolean("failed").notNull(),
    failedReason: text("failed_reason"),
    failedMethod: text("failed_method", { enum: ["measured", "inferred", "manual"] }),
    remediedAt: instant("remedied_at"),
    remediedBy: uuid("remedied_by"),
    /** From commit to live, in microseconds, of each commit that counts. */
    lead: bigint("lead", { mode: "number" }).array().notNull(),
    /** Commits of its set: all, and those that do not count by the reason. */
    commits: integer("commits").notNull(),
    merges: integer("merges").notNull(),
    alreadyLive: integer("already_live").notNull(),
    unknownCommits: integer("unknown_commits").notNull(),
    negativeSpans: integer("negative_spans").notNull(),
    /** Its commit set where nobody said it and it follows from parents. */
    computedSet: text("computed_set").array(),
    /** Those of its set that were live before. */
    liveBefore: text("live_before").array(),
    /** Of the row's other columns: what has not changed is not written again. */
    digest: text("digest").notNull(),
  },
  (t) => [
    index("deployment_facts_live").on(t.appId, t.liveAt),
    // all that the success rate asks for: its rows need not be read
    index("deployment_facts_ended").on(t.appId, t.endedAt, t.outcome, t.teamId),
  ],
);

/** What one run that went live adds to a value stream map. */
export const runFacts = pgTable(
  "run_facts",
  {
    deploymentId: uuid("deployment_id").primaryKey(),
    teamId: teamId(),
    appId: uuid("app_id").notNull(),
    liveAt: instant("live_at").notNull(),
    /** Run lead; null while the run has no end. */
    startedAt: instant("started_at"),
    finishedAt: instant("finished_at"),
    /** False while the head commit's time may still come to be known. */
    isCommitKnown: boolean("is_commit_known").notNull(),
    /** As the queue saw it, where it was recorded: when it came, for how long it held a slot, for how long its application was busy (µs). */
    arrivedAt: instant("arrived_at"),
    slotFor: bigint("slot_for", { mode: "number" }),
    busyFor: bigint("busy_for", { mode: "number" }),
    sums: json("sums").$type<KeptSums>().notNull(),
  },
  (t) => [index("run_facts_live").on(t.appId, t.liveAt)],
);

/** The same of all runs of an application that went live in one week, counted in weeks of UTC since the epoch. */
export const runWeeks = pgTable(
  "run_weeks",
  { teamId: teamId(), appId: uuid("app_id").notNull(), week: integer("week").notNull(), sums: json("sums").$type<KeptSums>().notNull() },
  (t) => [primaryKey({ columns: [t.appId, t.week] })],
);

/** What triggers noted since facts were computed. Only ever inserted and deleted, so that writers never wait for one another here. */
export const factChanges = pgTable(
  "fact_changes",
  {
    teamId: teamId(),
    /** An application, or where its commits lie. */
    place: uuid("place").notNull(),
    deploymentId: uuid("deployment_id"),
    /** Whether what the application's deployments say of one another may have changed, not only how one run went. */
    isHistory: boolean("is_history").notNull().default(true),
    /** From when on it matters; null: now. */
    dueAt: instant("due_at"),
  },
  (t) => [index("fact_changes_place").on(t.teamId, t.place)],
);
