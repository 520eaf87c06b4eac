import http from "node:http";
import https from "node:https";
import type { Socket } from "node:net";

/** Where an engine listens: here, or behind the agent of another node. */
export type EngineAddress = { socketPath: string } | { host: string; port: number } | AgentAddress;
/** `tls` is PEM; `servername` is the name that the agent's certificate must carry, whatever its address is. */
export type AgentAddress = { host: string; port: number; tls: { ca: string; cert: string; key: string; servername: string } };

export const CONNECT_MS = 3_000;

/** A call to an engine, not yet ended. One that cannot be connected to in 3 s is away: a machine without a link answers nothing at all. */
export function requestEngine(address: EngineAddress, options: http.RequestOptions): http.ClientRequest {
  if (!("tls" in address)) return http.request({ ...address, ...options });
  const { host, port, tls } = address;
  const request = https.request({ ...options, ...tls, host, port, minVersion: "TLSv1.3" });
  request.once("socket", (socket) => limitConnect(request, socket));
  return request;
}

function limitConnect(request: http.ClientRequest, socket: Socket): void {
  if (!socket.connecting) return;
  const timer = setTimeout(
    () => request.destroy(Object.assign(new Error(`connect ETIMEDOUT: no connection in ${CONNECT_MS / 1000} s`), { code: "ETIMEDOUT" })),
    CONNECT_MS,
  );
  for (const event of ["secureConnect", "error", "close"]) socket.once(event, () => clearTimeout(timer));
}
