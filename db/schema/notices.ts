import { boolean, pgTable, text, unique } from "drizzle-orm/pg-core";
import { teams } from "./accounts";
import { id, instant, teamId } from "./columns";

/** Where a team hears of failed deployments: one place a team. */
export const noticeTargets = pgTable(
  "notice_targets",
  {
    id: id(),
    teamId: teamId().references(() => teams.id, { onDelete: "cascade" }),
    kind: text("kind", { enum: ["webhook", "mail"] }).notNull(),
    /** Sealed by the team's key: the addresses of chat services are secrets themselves. */
    address: text("address").notNull(),
    /** What a webhook's body is signed with, sealed by the team's key. */
    secret: text("secret").notNull(),
    createdAt: instant("created_at").notNull(),
    /** How the last notice was answered. */
    lastAnswer: text("last_answer"),
    lastAccepted: boolean("last_accepted"),
    lastAt: instant("last_at"),
  },
  (t) => [unique("notice_targets_team").on(t.teamId)],
);
