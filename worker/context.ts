import type { Services } from "../server/context";
import type { WorkerEnv } from "../server/env";
import type { Announcer } from "./notices/announce";
import type { Ports } from "./ports";

/** What a worker process holds; steps and operations are given it, never globals. */
export type WorkerContext = {
  services: Services;
  env: WorkerEnv;
  ports: Ports;
  announcer: Pick<Announcer, "failed">;
  workerId: string;
  /** Nodes in the Swarm, as last seen: one node needs no registry. */
  nodeCount: () => number;
};
