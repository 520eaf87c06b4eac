import type { EdgeContainer } from "./container";
import type { EdgePorts } from "./edge";
import type { EdgeFiles } from "./files";
import { requestEdge } from "./probe";
import { PROBE_HEADERS } from "./render";

/** What the worker does with the edge as a whole. */
export type EdgeControl = {
  /**
   * Writes the shared file; creates, replaces, starts and connects the edge as needed; answers when it accepts requests.
   * Repeating it changes nothing. @throws DeployError `image_not_found`, `engine_unavailable`, `timed_out`
   */
  reconcile(): Promise<{ containerId: string; replaced: boolean }>;
  /** Removes the edge's container and network; its files stay. */
  remove(): Promise<void>;
};

const READY_MS = 10_000;

export function createEdgeControl(parts: {
  container: EdgeContainer;
  files: EdgeFiles;
  ports: EdgePorts;
  untilReady: (timeoutMs: number) => Promise<void>;
}): EdgeControl {
  const { container, files, untilReady } = parts;
  return {
    async reconcile() {
      await files.writeBase();
      const state = await container.reconcile();
      await untilReady(READY_MS);
      return state;
    },
    remove: container.remove,
  };
}

/** Asks until the edge's shared file is live: its metrics' router answers then. */
export function edgeReady(ports: EdgePorts, onTimeout: (reason: string) => Error): (timeoutMs: number) => Promise<void> {
  return async (timeoutMs) => {
    const deadline = performance.now() + timeoutMs;
    for (let reason = "no answer"; ; ) {
      try {
        const headers = { host: "probe", [PROBE_HEADERS.secret]: ports.probeSecret };
        const { status } = await requestEdge({ port: ports.probePort, path: "/ready", headers, timeoutMs: 1000, signal: new AbortController().signal });
        if (status === 200) return;
        reason = `it answers ${status}`;
      } catch (error) {
        reason = error instanceof Error ? error.message : String(error);
      }
      if (performance.now() >= deadline) throw onTimeout(reason);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
}
