import { boolean, index, pgTable, text, unique, uuid } from "drizzle-orm/pg-core";
import { id, instant, teamId } from "./columns";

/** What went wrong, from its start to its verified end; each time is null until it is known. */
export const incidents = pgTable(
  "incidents",
  {
    id: id(),
    teamId: teamId(),
    externalId: text("external_id").notNull(),
    projectId: uuid("project_id").notNull(),
    environmentId: uuid("environment_id"),
    /** The application's name in its project: an incident may come before anything of it is deployed. */
    app: text("app"),
    severity: text("severity"),
    startedAt: instant("started_at"),
    detectedAt: instant("detected_at"),
    alertedAt: instant("alerted_at"),
    notifiedAt: instant("notified_at"),
    acknowledgedAt: instant("acknowledged_at"),
    diagnosedAt: instant("diagnosed_at"),
    remediatedAt: instant("remediated_at"),
    verifiedAt: instant("verified_at"),
    causedBy: uuid("caused_by"),
    fingerprint: text("fingerprint"),
    falsePositive: boolean("false_positive"),
    recordedAt: instant("recorded_at").notNull(),
  },
  (t) => [
    unique("incidents_external").on(t.teamId, t.externalId),
    index("incidents_cause").on(t.causedBy),
    index("incidents_project").on(t.projectId, t.detectedAt),
  ],
);

/** Who signed up, and when they first had something live: the onboarding stream. */
export const people = pgTable(
  "people",
  {
    id: id(),
    teamId: teamId(),
    externalId: text("external_id").notNull(),
    signedUpAt: instant("signed_up_at"),
    firstLiveAt: instant("first_live_at"),
    activeAt: instant("active_at").array(),
    recordedAt: instant("recorded_at").notNull(),
  },
  (t) => [unique("people_external").on(t.teamId, t.externalId)],
);
