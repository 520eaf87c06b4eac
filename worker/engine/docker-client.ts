import http from "node:http";
import https from "node:https";
import { inspect } from "node:util";
import Dockerode from "dockerode";
import { DeployError } from "../errors";
import { type AgentAddress, CONNECT_MS, type EngineAddress } from "./engine-address";

/** The part of pino that the adapters use. */
export type EngineLog = {
  info(fields: object, message?: string): void;
  warn(fields: object, message?: string): void;
  error(fields: object, message?: string): void;
};

/** What every adapter is given. `registry` holds the credential that goes with images of that address. */
export type Engine = {
  docker: Dockerode;
  address: EngineAddress;
  homeId: string;
  log: EngineLog;
};

export type RegistryAccess = { address: string; username: string; password: string };

/** @param dockerHost `unix:///path` or `tcp://host:port` */
export function parseDockerHost(dockerHost: string): EngineAddress {
  const url = new URL(dockerHost);
  if (url.protocol === "unix:") return { socketPath: decodeURIComponent(url.pathname) };
  if (url.protocol === "tcp:" || url.protocol === "http:") return { host: url.hostname, port: Number(url.port || 2375) };
  throw new Error(`DOCKER_HOST must begin with unix:// or tcp://, not ${url.protocol}`);
}

/**
 * docker-modem 5.0 writes out the options of every call, to any depth, whether or not that is shown to anybody. An agent has all sockets that
 * are open, and they lead everywhere: with 40 waiting calls the next one took 0.1 s of the processor, with 400 of them seconds.
 */
class QuietAgent extends http.Agent {
  [inspect.custom](): string {
    return "Agent";
  }
}
class QuietTlsAgent extends https.Agent {
  [inspect.custom](): string {
    return "Agent";
  }
}

/**
 * A client for one engine. Connections are not kept open between calls: an engine that restarts leaves dead ones behind,
 * and a local connection costs less than a failed call.
 */
export function connectDocker(address: EngineAddress): Dockerode {
  if ("tls" in address) return connectAgent(address);
  const agent = new QuietAgent({ keepAlive: false, maxSockets: Number.POSITIVE_INFINITY });
  // dockerode falls back to DOCKER_HOST where `host` is not given: an explicit undefined keeps it from doing so
  const place = "socketPath" in address ? { host: undefined, socketPath: address.socketPath } : { host: address.host, port: address.port, protocol: "http" };
  const options: object = { ...place, agent };
  return new Dockerode(options);
}

function connectAgent({ host, port, tls }: AgentAddress): Dockerode {
  const agent = new QuietTlsAgent({ ...tls, minVersion: "TLSv1.3", keepAlive: false, maxSockets: Number.POSITIVE_INFINITY });
  const options: object = { host, port, protocol: "https", agent, connectionTimeout: CONNECT_MS };
  return new Dockerode(options);
}

/** HTTP status of an answer that dockerode turned into an error; null when there was no answer. */
export function statusOf(error: unknown): number | null {
  const status = (error as { statusCode?: unknown } | null)?.statusCode;
  return typeof status === "number" ? status : null;
}

/** The engine's own words, without dockerode's "(HTTP code 500) server error - " around them. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/^\(HTTP code \d+\) [^-]*- /, "").trim();
}

const UNREACHABLE = ["ECONNREFUSED", "ENOENT", "ECONNRESET", "EPIPE", "ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH"];
/** An error that came out of a thread has lost its code: its message has it. */
const NOT_REACHED = new RegExp(`socket hang up|^aborted$|\\b(${UNREACHABLE.join("|")})\\b`);

/** What a manager says while the managers have no leader, or another one than a moment ago (swarmkit, manager/state/raft): it passes. */
const WITHOUT_LEADER =
  /does not have a leader|lost leader status|no leader|not a leader|raft: |context deadline exceeded|code = (Unavailable|DeadlineExceeded|Aborted)/i;

/**
 * Turns whatever a call to the engine threw into the pipeline's error.
 * @returns `engine_unavailable` (temporary) when the engine did not answer, else `internal` (ours)
 */
export function engineError(error: unknown, doing: string): DeployError {
  if (error instanceof DeployError) return error;
  if (isAbort(error)) return new DeployError("cancelled", { what: "Cancelled" }, { cause: error });
  const code = (error as { code?: unknown } | null)?.code;
  if (
    statusOf(error) === 503 ||
    WITHOUT_LEADER.test(messageOf(error)) ||
    (typeof code === "string" && UNREACHABLE.includes(code)) ||
    NOT_REACHED.test(messageOf(error))
  ) {
    const explanation = {
      what: "The Docker engine does not answer",
      why: `${doing}: ${messageOf(error)}`,
      fix: "It is tried again by itself; start the engine if it stays away.",
    };
    return new DeployError("engine_unavailable", explanation, { kind: "temporary", cause: error });
  }
  return new DeployError("internal", { what: `The Docker engine refused: ${doing}`, why: messageOf(error) }, { kind: "ours", cause: error });
}

export const isAbort = (error: unknown): boolean =>
  error instanceof Error && (error.name === "AbortError" || (error as { code?: unknown }).code === "ABORT_ERR");

/** Runs one call; what it throws becomes a {@link DeployError}. */
export async function ask<T>(doing: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw engineError(error, doing);
  }
}

/** Runs one call; null when the engine answers 404. */
export async function askMaybe<T>(doing: string, call: () => Promise<T>): Promise<T | null> {
  try {
    return await call();
  } catch (error) {
    if (statusOf(error) === 404) return null;
    throw engineError(error, doing);
  }
}

/** Credential to send with an image reference: only to the registry that it is for. */
export function credentialFor(reference: string, registry: RegistryAccess | null): { username: string; password: string; serveraddress: string } | null {
  if (!registry || !reference.startsWith(`${registry.address}/`)) return null;
  return { username: registry.username, password: registry.password, serveraddress: registry.address };
}
