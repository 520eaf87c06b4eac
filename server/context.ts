import type { Redis } from "ioredis";
import type { Database, Sql } from "../db/client";
import { auditEvents } from "../db/schema";
import type { Micros } from "../db/schema/columns";
import type { Sessions } from "./accounts/sessions";
import type { Clock } from "./clock";
import { type TeamData, type TeamRows, teamData } from "./data/team-data";
import type { Env } from "./env";
import { AppError } from "./errors";
import type { LiveEvents } from "./live/events";
import type { LiveReader } from "./live/reader";
import type { Log } from "./log";
import type { WorkQueue } from "./queue";
import type { Keyring, TeamKey } from "./secrets/keyring";

export type Services = {
  env: Env;
  sql: Sql;
  db: Database;
  redis: Redis;
  keyring: Keyring;
  clock: Clock;
  log: Log;
  queue: WorkQueue;
  events: LiveEvents;
  reader: LiveReader;
  sessions: Sessions;
};

export type Membership = { teamId: string; teamName: string; role: "owner" | "member" };
/** `isAdmin`: looks after the installation itself, whatever the team. */
export type Actor = { userId: string; email: string; name: string; isAdmin: boolean; via: "session" | "token"; scopes: string[] };

/** Who asks, before a team is chosen. */
export type Identity = { actor: Actor; sessionId: string | null; team: Membership & { wrappedKey: string } };

/** What domain code is given: its team's data and nothing wider. */
export type TeamContext = {
  team: TeamData;
  key: TeamKey;
  actor: string;
  now: () => Micros;
  /** @param rows of the transaction that does what is recorded; else it is recorded in one of its own */
  audit: (event: string, target: { id?: string; name?: string } | null, detail?: Record<string, unknown>, rows?: TeamRows) => Promise<void>;
  services: Services;
};

export function teamContext(services: Services, identity: Identity): TeamContext {
  return contextOf(services, identity.team.teamId, identity.team.wrappedKey, identity.actor.email);
}

export function contextOf(services: Services, teamId: string, wrappedKey: string, actor: string): TeamContext {
  const team = teamData(services.db, teamId);
  return {
    team,
    key: services.keyring.teamKey(wrappedKey),
    actor,
    now: services.clock,
    services,
    async audit(event, target, detail = {}, rows = team) {
      const name = target?.name === undefined ? {} : { name: target.name };
      await rows.insertMany(auditEvents, [{ actor, event, target: target?.id ?? null, detail: { ...name, ...detail }, at: services.clock() }]);
    },
  };
}

const hasScope = ({ scopes }: Actor, scope: "read" | "write" | "admin"): boolean =>
  scopes.includes("*") || scopes.includes(scope) || (scope === "read" && scopes.includes("write"));

/** Whether who asks may see what belongs to the installation and to no team. */
export const isAdministrator = (actor: Actor): boolean => actor.isAdmin && hasScope(actor, "admin");

export function requireScope(actor: Actor, scope: "read" | "write" | "admin"): void {
  if (hasScope(actor, scope)) return;
  throw new AppError("not_allowed", { what: `This token does not allow ${scope} access.`, fix: `Create a token with the scope ${scope}.` });
}

/** Machines serve every team. @throws AppError `not_allowed` for whoever does not look after the installation */
export function requireAdministrator(actor: Actor): void {
  requireScope(actor, "admin");
  if (actor.isAdmin) return;
  throw new AppError("not_allowed", {
    what: "Only an administrator of this installation may do this.",
    why: "Its machines serve every team.",
    fix: "Ask the administrator whose account bin/up made.",
  });
}

/** The team of who asks, for routes that are no procedures. @throws AppError `not_signed_in` `not_allowed` */
export function signedInTeam({ identity, services }: { identity: Identity | null; services: Services }, scope: "read" | "write" | "admin"): TeamContext {
  if (!identity) throw new AppError("not_signed_in", { what: "You are not signed in.", fix: "Send a token: Authorization: Bearer …" });
  requireScope(identity.actor, scope);
  return teamContext(services, identity);
}
