/** The parts of Swarm's answers that are read here (Engine API 1.41, /services, /tasks and /nodes). */
export type SwarmService = {
  ID: string;
  Version: { Index: number };
  CreatedAt: string;
  UpdatedAt: string;
  Spec: {
    Name: string;
    Labels?: Record<string, string> | null;
    Mode: { Replicated?: { Replicas?: number } };
    TaskTemplate: { ContainerSpec?: { Image?: string; Labels?: Record<string, string> | null } } & Record<string, unknown>;
  } & Record<string, unknown>;
};

export type TaskState =
  | "new"
  | "allocated"
  | "pending"
  | "assigned"
  | "accepted"
  | "preparing"
  | "ready"
  | "starting"
  | "running"
  | "complete"
  | "shutdown"
  | "failed"
  | "rejected"
  | "remove"
  | "orphaned";

export type SwarmTask = {
  ID: string;
  CreatedAt: string;
  ServiceID: string;
  NodeID?: string;
  Slot?: number;
  DesiredState: TaskState;
  Spec: { ContainerSpec?: { Image?: string; Labels?: Record<string, string> | null } };
  Status: { Timestamp: string; State: TaskState; Message?: string; Err?: string; ContainerStatus?: { ContainerID?: string; PID?: number; ExitCode?: number } };
  NetworksAttachments?: { Network: { Spec: { Name: string } }; Addresses?: string[] }[] | null;
};

/** Of an answer to /nodes. */
export type SwarmNode = {
  ID: string;
  Version: { Index: number };
  CreatedAt: string;
  UpdatedAt: string;
  Spec: { Labels?: Record<string, string> | null; Role: "manager" | "worker"; Availability: "active" | "pause" | "drain" };
  Description?: { Hostname?: string; Resources?: { NanoCPUs?: number; MemoryBytes?: number }; Engine?: { EngineVersion?: string } };
  Status: { State: "unknown" | "down" | "ready" | "disconnected"; Message?: string; Addr?: string };
  ManagerStatus?: { Leader?: boolean; Reachability?: string; Addr?: string };
};
