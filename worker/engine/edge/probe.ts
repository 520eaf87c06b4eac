import http from "node:http";
import type { ProbeAnswer } from "../../ports";
import { cancelled } from "../wait-until";

export type EdgeResponse = { status: number; headers: http.IncomingHttpHeaders; ms: number; body: string };

const DRAIN_MS = 1000;
const LONGEST_BODY_BYTES = 4 * 1024 * 1024;

const WORDS: Record<string, string> = {
  ECONNREFUSED: "the edge does not accept connections",
  ECONNRESET: "the edge closed the connection",
  ETIMEDOUT: "no answer in time",
};

/**
 * One request to the edge on a connection of its own. Redirects are not followed. The time counts until the head of the answer.
 * @throws DeployError `cancelled` on abort; Error with a readable message for everything on the network
 */
export function requestEdge(options: {
  port: number;
  path: string;
  headers: Record<string, string>;
  timeoutMs: number;
  signal: AbortSignal;
  keepBody?: boolean;
}): Promise<EdgeResponse> {
  const { port, path, headers, timeoutMs, signal, keepBody = false } = options;
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(cancelled(signal.reason));
    const began = performance.now();
    const timer = setTimeout(() => request.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    const onAbort = () => request.destroy(cancelled(signal.reason));
    const finish = (settle: () => void) => {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      settle();
    };
    const request = http.request({ host: "127.0.0.1", port, path, headers: { ...headers, connection: "close" }, agent: false }, (response) => {
      const ms = performance.now() - began;
      const answer = { status: response.statusCode ?? 0, headers: response.headers, ms };
      response.on("error", (error) => finish(() => reject(error)));
      if (!keepBody) {
        finish(() => resolve({ ...answer, body: "" }));
        response.resume(); // a short answer is read to its end, so that the application sees no broken connection
        setTimeout(() => response.destroy(), DRAIN_MS).unref();
        return;
      }
      const parts: Buffer[] = [];
      let bytes = 0;
      response.on("data", (part: Buffer) => {
        bytes += part.length;
        if (bytes <= LONGEST_BODY_BYTES) parts.push(part);
      });
      response.on("end", () => finish(() => resolve({ ...answer, body: Buffer.concat(parts).toString("utf8") })));
    });
    request.on("error", (error) => finish(() => reject(error)));
    signal.addEventListener("abort", onAbort, { once: true });
    request.end();
  });
}

/** The outcome of a request as the pipeline takes it: an abort is thrown, everything else is an answer. */
export async function probeAnswer(send: () => Promise<EdgeResponse>): Promise<ProbeAnswer> {
  const began = performance.now();
  try {
    const { status, ms } = await send();
    return { kind: "answer", status, ms };
  } catch (error) {
    if (error instanceof Error && error.name === "DeployError") throw error;
    const code = (error as { code?: string }).code ?? "";
    return { kind: "error", message: WORDS[code] ?? (error instanceof Error ? error.message : String(error)), ms: performance.now() - began };
  }
}
