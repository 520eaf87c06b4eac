import type { AppStanding } from "../apps/overview";
import type { AppStatus } from "../apps/schema";
import type { Deployment, ListedRun, SpanView } from "../deployments/schema";
import type { MachineUse } from "../usage/schema";
import type { Faster } from "./faster";

/** An application with what it uses: cores and bytes, means of the last five minutes; null where it did not run. Limits are of all replicas. */
export type StandingApp = Omit<AppStanding, "resources" | "source" | "isImported"> & {
  cpu: number | null;
  memory: number | null;
  memoryLimit: number | null;
};

type Told = Pick<Deployment, "app" | "appId" | "project" | "environment" | "commit" | "ref" | "release" | "changedKeys" | "actor">;
/** A deployment under way. `usual`: how long each step took in the last live runs of its application, in seconds. */
export type UnderWay = Omit<ListedRun, "drawn"> & Told & { spans: SpanView[]; usual: { step: string; seconds: number }[] };
export type EndedRun = Omit<ListedRun, "spans"> & Told;

export type Overview = {
  asOf: string;
  apps: {
    /** Those that are to run here; known from an import only are `imported`. */
    total: number;
    imported: number;
    counts: Record<AppStatus, number>;
    /** The worst first, then by name. */
    listed: StandingApp[];
    /** The team has an application of its own, not the demo's alone, that has been live or was brought by an import. */
    isSettled: boolean;
  };
  shipping: {
    running: number;
    queued: number;
    /** Builds that all workers may run at once, for every team. */
    buildSlots: number;
    /** What runs first, then what waits, each the oldest first. */
    items: UnderWay[];
  };
  faster: Faster;
  /** The newest that have ended. */
  recent: EndedRun[];
  /** Machines serve every team: null for whoever does not look after the installation. */
  machines: MachineUse[] | null;
};
