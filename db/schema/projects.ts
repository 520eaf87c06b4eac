import { index, pgTable, text, unique, uuid } from "drizzle-orm/pg-core";
import { teams } from "./accounts";
import { id, instant, teamId } from "./columns";

export const projects = pgTable(
  "projects",
  { id: id(), teamId: teamId().references(() => teams.id), name: text("name").notNull(), createdAt: instant("created_at").notNull() },
  (t) => [unique("projects_name").on(t.teamId, t.name)],
);

export const environments = pgTable(
  "environments",
  {
    id: id(),
    teamId: teamId().references(() => teams.id),
    projectId: uuid("project_id")
      .notNull()
      .references(() => projects.id, { onDelete: "cascade" }),
    name: text("name").notNull(),
    tier: text("tier").notNull(),
    /** The overlay network that only this environment's tasks and the edge are on. */
    network: text("network").notNull().unique(),
    createdAt: instant("created_at").notNull(),
  },
  (t) => [unique("environments_name").on(t.projectId, t.name), index("environments_team").on(t.teamId)],
);
