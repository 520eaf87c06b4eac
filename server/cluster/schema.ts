import { z } from "zod";
import type { Explanation } from "../errors";
import { BUILD_LABEL } from "./constants";

/** What both Swarm's constraint language and a command line take without quoting. */
export const labelKeySchema = z
  .string()
  .max(63, "A label's key has at most 63 characters.")
  .regex(/^[a-z](?:[a-z0-9._-]*[a-z0-9])?$/, "A label's key has lower-case letters, digits and . _ - and begins with a letter.");
export const labelValueSchema = z
  .string()
  .max(63, "A label's value has at most 63 characters.")
  .regex(/^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$/, "A label's value has letters, digits and . _ - and begins and ends with a letter or digit.");

/** `disk=ssd, zone=a` as it is typed; a part without `=` is a label without a value, which its schema refuses with a sentence. */
export const readLabels = (text: string): Record<string, string> =>
  Object.fromEntries(
    text
      .split(",")
      .map((part) => part.trim())
      .filter((part) => part !== "")
      .map((part) => {
        const at = part.indexOf("=");
        return at < 0 ? [part, ""] : [part.slice(0, at).trim(), part.slice(at + 1).trim()];
      }),
  );

/** An id or a host name. */
export const nodeReferenceSchema = z.string().trim().min(1).max(255);
export const NODE_ROLES = ["manager", "worker"] as const;
export const nodeRoleSchema = z.enum(NODE_ROLES, { error: `The role is one of ${NODE_ROLES.join(", ")}.` });
export const setLabelsSchema = z.object({
  set: z
    .record(z.string(), labelValueSchema)
    .superRefine((labels, ctx) => {
      for (const key of Object.keys(labels)) {
        const wrong = labelKeySchema.safeParse(key).error?.issues[0];
        if (wrong) ctx.addIssue({ code: "custom", path: [key], message: wrong.message });
      }
    })
    .default({}),
  /** Keys as they are, also such as this page would not set. */
  unset: z.array(z.string().min(1).max(255)).max(100).default([]),
});

export type NodeRole = (typeof NODE_ROLES)[number];
export type NodeWork = { kind: "labels" | "role" | "drain" | "activate" | "remove"; status: "queued" | "running" | "failed"; error: Explanation | null };

/** Whether it is the role of a node to build. */
export const buildsOn = ({ labels, isOwn }: { labels: Record<string, string>; isOwn: boolean }): boolean =>
  labels[BUILD_LABEL] === undefined ? isOwn : labels[BUILD_LABEL] === "true";

/** How the agent of a node is, by which the platform reaches its engine. `since`: microseconds since the epoch. */
export type NodeAgent = { state: "ready" | "starting" | "away"; version: string | null; since: number; message: string };

/** What the API answers for a machine of the cluster. Sizes in bytes. */
export type ClusterNode = {
  id: string;
  name: string;
  role: NodeRole;
  /** It leads the managers. */
  isLeader: boolean;
  /** The platform and the edge are on it. */
  isOwn: boolean;
  /** Images are built there. */
  builds: boolean;
  /** By which the platform reaches that node's engine; null on its own node, on a drained one, and with one machine. */
  agent: { state: NodeAgent["state"]; version: string | null; since: string; message: string } | null;
  availability: "active" | "pause" | "drain";
  state: "ready" | "down" | "disconnected" | "unknown";
  message: string;
  address: string;
  labels: Record<string, string>;
  cpus: number;
  memory: number;
  engineVersion: string;
  /** Tasks of applications that run there. */
  replicas: number;
  joinedAt: string;
  seenAt: string | null;
  /** What is being done to it, or what failed last. */
  work: NodeWork | null;
};
/** `joinProblem`: why no other machine can join as it is; null when one can. */
export type NodeList = { items: ClusterNode[]; nextCursor: string | null; joinProblem: Explanation | null };
/** Shown once. `command` is what is run on the machine that joins. */
export type JoinToken = { role: NodeRole; token: string; address: string; command: string };
