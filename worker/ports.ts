/**
 * What the deploy pipeline asks of the outside world. Named by intent; no engine type leaks through.
 * The adapters live in `worker/engine/`; each port has under eight methods.
 */

import type { Agents, AppContainers, Cluster, RegistryImages } from "./machine-ports";

export type * from "./machine-ports";

/** A line of output as it appeared, without its newline. `at` is microseconds since the epoch. */
export type OutputLine = { text: string; stream: "stdout" | "stderr"; at: number };
export type Output = (line: OutputLine) => void;

export type GitCredential =
  | { kind: "https"; host: string; username: string; token: string }
  | { kind: "ssh"; host: string; privateKey: string; knownHosts?: string };

export type Commit = { sha: string; message: string; author: string; authoredAt: number; merge: boolean; parents: string[] };

/** What to check out. `sha` may be abbreviated (at least 7 characters). */
export type Ref = { kind: "branch" | "tag" | "sha"; name: string };

export type RepositoryRequest = { url: string; credential?: GitCredential | undefined; signal?: AbortSignal };

/** @throws DeployError `repository_not_found` `repository_credentials` `repository_empty` `ref_not_found` `repository_refused` `repository_unreachable`. */
export interface SourceRepository {
  /** Brings the mirror up to date and resolves the ref to a commit. Fetches nothing else than needed. */
  fetch(request: RepositoryRequest & { ref: Ref; output?: Output }): Promise<{ commit: Commit; forcePushed: boolean }>;
  /** `git log from..to`, newest first, with author times and merge flags. `known` is false when `from` is no longer there (force push, other repository): then the set is the head alone. `paths`: only commits that change one of these. */
  commitSet(request: { url: string; from: string | null; to: string; paths?: readonly string[] }): Promise<{ commits: Commit[]; known: boolean }>;
  /** Writes the tree of a commit (below `path`) into an empty directory that the caller removes. */
  checkout(request: { url: string; sha: string; path: string; directory: string; signal?: AbortSignal }): Promise<void>;
  /** Which content each file has that `checkout` writes, without reading it: `git ls-tree -r -z`. */
  listBlobs(request: { url: string; sha: string; path: string; signal?: AbortSignal }): Promise<Uint8Array>;
  /** Heads of branches on the remote, without fetching: `git ls-remote`. */
  heads(request: RepositoryRequest): Promise<Map<string, string>>;
  /** Removes what a killed process left in the way of temporary folders. @returns how many */
  sweep(): Promise<number>;
}

/** One BuildKit vertex. Times are microseconds since the epoch. */
export type BuildVertex = { digest: string; name: string; cached: boolean; startedAt: number; finishedAt: number; error: string | null };

export type BuildRequest = {
  /** Unique; the build can be cancelled by it. */
  id: string;
  directory: string;
  /** The same for all builds of an application: the engine keeps its files by it, and is sent only those that changed. */
  contextKey: string;
  /** What {@link SourceRepository.listBlobs} answered for the directory; null when it is unknown: then every file counts as changed. */
  blobs: Uint8Array | null;
  /** Path of the Dockerfile below `directory`, or its text. */
  dockerfile: { path: string } | { text: string };
  target?: string | undefined;
  args: Record<string, string>;
  secrets: Record<string, string>;
  labels: Record<string, string>;
  tag: string;
  noCache: boolean;
  signal: AbortSignal;
  output: (line: OutputLine & { vertex: string }) => void;
  onVertex?: (vertex: BuildVertex) => void;
};
export type BuiltImage = {
  imageId: string;
  sizeBytes: number;
  vertices: BuildVertex[];
  contextBytes: number;
  contextFiles: number;
  /** What of the context the engine did not have. */
  sent: { files: number; bytes: number };
};

/** @throws DeployError `build_failed` `dockerfile_invalid` `image_not_found` `cancelled` `context_refused`. */
export interface ImageBuilder {
  build(request: BuildRequest): Promise<BuiltImage>;
  /** Forgets what is kept of an application's context. */
  forget(contextKey: string): Promise<void>;
  /** Ends a build that somebody else began and no longer follows. One that is not there is none. */
  cancel(id: string): Promise<void>;
}

export interface ImageStore {
  /** Pushes a local image and answers `repo@sha256:…`. */
  push(request: { imageId: string; repository: string; tag: string; signal?: AbortSignal; output?: Output }): Promise<string>;
  /** Makes an image given by reference available locally and answers its id; pulls when it is absent. @throws DeployError `image_not_found`. */
  pull(request: { reference: string; signal?: AbortSignal; output?: Output }): Promise<{ imageId: string; digest: string | null }>;
  inspect(reference: string): Promise<{ imageId: string; exposedPorts: number[]; sizeBytes: number; layers: string[] } | null>;
  /**
   * Removes build cache: what was not used for `unusedHours`, and beyond `keepBytes` the oldest; and images of this home without a name.
   * Named images stay, so a retained release does. @returns bytes freed
   */
  reclaim(request: { unusedHours: number; keepBytes: number | null }): Promise<number>;
  /** This home's images by those of their names that begin with `prefix`: tags, and `repo@sha256:…`. */
  owned(prefix: string): Promise<{ name: string; imageId: string }[]>;
  /** Removes a name, and the image with its last one. One that is gone already, or in use, is left. */
  remove(reference: string): Promise<void>;
}

export type SlotSpec = {
  /** Swarm service name, also its DNS name on the environment's network. */
  name: string;
  image: string;
  network: string;
  labels: Record<string, string>;
  env: Record<string, string>;
  replicas: number;
  command?: string[] | undefined;
  stopGraceS: number;
  limits: { memoryBytes?: number | undefined; cpus?: number | undefined };
  reservations: { memoryBytes?: number | undefined; cpus?: number | undefined };
  /** Named volumes of the engine, by their full name. */
  mounts: { volume: string; path: string }[];
  /** Configs of the engine by their name, as {@link ConfigFiles} puts them there. */
  files: { config: string; path: string; mode: number; uid: number; gid: number }[];
  /** Rules of Swarm on the nodes that may run it; all must hold. */
  constraints?: string[] | undefined;
  maxReplicasPerNode?: number | undefined;
  /** Written as label `dokploy.epoch`; a service that carries a larger one is left alone. */
  epoch: number;
};
export type SlotState = { name: string; image: string; replicas: number; running: number; epoch: number; labels: Record<string, string> };
export type TaskFailure = {
  kind: "exited" | "oom" | "rejected" | "image";
  exitCode: number | null;
  message: string;
  lastLines: string[];
  taskId: string;
  failures: number;
};

/** @throws DeployError `fenced` when the service carries a newer epoch. */
export interface SlotRuntime {
  /** Creates or updates the service so that it runs `spec`; waits for no task but those of a removed service of that name. Repeating it changes nothing. */
  ensure(spec: SlotSpec, signal?: AbortSignal): Promise<void>;
  scale(name: string, replicas: number, epoch: number): Promise<void>;
  remove(name: string, epoch: number): Promise<void>;
  /** The names of all slots of this installation that the engine has. */
  owned(): Promise<string[]>;
  state(name: string): Promise<SlotState | null>;
  /** Resolves when `replicas` tasks of the present spec run. Rejects by DeployError `crashed` `image_not_found` `out_of_memory` `no_capacity` when a task ended before. */
  untilRunning(request: { name: string; replicas: number; timeoutMs: number; signal: AbortSignal }): Promise<void>;
  /** Resolves with the first failure of a task of the present spec; never resolves on its own otherwise. Rejects on abort. */
  firstFailure(request: { name: string; signal: AbortSignal }): Promise<TaskFailure>;
  /** Resolves when no task of the service runs any more. */
  untilStopped(request: { name: string; timeoutMs: number; signal: AbortSignal }): Promise<void>;
  /** Addresses on which the newest running task listens, read from its /proc/net (for the message "listens on 127.0.0.1 only" and "listens on another port"). Empty when unknown. */
  listeners(name: string): Promise<{ address: string; port: number }[]>;
}

export interface Volumes {
  /** Removes an application's volumes with all that is in them. Waits for tasks that still end. */
  removeAll(request: { appId: string; signal: AbortSignal }): Promise<string[]>;
}

/** Contents of files that slots mount, kept by the engine where each of its nodes finds them. */
export interface ConfigFiles {
  /** Each is there, by its name; one that is there already is left as it is. */
  ensure(files: { name: string; content: Buffer; labels: Record<string, string> }[]): Promise<void>;
  /** Removes those of this installation that no service uses and that have been there for a time. @returns how many */
  removeUnused(request: { appId?: string; olderThanMs: number }): Promise<number>;
}

export interface OneOff {
  /** Runs a command once in an image on the environment's network with the release's configuration; resolves with its exit code. The container is removed whatever happens. */
  run(request: {
    name: string;
    image: string;
    command: string[];
    network: string;
    env: Record<string, string>;
    labels: Record<string, string>;
    limits: SlotSpec["limits"];
    /** The release's config files, as its tasks have them. */
    files: { path: string; content: Buffer; mode: number; uid: number; gid: number }[];
    output: Output;
    signal: AbortSignal;
  }): Promise<{ exitCode: number; oom: boolean }>;
  /** The names of this installation's commands whose container is there. */
  present(): Promise<string[]>;
  /** Ends a command whose worker is gone, and removes its container. */
  end(name: string): Promise<void>;
}

export interface EnvironmentNetwork {
  /** The overlay network exists and the edge is connected to it. Idempotent. False while the one or the other of before is still going away: ask again in a moment. */
  ensure(request: { name: string; labels: Record<string, string> }): Promise<boolean>;
  remove(name: string): Promise<void>;
  /** The names of all environments' networks of this installation that the engine has. */
  owned(): Promise<string[]>;
}

export type EdgeRoute = { host: string; path: string };
export type EdgeSlot = { service: string; port: number; weight: number };
/** A second release in the slot that is not live: requests that match go to it, or (`mirror`) `weight` per cent of all are copied to it. */
export type EdgeSplit = {
  id: string;
  kind: "split" | "mirror";
  slot: "a" | "b";
  weight: number;
  header: { name: string; value: string } | null;
  cookie: { name: string; value: string } | null;
  /** A visitor stays with the release that the weights gave first. */
  sticky: boolean;
};
/** All that the edge needs to know of one application. `generation` = `<deployment number>.<epoch>`, echoed by the probe. */
export type EdgeApp = {
  appId: string;
  generation: string;
  epoch: number;
  routes: EdgeRoute[];
  slots: { a: EdgeSlot; b: EdgeSlot };
  split: EdgeSplit | null;
  /** Why there is nothing behind the routes, shown by the edge's own page. */
  unavailable: null | "stopped" | "never_deployed" | "replacing";
};
export type ProbeAnswer = { kind: "answer"; status: number; ms: number } | { kind: "error"; message: string; ms: number };

/** Finished requests of a slot since the edge started. `buckets`: how many took at most so many seconds, cumulative, ending with infinity. */
export type SlotTraffic = { answers: number; errors: number; buckets: [upToS: number, count: number][] };

/** @throws DeployError `fenced` when the file that is there carries a newer epoch. */
export interface Edge {
  write(app: EdgeApp): Promise<void>;
  remove(appId: string): Promise<void>;
  /** One request through the internal entry point to one slot. */
  probe(request: { appId: string; slot: "a" | "b"; path: string; timeoutMs: number; signal: AbortSignal }): Promise<ProbeAnswer>;
  /** Which generation serves an application's public routes now; null when none does. Asked through the internal entry point. */
  servedGeneration(request: { appId: string; signal: AbortSignal }): Promise<string | null>;
  /** One request through the public entry point, as a user would send it. */
  publicRequest(request: { host: string; path: string; timeoutMs: number; signal: AbortSignal }): Promise<ProbeAnswer & { generation?: string | null }>;
  /** What both slots have answered so far, by the edge's own count. */
  traffic(request: { appId: string; signal: AbortSignal }): Promise<{ a: SlotTraffic; b: SlotTraffic }>;
  /** Requests in flight on a slot's service. */
  inFlight(request: { appId: string; slot: "a" | "b" }): Promise<number>;
}

export type ContainerLine = { at: number; stream: "stdout" | "stderr"; text: string; replica: string; slot: "a" | "b" };
export interface ContainerLogs {
  /** Follows every task of an application's services across updates. Resumes after `since` (microseconds). Ends on abort. */
  follow(request: { services: { a: string; b: string }; since: number; signal: AbortSignal; onLines: (lines: ContainerLine[]) => void }): Promise<void>;
}

export type Ports = {
  source: SourceRepository;
  builder: ImageBuilder;
  images: ImageStore;
  slots: SlotRuntime;
  oneOff: OneOff;
  volumes: Volumes;
  configs: ConfigFiles;
  network: EnvironmentNetwork;
  cluster: Cluster;
  agents: Agents;
  edge: Edge;
  containerLogs: ContainerLogs;
  containers: AppContainers;
  /** Null where the registry is somebody else's, or there is none. */
  registryImages: RegistryImages | null;
};
