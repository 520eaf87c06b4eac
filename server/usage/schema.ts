import { z } from "zod";
import type { ClusterNode, NodeRole } from "../cluster/schema";

/** Seconds that a point of a chart may stand for. */
export const STEPS = [10, 60, 300, 900, 3600, 10_800, 21_600, 86_400] as const;
export type Step = (typeof STEPS)[number];
/** What is kept of each step, and for how many days. */
export const KEPT = [
  { step: 10, days: 2 },
  { step: 60, days: 15 },
  { step: 3600, days: 400 },
] as const;
export type KeptStep = (typeof KEPT)[number]["step"];
/** A chart has no more points than this unless it is asked for a step. */
export const MOST_POINTS = 400;
/** With fewer minutes (or hours) nothing is said of a 95th percentile; before an hour of looks, of what is spare. */
export const NEEDED = { p95: 20, spareLooks: 360 } as const;

const reference = z.string().trim().min(1).max(200);
export const usageInput = z.object({
  app: reference.optional(),
  project: reference.optional(),
  node: reference.optional(),
  from: z.string().max(40).optional(),
  to: z.string().max(40).optional(),
  step: z.coerce.number().int().optional(),
  /** What CSV is made of. */
  table: z.enum(["points", "apps"]).default("points"),
});
export type UsageInput = z.infer<typeof usageInput>;

/** Cores, bytes, and bytes a second; null where nothing was looked at. `most` is of the busiest sample. */
export type UsagePoint = {
  at: string;
  cpu: number | null;
  cpuMost: number | null;
  memory: number | null;
  memoryMost: number | null;
  received: number | null;
  sent: number | null;
  read: number | null;
  written: number | null;
  disk: number | null;
  containers: number | null;
};

/**
 * One thing that an application uses, against what it is given. `limit` and `reserved` are those of one replica times the replicas that are
 * wanted, null where none is set. `p95` is of minutes (hours where `grain` is 3600) in which it ran. `spare` is what was never used of what
 * is reserved, or else allowed; null below enough samples.
 */
export type Use = {
  mean: number;
  p95: number | null;
  most: number;
  limit: number | null;
  reserved: number | null;
  spare: number | null;
};
export type AppUse = {
  app: string;
  name: string;
  project: string;
  environment: string;
  /** Wanted now; 0 for a stopped application. */
  replicas: number;
  /** Minutes or hours in which it ran, of which the quantiles are, and how many seconds such a one has. */
  n: number;
  grain: 60 | 3600;
  /** Looks, ten seconds apart, that saw it run. */
  looks: number;
  cpu: Use;
  memory: Use & { mostOne: number };
  /** Bytes in the window. */
  received: number;
  sent: number;
  read: number;
  written: number;
  /** Bytes when it was last measured; null when it never was. */
  disk: { volumes: number; images: number; writable: number; at: string } | null;
};

/** What of a machine there is, and what nobody of this team uses of it. */
export type NodeShare = {
  cores: number;
  memoryTotal: number;
  diskUsed: number;
  diskTotal: number;
  load: number;
  /** Mean cores and bytes that the system, the platform and other teams used. */
  restCpu: number;
  restMemory: number;
};

/** A machine and what it uses: cores and bytes, with how much there is of each; null when nobody looked. */
export type MachineUse = {
  id: string;
  name: string;
  role: NodeRole;
  isLeader: boolean;
  state: ClusterNode["state"];
  use: { cpu: number; cores: number; memory: number; memoryTotal: number; disk: number; diskTotal: number } | null;
};

export type UsageReport = {
  of: { kind: "app" | "project" | "node" | "team"; id: string; name: string };
  window: { from: string; to: string };
  step: number;
  asOf: string;
  /** The latest look at a machine that counts here; null when there was none. */
  sampledAt: string | null;
  /** Machines that are there and were not looked at in the last minutes: what runs on them is missing here. */
  unsampledNodes: number;
  points: UsagePoint[];
  /** Of one application: what went live in the window. */
  deployments: { id: string; number: number; liveAt: string }[];
  total: {
    cpu: number | null;
    cpuMost: number | null;
    memory: number | null;
    memoryMost: number | null;
    received: number;
    sent: number;
    read: number;
    written: number;
  };
  node: NodeShare | null;
  /** Those that ran in the window or are to run, the most spare memory first. */
  apps: AppUse[];
};
