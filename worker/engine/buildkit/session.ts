import http2 from "node:http2";
import type { Duplex } from "node:stream";
import protobuf from "protobufjs";
import type { RegistryAccess } from "../docker-client";
import { type EngineAddress, requestEngine } from "../engine-address";
import { GrpcError, type Methods, STATUS, type Streaming, serveGrpc, type Unary } from "./grpc-frames";

export type BuildSession = { close(): void };
export type SessionOptions = {
  /** Unique; a build is told of it. */
  id: string;
  /** Builds of one key share the files that the engine has of them. */
  sharedKey: string;
  secrets: Record<string, string>;
  registry: RegistryAccess | null;
  diffCopy: Streaming;
  onProblem: (error: unknown) => void;
  /** Ends the attempt to open it. */
  signal: AbortSignal;
};

/** Sources: moby/buildkit session/secrets/secrets.proto, session/auth/auth.proto; grpc/grpc health.proto. */
const { root } = protobuf.parse(
  `
  syntax = "proto3";
  message GetSecretRequest { string ID = 1; }
  message GetSecretResponse { bytes data = 1; }
  message CredentialsRequest { string Host = 1; }
  message CredentialsResponse { string Username = 1; string Secret = 2; }
  message HealthCheckResponse { int32 status = 1; }
`,
  { keepCase: true },
);
const type = (name: string) => root.lookupType(name);
const encode = (name: string, value: object) => Buffer.from(type(name).encode(type(name).create(value)).finish());
const text = (name: string, field: string, data: Buffer) => String((type(name).decode(data) as unknown as Record<string, unknown>)[field] ?? "");

const SERVING = 1;

function unaryOf({ secrets, registry }: SessionOptions): Record<string, Unary> {
  return {
    "/grpc.health.v1.Health/Check": () => encode("HealthCheckResponse", { status: SERVING }),
    "/moby.buildkit.secrets.v1.Secrets/GetSecret": (request) => {
      const id = text("GetSecretRequest", "ID", request);
      const value = Object.hasOwn(secrets, id) ? secrets[id] : undefined;
      if (value === undefined) throw new GrpcError(STATUS.notFound, `secret ${id} not found`);
      return encode("GetSecretResponse", { data: Buffer.from(value) });
    },
    "/moby.filesync.v1.Auth/Credentials": (request) => {
      const isOurs = registry !== null && text("CredentialsRequest", "Host", request) === registry.address;
      return encode("CredentialsResponse", isOurs ? { Username: registry.username, Secret: registry.password } : {});
    },
  };
}

function upgrade(address: EngineAddress, { id, sharedKey, signal }: SessionOptions, methods: string[]): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const headers = {
      Connection: "Upgrade",
      Upgrade: "h2c",
      "X-Docker-Expose-Session-Uuid": id,
      "X-Docker-Expose-Session-Name": "dokploy",
      "X-Docker-Expose-Session-Sharedkey": sharedKey,
      "X-Docker-Expose-Session-Grpc-Method": methods,
    };
    const request = requestEngine(address, { method: "POST", path: "/session", headers, agent: false, signal });
    request.on("upgrade", (_response, socket, head) => {
      if (head.length > 0) socket.unshift(head);
      resolve(socket);
    });
    request.on("response", (response) => {
      response.resume();
      reject(new Error(`the engine refused a build session: HTTP ${response.statusCode}`));
    });
    request.on("error", reject);
    request.end();
  });
}

/** A header for each path that a Dockerfile copies; Node's own limit is 128. */
const HEADERS_A_CALL = 65_536;

/**
 * Opens a BuildKit session: the connection is turned round, and the engine calls us on it for files, secrets and registry credentials.
 * Each build has its own, so that no build can ask for another's.
 */
export async function openSession(address: EngineAddress, options: SessionOptions): Promise<BuildSession> {
  const methods: Methods = { unary: unaryOf(options), streaming: { "/moby.filesync.v1.FileSync/DiffCopy": options.diffCopy } };
  const socket = await upgrade(address, options, [...Object.keys(methods.unary), ...Object.keys(methods.streaming)]);
  let isClosed = false;
  const onProblem = (error: unknown) => {
    if (!isClosed) options.onProblem(error);
  };
  socket.on("error", onProblem);
  const session = http2.performServerHandshake(socket, { maxHeaderListPairs: HEADERS_A_CALL, settings: { maxHeaderListSize: 1 << 20 } });
  serveGrpc(session, methods, onProblem);
  // Node takes in what has come already on the next tick, and throws beyond all handlers where the session is destroyed before that
  await new Promise((resolve) => setImmediate(resolve));
  return {
    close() {
      isClosed = true;
      session.destroy();
      socket.destroy();
    },
  };
}
