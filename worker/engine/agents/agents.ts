import { type AgentKeys, type AgentReport, agentName } from "../../agent/agent-name";
import { DeployError } from "../../errors";
import type { Agents, ImageBuilder, ImageStore } from "../../ports";
import { type BuilderOptions, createBuilder } from "../buildkit/build";
import { ask, connectDocker, type Engine, type RegistryAccess } from "../docker-client";
import { openStream, readText } from "../docker-stream";
import type { AgentAddress, EngineAddress } from "../engine-address";
import { createImages } from "../images";
import { ensureAgentImage } from "./agent-image";
import { createAgentService } from "./agent-service";

export type AgentsOptions = {
  registry: RegistryAccess | null;
  port: number;
  socket: string;
  scratch: string;
  /** Of this engine: the agents' image is made here. */
  own: { builder: ImageBuilder; images: ImageStore };
  building: Omit<BuilderOptions, "registry" | "resources">;
};

const REPORT_MS = 2_000;
const away = (why: string) => new DeployError("engine_unavailable", { what: "The agent does not answer", why }, { kind: "temporary" });

/** Agents, and the engines behind them. `addressOf`: where a node's engine is reached, while its agent answers. */
export function createAgents(engine: Engine, options: AgentsOptions): Agents & { addressOf(node: string): EngineAddress | null } {
  const { homeId, log } = engine;
  const { registry, port, socket, scratch, own, building } = options;
  let reached = new Map<string, EngineAddress>();

  const addressAt = (host: string, { authority, certificate, key }: AgentKeys): AgentAddress => ({
    host,
    port,
    tls: { ca: authority, cert: certificate, key, servername: agentName(homeId) },
  });
  const needed = (): RegistryAccess => {
    if (registry) return registry;
    throw new DeployError("internal", { what: "There is no image registry", why: "Agents take their image from it." }, { kind: "ours" });
  };
  const service = registry ? createAgentService(engine, { registry, port, socket }) : null;

  return {
    image: (signal) => ensureAgentImage({ scratch, homeId, registry: needed().address, ...own }, signal),
    deploy: async (request) => service?.deploy(request),
    remove: async () => service?.remove(),
    tasks: async () => service?.tasks() ?? [],
    at(host, worker) {
      const address = addressAt(host, worker);
      const there: Engine = { docker: connectDocker(address), address, homeId, log };
      return {
        // the control groups of another node are out of reach: its builds have no limits but its own
        builder: createBuilder(there, { ...building, registry, resources: null }),
        images: createImages(there, registry),
        async report() {
          const signal = AbortSignal.timeout(REPORT_MS);
          try {
            return JSON.parse(await readText(await openStream(address, { method: "GET", path: "/agent", signal }))) as AgentReport;
          } catch (error) {
            if (signal.aborted) throw away(`it did not answer in ${REPORT_MS / 1000} s`);
            return ask("ask an agent", () => Promise.reject(error));
          }
        },
      };
    },
    answering(nodes, worker) {
      reached = new Map(nodes.map(({ node, address }) => [node, addressAt(address, worker)]));
    },
    addressOf: (node) => reached.get(node) ?? null,
  };
}
