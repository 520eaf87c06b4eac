import { createHash } from "node:crypto";
import { mkdir } from "node:fs/promises";
import type Dockerode from "dockerode";
import { DeployError } from "../../errors";
import { ask, askMaybe, type Engine, messageOf, statusOf } from "../docker-client";
import { ENVIRONMENT_NETWORK_LABEL, networksNamed } from "../network-names";

const GONE_ATTEMPTS = 40;
const GONE_PAUSE_MS = 250;

export type EdgeContainerOptions = { image: string; publicPort: number; probePort: number; filesDirectory: string };

const SPEC_LABEL = "dokploy.edge";
const WATCHED = "/etc/dokploy/edge";
const PUBLIC_PORT = 8000;
const PROBE_PORT = 8001;

/** Traefik's static configuration. No dashboard, no API, no access log; whatever answers on the probe entry point demands the secret. */
export function edgeArguments(): string[] {
  return [
    "--global.checknewversion=false",
    "--global.sendanonymoususage=false",
    "--log.level=WARN",
    `--entrypoints.web.address=:${PUBLIC_PORT}`,
    "--entrypoints.web.transport.respondingtimeouts.readtimeout=10m",
    `--entrypoints.probe.address=:${PROBE_PORT}`,
    "--ping.manualrouting=true",
    `--providers.file.directory=${WATCHED}`,
    "--providers.file.watch=true",
    "--providers.providersthrottleduration=20ms",
    "--metrics.prometheus=true",
    "--metrics.prometheus.manualrouting=true",
    "--metrics.prometheus.buckets=0.005,0.01,0.025,0.05,0.1,0.25,0.5,1,2.5,5,10",
    "--metrics.prometheus.addserviceslabels=true",
    "--metrics.prometheus.addentrypointslabels=false",
  ];
}

/** What the edge's container is made from. Its digest is kept as a label: another digest means another container. */
export function edgeContainerSpec(homeId: string, options: EdgeContainerOptions): Dockerode.ContainerCreateOptions {
  const network = edgeNetworkName(homeId);
  const spec: Dockerode.ContainerCreateOptions = {
    Image: options.image,
    Cmd: edgeArguments(),
    ExposedPorts: { [`${PUBLIC_PORT}/tcp`]: {}, [`${PROBE_PORT}/tcp`]: {} },
    HostConfig: {
      RestartPolicy: { Name: "always" },
      NetworkMode: network,
      PortBindings: {
        [`${PUBLIC_PORT}/tcp`]: [{ HostPort: String(options.publicPort) }],
        [`${PROBE_PORT}/tcp`]: [{ HostIp: "127.0.0.1", HostPort: String(options.probePort) }],
      },
      Binds: [`${options.filesDirectory}:${WATCHED}:ro`],
      // a name without a running task goes to the outer resolver: it must fail soon
      DnsOptions: ["timeout:1", "attempts:1"],
      DnsSearch: ["."],
      ExtraHosts: ["dokploy-host:host-gateway"],
      LogConfig: { Type: "json-file", Config: { "max-size": "10m", "max-file": "2" } },
      SecurityOpt: ["no-new-privileges"],
      CapDrop: ["ALL"],
      CapAdd: ["DAC_READ_SEARCH"],
      ReadonlyRootfs: true,
    },
    NetworkingConfig: { EndpointsConfig: { [network]: {} } },
  };
  const digest = createHash("sha256").update(JSON.stringify(spec)).digest("hex").slice(0, 16);
  return { ...spec, name: edgeContainerName(homeId), Labels: { "dokploy.home": homeId, [SPEC_LABEL]: digest } };
}

export const edgeContainerName = (homeId: string): string => `dokploy-edge-${homeId}`;
const edgeNetworkName = (homeId: string) => `dokploy-edge-${homeId}`;

export type EdgeContainer = {
  /** Creates, replaces, starts and connects the edge as needed. Repeating it changes nothing. @throws DeployError `image_not_found` */
  reconcile(): Promise<{ containerId: string; replaced: boolean }>;
  connect(network: string): Promise<void>;
  disconnect(network: string): Promise<void>;
  /** The edge's container id and its process on the host; null while it does not run. */
  running(): Promise<{ containerId: string; pid: number } | null>;
  /** Removes container and network, as `bin/down --purge` does. */
  remove(): Promise<void>;
};

const isAlreadyConnected = (error: unknown) => statusOf(error) === 403 || /already exists in network|already (connected|attached)/i.test(messageOf(error));
const isNotConnected = (error: unknown) => statusOf(error) === 404 || /is not connected to/i.test(messageOf(error));

export function createEdgeContainer(engine: Engine, options: EdgeContainerOptions): EdgeContainer {
  const { docker, homeId, log } = engine;
  const name = edgeContainerName(homeId);
  const container = () => docker.getContainer(name);
  const inspect = () => askMaybe("inspect the edge", () => container().inspect());

  async function ensureOwnNetwork(): Promise<void> {
    const network = edgeNetworkName(homeId);
    if ((await networksNamed(engine, network)).length > 0) return;
    await ask("create the edge's network", async () => {
      try {
        await docker.createNetwork({ Name: network, Driver: "bridge", CheckDuplicate: true, Labels: { "dokploy.home": homeId } });
      } catch (error) {
        if (statusOf(error) !== 409) throw error;
      }
    });
  }

  async function create(): Promise<void> {
    await ensureOwnNetwork();
    try {
      await docker.createContainer(edgeContainerSpec(homeId, options));
    } catch (error) {
      if (statusOf(error) === 404) {
        throw new DeployError(
          "image_not_found",
          { what: `The edge's image ${options.image} is not on this node`, why: messageOf(error), fix: "Run bin/up, which builds it." },
          { kind: "ours", cause: error },
        );
      }
      throw error;
    }
  }

  async function connect(network: string): Promise<void> {
    try {
      await docker.getNetwork(network).connect({ Container: name });
    } catch (error) {
      if (!isAlreadyConnected(error)) await ask(`connect the edge to ${network}`, () => Promise.reject(error));
    }
  }

  async function disconnect(network: string): Promise<void> {
    try {
      await docker.getNetwork(network).disconnect({ Container: name, Force: true });
    } catch (error) {
      if (!isNotConnected(error)) await ask(`disconnect the edge from ${network}`, () => Promise.reject(error));
    }
  }

  async function environmentNetworks(): Promise<string[]> {
    const filters = { label: [`dokploy.home=${homeId}`, `${ENVIRONMENT_NETWORK_LABEL}=environment`] };
    return (await docker.listNetworks({ filters })).map((network) => network.Name);
  }

  /** What an engine that was killed had begun to remove can be neither started nor connected: it goes first. */
  async function untilSettled() {
    for (let attempt = 1; ; attempt += 1) {
      const present = await inspect();
      const isGoing = present !== null && (present.State.Dead || present.State.Status === "removing");
      if (!isGoing || attempt === GONE_ATTEMPTS) return present;
      await container()
        .remove({ force: true })
        .catch((error: unknown) => log.warn({ reason: messageOf(error) }, "the edge that is being removed is still there"));
      await new Promise((resolve) => setTimeout(resolve, GONE_PAUSE_MS));
    }
  }

  async function start(): Promise<void> {
    try {
      await container().start();
    } catch (error) {
      if (statusOf(error) === 304) return;
      const state = await inspect();
      if (state?.State.Running) return;
      // a network that Swarm has forgotten keeps the container from starting: it is let go, and connected again below
      const alive = new Set(await environmentNetworks());
      const lost = Object.keys(state?.NetworkSettings.Networks ?? {}).filter((network) => network !== edgeNetworkName(homeId) && !alive.has(network));
      log.warn({ reason: messageOf(error), lost }, "the edge did not start and is tried again");
      for (const network of lost) await disconnect(network);
      await container().start();
    }
  }

  async function reconcileOnce(): Promise<{ containerId: string; replaced: boolean }> {
    await mkdir(options.filesDirectory, { recursive: true, mode: 0o700 });
    const wanted = edgeContainerSpec(homeId, options);
    let present = await untilSettled();
    const image = await askMaybe("inspect the edge's image", () => docker.getImage(options.image).inspect());
    const isStale = present !== null && (present.Config.Labels?.[SPEC_LABEL] !== wanted.Labels?.[SPEC_LABEL] || (image !== null && present.Image !== image.Id));
    if (present && isStale) {
      log.info({ container: name }, "the edge is replaced: its image or its settings changed");
      await container().remove({ force: true });
      present = null;
    }
    if (!present) await create();
    if (!present?.State.Running) await start();
    const state = await container().inspect();
    const joined = new Set(Object.keys(state.NetworkSettings.Networks));
    for (const network of await environmentNetworks()) if (!joined.has(network)) await connect(network);
    return { containerId: state.Id, replaced: isStale };
  }

  let current: Promise<{ containerId: string; replaced: boolean }> | null = null;
  return {
    reconcile() {
      current ??= ask("bring the edge up", reconcileOnce).finally(() => {
        current = null;
      });
      return current;
    },
    connect,
    disconnect,
    async running() {
      const state = await inspect();
      return state?.State.Running ? { containerId: state.Id, pid: state.State.Pid } : null;
    },
    async remove() {
      await askMaybe("remove the edge", () => container().remove({ force: true }));
      await askMaybe("remove the edge's network", () => docker.getNetwork(edgeNetworkName(homeId)).remove());
    },
  };
}
