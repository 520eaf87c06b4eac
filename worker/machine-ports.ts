/** What the worker asks of the machines: the Swarm's nodes, the agents on them, the containers of its own. The rest is in `ports.ts`. */

import type { AgentKeys, AgentReport } from "./agent/agent-name";
import type { ImageBuilder, ImageStore } from "./ports";

export type ClusterNode = {
  id: string;
  hostname: string;
  role: "manager" | "worker";
  isLeader: boolean;
  availability: "active" | "pause" | "drain";
  state: "ready" | "down" | "disconnected" | "unknown";
  message: string;
  address: string;
  managerAddress: string | null;
  labels: Record<string, string>;
  cpus: number;
  memoryBytes: number;
  engineVersion: string;
  /** Microseconds since the epoch. */
  joinedAt: number;
};
/** A task of this installation that runs or is about to. */
export type PlacedTask = { app: string; slot: string; node: string | null; isRunning: boolean };

/** The machines of the Swarm, as a manager knows them. @throws DeployError `engine_unavailable` */
export interface Cluster {
  nodes(): Promise<ClusterNode[]>;
  /** The node that this engine is. */
  ownNode(): Promise<string>;
  /** Where tasks of this installation's slots are. */
  placed(): Promise<PlacedTask[]>;
  /** The token with which a node joins in a role, and the address of a manager. `rotate` makes the present token worthless first. */
  joinToken(request: { role: ClusterNode["role"]; rotate: boolean }): Promise<{ token: string; address: string }>;
  /** Changes what is given; labels as a whole. One that is gone is left. */
  change(id: string, wanted: { availability?: ClusterNode["availability"]; role?: ClusterNode["role"]; labels?: Record<string, string> }): Promise<void>;
  /** Takes a node out of the Swarm, also one that is up. */
  remove(id: string): Promise<void>;
  /** Calls back when a node joined, left or changed, or a container of this engine did. Answers how to stop. */
  onChange(call: () => void): () => void;
}

/** An engine on which images are built, and from which they are carried on: this one, or another node's through its agent. */
export type BuildEngine = { builder: ImageBuilder; images: ImageStore };

/** The agents of the other nodes: each lets this installation's worker, and nobody else, ask its node's engine for what is in a list. */
export interface Agents {
  /** Makes the agents' image and brings it to the registry. Repeating it changes nothing. @returns `repo@sha256:…` */
  image(signal: AbortSignal): Promise<{ image: string; version: string }>;
  /** Each node but `ownNode` runs that agent, with those keys, as a global service. Repeating it changes nothing. */
  deploy(request: { image: string; version: string; keys: AgentKeys; ownNode: string }): Promise<void>;
  /** Takes the service and its keys away. */
  remove(): Promise<void>;
  /** What Swarm says of each node's agent: its newest task. */
  tasks(): Promise<{ node: string; state: string; message: string }[]>;
  /** The agent at a node's address. @throws DeployError `engine_unavailable` when it does not answer, `internal` when it refuses */
  at(address: string, worker: AgentKeys): BuildEngine & { report(): Promise<AgentReport> };
  /** Whose agents answer at present: logs of those nodes are read through them. */
  answering(nodes: { node: string; address: string }[], worker: AgentKeys): void;
}

/** The images of the platform's own registry, whose bytes go when it collects them. @throws Error when it does not answer, or refuses */
export interface RegistryImages {
  repositories(): Promise<string[]>;
  /** Empty when there is no such repository. */
  tags(repository: string): Promise<string[]>;
  /** `sha256:…` of what a tag names; null when it names nothing. */
  digestOf(repository: string, tag: string): Promise<string | null>;
  /** Takes a manifest away, and every tag that names it. One that is gone is left. */
  remove(repository: string, digest: string): Promise<void>;
}

/** A container of an application, of this engine. `startedAt` is microseconds since the epoch, `pid` is the host's. */
export type AppContainer = { id: string; app: string; pid: number; startedAt: number };
/** Bytes that an application holds on the disk of this engine. */
export type AppDisk = { app: string; volumeBytes: number; imageBytes: number; writableBytes: number };

/** What of this installation's applications runs on the machine of this engine. */
export interface AppContainers {
  /** Those that run now: listed once and then kept by the engine's events. Answers nothing until the list was read. */
  follow(): { present(): AppContainer[]; close(): Promise<void> };
  /** Walks volumes and images: for once an hour. @throws DeployError `engine_unavailable` */
  disk(): Promise<AppDisk[]>;
  /** The folder of the engine's data, on the engine's machine. */
  dataRoot(): Promise<string>;
}
