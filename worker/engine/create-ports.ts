import { mkdir } from "node:fs/promises";
import path from "node:path";
import type Dockerode from "dockerode";
import type { AllowHosts } from "../../server/git-hosts";
import { DeployError } from "../errors";
import type { Ports } from "../ports";
import { createAgents } from "./agents/agents";
import { createAppContainers } from "./app-containers";
import { createBuilder } from "./buildkit/build";
import { createBuildPool } from "./buildkit/build-pool";
import type { BuildResources } from "./buildkit/build-resources";
import type { ContextLimits } from "./buildkit/context-files";
import { createCluster } from "./cluster";
import { createConfigFiles } from "./config-files";
import { createContainerLogs } from "./container-logs";
import { connectDocker, type Engine, type EngineLog, messageOf, parseDockerHost, type RegistryAccess } from "./docker-client";
import { createEdgeContainer } from "./edge/container";
import { createEdgeControl, type EdgeControl, edgeReady } from "./edge/control";
import { createEdge } from "./edge/edge";
import { createEdgeFiles } from "./edge/files";
import { openEngineEvents, openNodeEvents } from "./engine-events";
import { createSource } from "./git/source";
import { createImages } from "./images";
import { createEnvironmentNetwork } from "./network";
import { createOneOff } from "./one-off";
import { createRegistryImages } from "./registry";
import { createSlots } from "./slots";
import { createVolumes } from "./volumes";

export type PortsOptions = {
  /** `unix:///path` or `tcp://host:port` */
  dockerHost: string;
  /** Tells this installation's objects from another's on the same engine (label `dokploy.home`). */
  homeId: string;
  /** Absolute. Mirrors go below `mirrors/`, what is kept of build contexts below `contexts/`, the edge's files below `edge/`. */
  homeDirectory: string;
  allowHosts: AllowHosts;
  /** Absolute folder whose bare repositories may be named by plain path; "" for none. */
  localRepositories: string;
  registry: RegistryAccess | null;
  /** Of the platform's own registry, PEM, "" where it has none; null where the registry is somebody else's. */
  ownRegistryCertificate?: string | null;
  edge: { image: string; publicPort: number; probePort: number; probeSecret: string };
  /** Where the edge gets its own pages, as its container reaches it: `http://dokploy-host:PORT` is this machine at the bridge's gateway. */
  pages: { url: string } | null;
  contextLimits?: ContextLimits;
  buildResources?: BuildResources | null;
  /** Where agents listen on other nodes, where the engine's socket is there, and a folder of this worker's own in which their image is made. */
  agents?: { port: number; socket: string; scratch: string };
  log: EngineLog;
};

export type EnginePorts = Ports & {
  docker: Dockerode;
  edgeControl: EdgeControl;
  /** Calls back after the engine was away and is there again, once the edge is up. Answers how to stop. */
  onEngineRestart(call: () => void): () => void;
  close(): Promise<void>;
};

const CONTEXT_LIMITS: ContextLimits = { files: 200_000, bytes: 4 * 1024 ** 3 };

/**
 * The pipeline's ports on a Docker engine. Nothing is created on the engine yet; `edgeControl.reconcile()` brings the edge up,
 * and from then on it is brought up again whenever the engine was restarted.
 */
export async function createPorts(options: PortsOptions): Promise<EnginePorts> {
  const { homeDirectory, homeId, log, registry, ownRegistryCertificate: ownCertificate = null } = options;
  await mkdir(path.join(homeDirectory, "mirrors"), { recursive: true, mode: 0o700 });
  const engine: Engine = { docker: connectDocker(parseDockerHost(options.dockerHost)), address: parseDockerHost(options.dockerHost), homeId, log };
  const events = openEngineEvents(engine);
  const nodeEvents = openNodeEvents(engine);
  const files = createEdgeFiles(homeDirectory, { probeSecret: options.edge.probeSecret, pagesUrl: options.pages?.url ?? null });
  const container = createEdgeContainer(engine, { ...options.edge, filesDirectory: files.directory });
  const pool = createBuildPool();
  const edgeAway = (reason: string) =>
    new DeployError(
      "timed_out",
      { what: "The edge does not answer", why: reason, fix: `Look at the log of its container dokploy-edge-${homeId}.` },
      { kind: "temporary" },
    );
  const control = createEdgeControl({ container, files, ports: options.edge, untilReady: edgeReady(options.edge, edgeAway) });

  let isEdgeOurs = false;
  const restartCalls = new Set<() => void>();
  async function afterRestart(): Promise<void> {
    try {
      if (isEdgeOurs) await control.reconcile();
    } catch (error) {
      log.error({ reason: messageOf(error) }, "the edge could not be brought up after the engine's restart");
    }
    for (const call of restartCalls) call();
  }
  const stopFollowing = events.onReconnect(() => void afterRestart());

  const building = { pool, limits: options.contextLimits ?? CONTEXT_LIMITS, contexts: path.join(homeDirectory, "contexts") };
  const builder = createBuilder(engine, { ...building, registry, resources: options.buildResources ?? null });
  const images = createImages(engine, registry);
  const agents = createAgents(engine, {
    port: 7380,
    socket: "/var/run/docker.sock",
    scratch: path.join(homeDirectory, "agent-image"),
    ...options.agents,
    registry,
    own: { builder, images },
    building,
  });

  return {
    source: createSource({ home: homeDirectory, localRepositories: options.localRepositories, allowHosts: options.allowHosts, log }),
    builder,
    images,
    agents,
    slots: createSlots(engine, events, registry),
    oneOff: createOneOff(engine),
    volumes: createVolumes(engine),
    configs: createConfigFiles(engine),
    network: createEnvironmentNetwork(engine, container),
    cluster: createCluster(engine, events, nodeEvents),
    edge: createEdge(engine, { files, container, ports: options.edge }),
    containerLogs: createContainerLogs(engine, events, agents.addressOf),
    containers: createAppContainers(engine, events),
    registryImages: registry && ownCertificate !== null ? createRegistryImages(registry, ownCertificate) : null,
    docker: engine.docker,
    edgeControl: {
      ...control,
      reconcile() {
        isEdgeOurs = true;
        return control.reconcile();
      },
    },
    onEngineRestart(call) {
      restartCalls.add(call);
      return () => restartCalls.delete(call);
    },
    async close() {
      stopFollowing();
      await Promise.all([events.close(), nodeEvents.close()]);
      await pool.close();
    },
  };
}
