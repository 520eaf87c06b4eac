import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { freePort } from "../../deploy/up/ports.mjs";
import { parseAllowHosts } from "../../server/git-hosts";
import { createPorts, type EnginePorts, type PortsOptions } from "../../worker/engine/create-ports";
import type { EngineLog } from "../../worker/engine/docker-client";
import { ensureBaseImages } from "./base-images.mjs";
import { startEngine } from "./engine.mjs";
import { engineAnswers } from "./engine-api.mjs";
import { ensureTraefikImage } from "./traefik-image.mjs";

const ROOT = "/var/lib/dokploy/engine";
const TRAEFIK_BINARY = "/var/cache/dokploy/traefik-v3.6.12";

export type TestEngine = {
  ports: EnginePorts;
  homeId: string;
  home: string;
  dockerHost: string;
  publicPort: number;
  probePort: number;
  warnings: { fields: object; message: string }[];
  close(): Promise<void>;
};

/** The machine's private engine, started when it does not answer. @returns its address */
export async function ensureEngine(): Promise<string> {
  const dockerHost = `unix://${ROOT}/docker.sock`;
  return (await engineAnswers(dockerHost)) ? dockerHost : (await startEngine({ root: ROOT })).dockerHost;
}

async function removeObjects({ docker }: EnginePorts, homeId: string): Promise<void> {
  const filters = { label: [`dokploy.home=${homeId}`] };
  for (const service of await docker.listServices({ filters })) await docker.getService(service.ID).remove();
  const gone = Date.now() + 30_000;
  for (let left = 1; left > 0 && Date.now() < gone; ) {
    const containers = await docker.listContainers({ all: true, filters });
    const ours = containers.filter((container) => !container.Labels["com.docker.swarm.service.id"]);
    for (const container of ours) await docker.getContainer(container.Id).remove({ force: true });
    left = containers.filter((container) => container.State === "running").length;
    if (left > 0) await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** Images that carry the home's label, by every name that they have. */
async function removeImages({ docker }: EnginePorts, homeId: string): Promise<void> {
  for (const image of await docker.listImages({ filters: { label: [`dokploy.home=${homeId}`] } })) await docker.getImage(image.Id).remove({ force: true });
}

/** Ports on the real engine under a home of the test's own; `close` removes exactly what carries its label. */
export async function openTestEngine(options: Partial<PortsOptions> & { needsEdge?: boolean } = {}): Promise<TestEngine> {
  const dockerHost = await ensureEngine();
  await ensureBaseImages({ dockerHost, names: ["busybox:latest", "node:20-slim"] });
  if (options.needsEdge && existsSync(TRAEFIK_BINARY)) await ensureTraefikImage({ dockerHost, binary: TRAEFIK_BINARY });
  const homeId = `test-${randomBytes(4).toString("hex")}`;
  const home = await mkdtemp(path.join(tmpdir(), "dokploy-engine-"));
  const warnings: TestEngine["warnings"] = [];
  const keep = (fields: object, message = "") => void warnings.push({ fields, message });
  const log: EngineLog = { info: () => undefined, warn: keep, error: keep };
  const [publicPort, probePort] = [await freePort(), await freePort()];
  const ports = await createPorts({
    dockerHost,
    homeId,
    homeDirectory: home,
    allowHosts: parseAllowHosts(""),
    localRepositories: path.join(home, "repositories"),
    registry: null,
    edge: { image: "traefik:v3.6", publicPort, probePort, probeSecret: randomBytes(16).toString("hex") },
    pages: null,
    log,
    ...options,
  });
  return {
    ports,
    homeId,
    home,
    dockerHost,
    publicPort,
    probePort,
    warnings,
    async close() {
      await removeObjects(ports, homeId);
      await ports.edgeControl.remove();
      const networks = await ports.docker.listNetworks({ filters: { label: [`dokploy.home=${homeId}`] } });
      for (const network of networks) await ports.network.remove(network.Name);
      await ports.configs.removeUnused({ olderThanMs: 0 });
      await removeImages(ports, homeId);
      await ports.close();
      await rm(home, { recursive: true, force: true });
    },
  };
}
