import { constants } from "node:crypto";
import { statfs } from "node:fs/promises";
import http from "node:http";
import https from "node:https";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import { type AgentKeys, type AgentReport, workerName } from "./agent-name";
import { type AllowedCall, allowedCalls, type Owner } from "./allowed-calls";

export type AgentOptions = Owner & {
  keys: AgentKeys;
  /** Of the program; the worker replaces an agent of another. */
  version: string;
  /** The engine's socket on this node. */
  socketPath: string;
  port: number;
  /** A folder on the disk that images lie on. */
  disk?: string;
  log: (line: string) => void;
};
export type Agent = { port: number; close(): Promise<void> };

const HANDSHAKE_MS = 5_000;
const MOST_CONNECTIONS = 1_024;
const MOST_HEADER_BYTES = 1 << 20;
const KEEP_ALIVE_MS = 5_000;
const SWITCHING = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n";

/**
 * A door with a lock to this node's engine. Only who holds a certificate of this installation's worker gets in (TLS 1.3, both sides), and
 * only the calls of the list go on to the engine.
 */
export async function serveAgent(options: AgentOptions): Promise<Agent> {
  const { keys, home, log } = options;
  const decide = allowedCalls(options);
  const server = https.createServer({
    ca: keys.authority,
    cert: keys.certificate,
    key: keys.key,
    minVersion: "TLSv1.3",
    requestCert: true,
    rejectUnauthorized: true,
    handshakeTimeout: HANDSHAKE_MS,
    // build arguments travel in the request line
    maxHeaderSize: MOST_HEADER_BYTES,
    // each connection shows its certificate: none goes on from an earlier one's session
    secureOptions: constants.SSL_OP_NO_TICKET,
    keepAliveTimeout: 15_000,
  });
  server.maxConnections = MOST_CONNECTIONS;
  server.on("tlsClientError", (error, socket) => log(`refused a connection of ${socket.remoteAddress ?? "?"}: ${error.message}`));
  server.on("secureConnection", (socket) => {
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    socket.on("error", () => socket.destroy());
  });

  const admitted = (request: http.IncomingMessage) => isWorker(request.socket as TLSSocket, home);
  const refuse = (request: http.IncomingMessage, why: string) => {
    log(`refused ${request.method} ${request.url?.slice(0, 200)}: ${why}`);
    return JSON.stringify({ message: `The agent refuses this: ${why}.` });
  };
  server.on("request", (request, response) => {
    request.resume(); // no call that is allowed has a body
    const answer = (status: number, body: string) => void response.writeHead(status, { "content-type": "application/json" }).end(body);
    const call = decide(request.method ?? "", request.url ?? "", false);
    if (!admitted(request)) return answer(403, refuse(request, "the certificate is not a worker's"));
    if (request.method === "GET" && request.url === "/agent")
      return void reportOf(options).then(
        (report) => answer(200, JSON.stringify(report)),
        (error: Error) => answer(503, JSON.stringify({ message: error.message })),
      );
    if (!call) return answer(403, refuse(request, "it is not in the list of calls"));
    isOurs(options, call).then(
      (ours) => (ours ? passOn(options, call, request, response) : answer(403, refuse(request, "it is not this installation's"))),
      (error: Error) => answer((error as { status?: number }).status ?? 503, JSON.stringify({ message: error.message })),
    );
  });
  server.on("upgrade", (request: http.IncomingMessage, socket: Duplex, head: Buffer) => {
    const call = request.headers.upgrade === "h2c" && head.length === 0 ? decide(request.method ?? "", request.url ?? "", true) : null;
    if (admitted(request) && call) return turnRound(options, call, request, socket);
    const body = refuse(request, "it is not in the list of calls");
    socket.end(`HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  });

  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, resolve);
  });
  return {
    port: (server.address() as { port: number }).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** TLS has found the certificate to be of our authority and for clients; the name says that it is a worker's. */
const isWorker = (socket: TLSSocket, home: string): boolean => socket.authorized && socket.getPeerCertificate().subjectaltname === `DNS:${workerName(home)}`;

/** Asks the engine something of our own. @throws Error with `status` for an answer that is not 200 */
function askEngine({ socketPath }: Pick<AgentOptions, "socketPath">, path: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const request = http.request({ socketPath, method: "GET", path, agent: false }, (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part));
      response.on("error", reject);
      response.on("end", () => {
        const text = Buffer.concat(parts).toString("utf8");
        try {
          const value = JSON.parse(text) as { message?: string };
          if (response.statusCode === 200) return resolve(value);
          reject(Object.assign(new Error(value.message ?? text), { status: response.statusCode }));
        } catch (error) {
          reject(error as Error);
        }
      });
    });
    request.on("error", reject);
    request.end();
  });
}

async function reportOf(options: AgentOptions): Promise<AgentReport> {
  const [info, disk] = await Promise.all([askEngine(options, "/info"), statfs(options.disk ?? "/")]);
  const { Swarm } = info as { Swarm?: { NodeID?: string } };
  return { version: options.version, node: Swarm?.NodeID ?? "", freeDiskBytes: disk.bavail * disk.bsize, totalDiskBytes: disk.blocks * disk.bsize };
}

/** Whether what the call is about carries this installation's label. */
async function isOurs(options: AgentOptions, { subject }: AllowedCall): Promise<boolean> {
  if (!subject) return true;
  const found = (await askEngine(options, `/${subject.kind}/${subject.reference}/json`)) as { Config?: { Labels?: Record<string, string> | null } };
  return found.Config?.Labels?.["dokploy.home"] === options.home;
}

/** The caller's headers that the engine gets, each as often as it came. */
const headersOf = (request: http.IncomingMessage, names: readonly string[]) =>
  Object.fromEntries(names.flatMap((name) => (request.headersDistinct[name] ? [[name, request.headersDistinct[name] as string[]]] : [])));

function passOn({ socketPath }: AgentOptions, call: AllowedCall, request: http.IncomingMessage, response: http.ServerResponse): void {
  const onward = http.request({ socketPath, method: call.method, path: call.path, headers: headersOf(request, call.headers), agent: false });
  onward.on("response", (answer) => {
    response.writeHead(answer.statusCode ?? 502, { "content-type": answer.headers["content-type"] ?? "application/json" });
    response.flushHeaders();
    answer.pipe(response);
    answer.on("error", () => response.destroy());
  });
  onward.on("error", (error) => {
    if (response.headersSent) return response.destroy();
    response.writeHead(503, { "content-type": "application/json" }).end(JSON.stringify({ message: `The engine does not answer: ${error.message}` }));
  });
  // what is no longer read is no longer done: a build ends with its connection
  response.on("close", () => onward.destroy());
  onward.end();
}

/** A connection that the engine will call back on: from here on bytes go both ways. */
function turnRound({ socketPath }: AgentOptions, call: AllowedCall, request: http.IncomingMessage, socket: Duplex): void {
  const headers = { ...headersOf(request, call.headers), Connection: "Upgrade", Upgrade: "h2c" };
  const onward = http.request({ socketPath, method: call.method, path: call.path, headers, agent: false });
  onward.on("upgrade", (_answer, engine: Duplex, head: Buffer) => {
    socket.write(SWITCHING);
    if (head.length > 0) socket.write(head);
    engine.pipe(socket).pipe(engine);
    const end = () => {
      engine.destroy();
      socket.destroy();
    };
    for (const side of [engine, socket]) side.on("error", end).on("close", end);
  });
  onward.on("response", (answer) => {
    answer.resume();
    socket.end(`HTTP/1.1 ${answer.statusCode ?? 502} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  });
  onward.on("error", () => socket.destroy());
  socket.on("error", () => onward.destroy());
  onward.end();
}
