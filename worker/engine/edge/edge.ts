import type { Edge } from "../../ports";
import { ask, type Engine } from "../docker-client";
import { countConnections } from "../listeners";
import { listTasks } from "../swarm-read";
import type { EdgeContainer } from "./container";
import type { EdgeFiles } from "./files";
import { parseTraffic } from "./metrics";
import { probeAnswer, requestEdge } from "./probe";
import { ENTRY_POINTS, PROBE_HEADERS, probeTarget } from "./render";
import { slotService } from "./split";

export type EdgePorts = { publicPort: number; probePort: number; probeSecret: string };

/** Where a slot's tasks are; remembered from what was written, since the edge's file names only the service. */
type Targets = Map<string, { service: string; port: number }>;

const GENERATION_TIMEOUT_MS = 2000;
const METRICS_TIMEOUT_MS = 5000;

/** The edge as the pipeline sees it: files in, probes and requests through. */
export function createEdge(engine: Engine, parts: { files: EdgeFiles; container: EdgeContainer; ports: EdgePorts }): Edge {
  const { files, container, ports } = parts;
  const targets: Targets = new Map();

  const askProbe = (target: string, path: string, timeoutMs: number, signal: AbortSignal) =>
    requestEdge({
      port: ports.probePort,
      path,
      timeoutMs,
      signal,
      headers: { host: ENTRY_POINTS.probe, [PROBE_HEADERS.secret]: ports.probeSecret, [PROBE_HEADERS.slot]: target },
    });

  return {
    async write(app) {
      await ask("write the edge's file", () => files.writeApp(app));
      for (const slot of ["a", "b"] as const) targets.set(probeTarget(app.appId, slot), app.slots[slot]);
    },
    async remove(appId) {
      await ask("remove the edge's file", () => files.removeApp(appId));
      for (const slot of ["a", "b"] as const) targets.delete(probeTarget(appId, slot));
    },
    probe: ({ appId, slot, path, timeoutMs, signal }) => probeAnswer(() => askProbe(probeTarget(appId, slot), path, timeoutMs, signal)),
    async servedGeneration({ appId, signal }) {
      try {
        const { status, headers } = await askProbe(probeTarget(appId, "generation"), "/", GENERATION_TIMEOUT_MS, signal);
        const generation = headers[PROBE_HEADERS.generation.toLowerCase()];
        return status === 200 && typeof generation === "string" ? generation : null;
      } catch (error) {
        if (signal.aborted) throw error;
        return null; // an edge that does not answer serves nothing
      }
    },
    publicRequest: ({ host, path, timeoutMs, signal }) =>
      probeAnswer(() => requestEdge({ port: ports.publicPort, path, timeoutMs, signal, headers: { host } })),
    async traffic({ appId, signal }) {
      const headers = { host: ENTRY_POINTS.probe, [PROBE_HEADERS.secret]: ports.probeSecret };
      const { status, body } = await requestEdge({ port: ports.probePort, path: "/metrics", headers, timeoutMs: METRICS_TIMEOUT_MS, signal, keepBody: true });
      if (status !== 200) throw new Error(`the edge's metrics answered ${status}`);
      return { a: parseTraffic(body, `${slotService(appId, "a")}@file`), b: parseTraffic(body, `${slotService(appId, "b")}@file`) };
    },
    async inFlight({ appId, slot }) {
      const target = targets.get(probeTarget(appId, slot)) ?? (await files.readTarget(appId, slot));
      const edge = await container.running();
      if (!target || !edge) return 0;
      const tasks = await listTasks(engine, target.service);
      const addresses = tasks.flatMap((task) =>
        (task.NetworksAttachments ?? []).flatMap((attachment) => (attachment.Addresses ?? []).map((address) => address.split("/")[0] ?? "")),
      );
      return countConnections(edge.pid, edge.containerId, new Set(addresses), target.port);
    },
  };
}
