import { doublePrecision, index, integer, pgTable, text, unique, uuid } from "drizzle-orm/pg-core";
import { id, instant, teamId } from "./columns";

/** A figure to reach, of the team, of a project or of an application; where there is none the seeds' holds. */
export const targets = pgTable(
  "targets",
  {
    id: id(),
    teamId: teamId(),
    metric: text("metric").notNull(),
    projectId: uuid("project_id"),
    /** The application's name in its project: its environments share their targets. */
    app: text("app"),
    /** Seconds, a share from 0 to 1, or a number, as the metric has it. */
    value: doublePrecision("value").notNull(),
    setBy: text("set_by").notNull(),
    setAt: instant("set_at").notNull(),
  },
  (t) => [unique("targets_place").on(t.teamId, t.metric, t.projectId, t.app).nullsNotDistinct()],
);

/** What a team wants to have reached by a day. */
export const outcomes = pgTable(
  "outcomes",
  {
    id: id(),
    teamId: teamId(),
    title: text("title").notNull(),
    why: text("why").notNull().default(""),
    metric: text("metric").notNull(),
    projectId: uuid("project_id"),
    app: text("app"),
    target: doublePrecision("target").notNull(),
    /** A local date, `2026-06-30`: the last day that still counts. */
    dueOn: text("due_on").notNull(),
    createdBy: text("created_by").notNull(),
    createdAt: instant("created_at").notNull(),
    closedAt: instant("closed_at"),
  },
  (t) => [index("outcomes_team").on(t.teamId, t.createdAt.desc().nullsFirst())],
);

/** One change to how work is done, and what it did to one metric: the period from it against the period of equal length before. */
export const experiments = pgTable(
  "experiments",
  {
    id: id(),
    teamId: teamId(),
    hypothesis: text("hypothesis").notNull(),
    change: text("change").notNull(),
    metric: text("metric").notNull(),
    projectId: uuid("project_id"),
    app: text("app"),
    environment: text("environment"),
    /** Local dates in `tz`: the first day of the change, and the last that is looked at. */
    startsOn: text("starts_on").notNull(),
    endsOn: text("ends_on").notNull(),
    tz: text("tz").notNull(),
    outcomeId: uuid("outcome_id").references(() => outcomes.id, { onDelete: "set null" }),
    /** What the team decided, in its own words, once it had seen the answer. */
    conclusion: text("conclusion"),
    createdBy: text("created_by").notNull(),
    createdAt: instant("created_at").notNull(),
  },
  (t) => [index("experiments_team").on(t.teamId, t.createdAt.desc().nullsFirst()), index("experiments_outcome").on(t.outcomeId)],
);

/** A step that the platform does not see, with the time that people say it usually takes: low precision, said so. */
export const manualSteps = pgTable(
  "manual_steps",
  {
    id: id(),
    teamId: teamId(),
    projectId: uuid("project_id"),
    title: text("title").notNull(),
    place: text("place", { enum: ["before", "after"] }).notNull(),
    position: integer("position").notNull(),
    /** Work, and the wait before it, in seconds. */
    processS: doublePrecision("process_s").notNull(),
    waitS: doublePrecision("wait_s").notNull(),
    class: text("class", { enum: ["va", "nnva"] }).notNull(),
    setBy: text("set_by").notNull(),
    setAt: instant("set_at").notNull(),
  },
  (t) => [index("manual_steps_place").on(t.teamId, t.projectId, t.position)],
);
