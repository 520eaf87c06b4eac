import type { Services } from "../server/context";
import type { WorkerEnv } from "../server/env";
import type { AgentWatch } from "./node/watch-agents";
import type { NodeWatch } from "./node/watch-nodes";
import type { Announcer } from "./notices/announce";
import type { Ports } from "./ports";
import type { RunExporter } from "./telemetry/export-runs";

/** What a worker process holds; steps and operations are given it, never globals. */
export type WorkerContext = {
  services: Services;
  env: WorkerEnv;
  ports: Ports;
  announcer: Pick<Announcer, "failed">;
  /** Null where nobody wants traces. */
  exporter?: Pick<RunExporter, "ended"> | null;
  workerId: string;
  /** The machines of the Swarm, as last seen: one alone needs no registry. */
  nodes: Pick<NodeWatch, "count" | "ownId" | "list" | "refresh">;
  /** The other machines whose engine can be asked. */
  agents: Pick<AgentWatch, "ready" | "find" | "image">;
};
