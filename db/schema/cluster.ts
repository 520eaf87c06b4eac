import { boolean, doublePrecision, integer, jsonb, pgTable, text } from "drizzle-orm/pg-core";
import type { NodeAgent } from "../../server/cluster/schema";
import { instant } from "./columns";

/** The machines of the cluster, as a worker on a manager last saw them. They belong to the installation, not to a team. */
export const nodes = pgTable("nodes", {
  /** Swarm's own. */
  id: text("id").primaryKey(),
  hostname: text("hostname").notNull(),
  role: text("role", { enum: ["manager", "worker"] }).notNull(),
  isLeader: boolean("is_leader").notNull().default(false),
  /** The engine that the worker speaks to: builds and the edge are there. */
  isOwn: boolean("is_own").notNull().default(false),
  availability: text("availability", { enum: ["active", "pause", "drain"] }).notNull(),
  state: text("state", { enum: ["ready", "down", "disconnected", "unknown"] }).notNull(),
  /** Why it is not ready, in Swarm's words. */
  message: text("message").notNull().default(""),
  address: text("address").notNull(),
  /** Where others join; null unless it is a manager. */
  managerAddress: text("manager_address"),
  labels: jsonb("labels").$type<Record<string, string>>().notNull().default({}),
  cpus: doublePrecision("cpus").notNull().default(0),
  memoryBytes: doublePrecision("memory_bytes").notNull().default(0),
  engineVersion: text("engine_version").notNull().default(""),
  /** Tasks of this installation's applications that run there. */
  replicas: integer("replicas").notNull().default(0),
  joinedAt: instant("joined_at").notNull(),
  /** When it was last seen ready. */
  seenAt: instant("seen_at"),
  /** How its agent is; null on the platform's own node, and while there is but one. */
  agent: jsonb("agent").$type<NodeAgent>(),
});

/** What the installation signs its agents' certificates with, sealed by the master key. Workers' own: web may not even read it. */
export const authorities = pgTable("authorities", {
  id: text("id").primaryKey(),
  sealed: text("sealed").notNull(),
  createdAt: instant("created_at").notNull(),
});
