import type { ClusterNode } from "../../worker/ports";

/** A node of a Swarm as the engine tells of it, ready and without labels. */
export const clusterNode = (id: string, more: Partial<ClusterNode> = {}): ClusterNode => ({
  id,
  hostname: `host-${id}`,
  role: "worker",
  isLeader: false,
  availability: "active",
  state: "ready",
  message: "",
  address: "10.0.0.2",
  managerAddress: null,
  labels: {},
  cpus: 2,
  memoryBytes: 1024,
  engineVersion: "24.0.7",
  joinedAt: 1_000_000,
  ...more,
});
