import { createHash, randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import path from "node:path";
import { MessageChannel } from "node:worker_threads";
import { DeployError } from "../../errors";
import type { BuildRequest, BuiltImage, ImageBuilder } from "../../ports";
import { ask, type Engine, messageOf, type RegistryAccess } from "../docker-client";
import { jsonLines, lineCutter, openStream, pathWithQuery } from "../docker-stream";
import { cancelled } from "../wait-until";
import { buildError, isFrontendAway, withoutFrontend } from "./build-errors";
import type { BuildPool } from "./build-pool";
import { type BuildResources, limitBuilds } from "./build-resources";
import { type ContextLimits, readInside } from "./context-files";
import { createVertexTable, decodeTrace, type Trace } from "./trace";

export type BuilderOptions = {
  registry: RegistryAccess | null;
  limits: ContextLimits;
  /** What all builds of this engine may use together; null leaves that to the engine. */
  resources: BuildResources | null;
  pool: BuildPool;
  /** Absolute folder for what is kept of each application's context. */
  contexts: string;
};

const LAST_LINES = 30;
/** After a cancelled build should have ended by itself, its connection is cut. */
const CANCEL_GRACE_MS = 3000;
const CANCEL_AGAIN_MS = 200;
const SHORTEST_SECRET = 4;
/** Vertices that are the engine's own doing and no step of the Dockerfile. */
const INTERNAL = /^\[internal\]|^copy \/context \//;

/** What the engine answers to a build, one JSON value a line. */
type BuildMessage = { id?: string; aux?: unknown; error?: string; errorDetail?: { message?: string }; message?: string };

function buildQuery(request: BuildRequest, session: string, dockerfile: string): Record<string, string | undefined> {
  return {
    version: "2",
    remote: "client-session",
    session,
    buildid: request.id,
    t: request.tag,
    dockerfile,
    buildargs: JSON.stringify(request.args),
    labels: JSON.stringify(request.labels),
    target: request.target,
    nocache: request.noCache ? "1" : undefined,
    rm: "1",
    forcerm: "1",
  };
}

/** A Dockerfile given as text has a name that no project has. */
const generatedName = (text: string) => `.dokploy-${createHash("sha256").update(text).digest("hex").slice(0, 12)}.Dockerfile`;

const dockerfileText = async (request: BuildRequest): Promise<string | null> =>
  "text" in request.dockerfile ? request.dockerfile.text : readInside(request.directory, request.dockerfile.path);

const masker = (secrets: Record<string, string>) => {
  const values = Object.values(secrets)
    .filter((value) => value.length >= SHORTEST_SECRET)
    .sort((a, b) => b.length - a.length);
  return (text: string) => values.reduce((masked, value) => masked.replaceAll(value, "[redacted]"), text);
};

/** Turns trace messages into lines and vertices, and remembers what a failure has to show. */
function createReporter(request: BuildRequest) {
  const table = createVertexTable();
  const mask = masker(request.secrets);
  const cutters = new Map<string, ReturnType<typeof lineCutter>>();
  const lastLines = new Map<string, string[]>();
  let at = Date.now() * 1000;

  const write = (vertex: string, stream: "stdout" | "stderr", text: string) => request.output({ vertex, stream, at, text: mask(text) });
  const cutterFor = (vertex: string, stream: "stdout" | "stderr") => {
    const key = `${stream} ${vertex}`;
    const known = cutters.get(key);
    if (known) return known;
    const cutter = lineCutter((line) => {
      const kept = lastLines.get(vertex) ?? [];
      lastLines.set(vertex, [...kept.slice(1 - LAST_LINES), mask(line)]);
      write(vertex, stream, line);
    });
    cutters.set(key, cutter);
    return cutter;
  };
  return {
    trace({ vertices, logs, warnings }: Trace) {
      for (const vertex of table.add(vertices)) {
        at = vertex.startedAt ?? at;
        if (!INTERNAL.test(vertex.name)) write(vertex.digest, "stdout", vertex.cached ? `${vertex.name} (cached)` : vertex.name);
      }
      for (const log of logs) {
        at = log.at;
        cutterFor(log.vertex, log.stream).push(log.data);
      }
      for (const { vertex, text } of warnings) write(vertex, "stderr", `warning: ${text}`);
    },
    /** Ends all lines and hands out the vertices. */
    finish() {
      for (const cutter of cutters.values()) cutter.flush();
      const vertices = table.finished();
      for (const vertex of vertices) request.onVertex?.({ ...vertex, name: mask(vertex.name), error: vertex.error === null ? null : mask(vertex.error) });
      return vertices;
    },
    say: (text: string) => write("", "stdout", text),
    fail(message: string, vertices: { digest: string; name: string; error: string | null }[]) {
      const failed = vertices.find((vertex) => vertex.error !== null && !/context canceled/i.test(vertex.error));
      return buildError(mask(message), { vertex: mask(failed?.name ?? ""), lastLines: failed ? (lastLines.get(failed.digest) ?? []) : [] });
    },
  };
}

/**
 * Reads the engine's answer to its end: the image's id or the error, whichever is first; null when it broke off. Steps are told of by
 * another thread of the engine, some of them after the id.
 */
async function readAnswer(parts: AsyncIterable<Buffer>, onTrace: (trace: Trace) => void): Promise<{ imageId: string } | { error: string } | null> {
  let answer: { imageId: string } | { error: string } | null = null;
  let tail: string | null = null;
  for await (const value of jsonLines(parts)) {
    const message = value as BuildMessage;
    if (message.id === "moby.buildkit.trace" && typeof message.aux === "string") onTrace(decodeTrace(Buffer.from(message.aux, "base64")));
    else if (message.id === "moby.image.id") answer ??= { imageId: (message.aux as { ID: string }).ID };
    else if (message.error !== undefined || message.errorDetail) answer ??= { error: message.errorDetail?.message ?? message.error ?? "unknown error" };
    else if (message.message) tail = message.message;
  }
  return answer ?? (tail === null ? null : { error: tail });
}

const broken = (why: string) =>
  new DeployError(
    "engine_unavailable",
    { what: "The Docker engine went away during the build", why, fix: "It is tried again by itself." },
    { kind: "temporary" },
  );

/** The bytes that the thread hands over, as a stream. */
async function* receive(port: MessagePortLike): AsyncGenerator<Buffer> {
  const queue: (Uint8Array | null)[] = [];
  let wake: () => void = () => {};
  port.on("message", (part: Uint8Array | null) => {
    queue.push(part);
    wake();
  });
  for (;;) {
    const part = queue.shift();
    if (part === null) return;
    if (part) yield Buffer.from(part.buffer, part.byteOffset, part.byteLength);
    else
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
  }
}
type MessagePortLike = { on(event: "message", listener: (part: Uint8Array | null) => void): unknown };

/** Builds with the engine's BuildKit. @throws DeployError as {@link ImageBuilder} says; `engine_unavailable` when the engine went away */
export function createBuilder(engine: Engine, { registry, limits, resources, pool, contexts }: BuilderOptions): ImageBuilder {
  const { address, docker, homeId, log } = engine;
  const hashOf = (contextKey: string) => createHash("sha256").update(`${homeId}\0${contextKey}`).digest("hex");
  const manifestOf = (contextKey: string) => path.join(contexts, `${hashOf(contextKey).slice(0, 32)}.json.gz`);

  let isWarned = false;
  /** Builds; once more with the engine's own frontend where the one that `# syntax=` names cannot be fetched. */
  async function build(request: BuildRequest): Promise<BuiltImage> {
    // each time: the engine may have made its groups anew
    if (resources)
      await limitBuilds(resources).catch((error: unknown) => {
        if (!isWarned) log.warn({ reason: messageOf(error) }, "builds are not limited");
        isWarned = true;
      });
    try {
      return await buildOnce(request);
    } catch (error) {
      const text = error instanceof DeployError && isFrontendAway(String((error.cause as Error | undefined)?.message)) ? await dockerfileText(request) : null;
      const plain = text === null ? null : withoutFrontend(text);
      if (plain === null) throw error;
      request.output({
        vertex: "",
        stream: "stderr",
        at: Date.now() * 1000,
        text: "The frontend that the Dockerfile's # syntax line names cannot be fetched; the engine's own reads it.",
      });
      return buildOnce({ ...request, id: `${request.id}-plain` }, plain);
    }
  }

  async function buildOnce(request: BuildRequest, replacement: string | null = null): Promise<BuiltImage> {
    const { signal } = request;
    if (signal.aborted) throw cancelled(signal.reason);
    const text = replacement ?? ("text" in request.dockerfile ? request.dockerfile.text : null);
    const dockerfile = "path" in request.dockerfile ? request.dockerfile.path.replace(/^(\.?\/)+/, "") : generatedName(request.dockerfile.text);
    const { port1, port2 } = new MessageChannel();
    const reporter = createReporter(request);
    let cut: NodeJS.Timeout | undefined;
    let again: NodeJS.Timeout | undefined;
    let isAsking = false;
    const askToCancel = async () => {
      if (isAsking) return;
      isAsking = true;
      try {
        await cancelBuild(request.id);
      } catch (error) {
        clearInterval(again);
        log.warn({ reason: messageOf(error), build: request.id }, "the engine did not cancel a build; its connection is cut");
        port1.postMessage("abort");
      }
      isAsking = false;
    };
    const onAbort = () => {
      port1.postMessage("cancel");
      cut = setTimeout(() => port1.postMessage("abort"), CANCEL_GRACE_MS);
      // the engine knows a build by its id only a moment after it was asked for it
      again = setInterval(() => void askToCancel(), CANCEL_AGAIN_MS);
      void askToCancel();
    };
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      const session = { id: randomUUID(), sharedKey: hashOf(request.contextKey), secrets: request.secrets, registry };
      const { directory, blobs } = request;
      const context = { directory, blobs, dockerfile, dockerfileText: text, limits, manifest: manifestOf(request.contextKey) };
      const sending = pool.send({ address, path: pathWithQuery("/build", buildQuery(request, session.id, dockerfile)), session, context, port: port2 });
      // a thread that fails closes nothing itself
      const failed = sending.then(
        () => new Promise<never>(() => {}),
        (error: unknown) => Promise.reject(error),
      );
      const answer = await Promise.race([readAnswer(receive(port1), reporter.trace), failed]);
      const served = await sending;
      const vertices = reporter.finish();
      if (signal.aborted || served.kind === "aborted") throw cancelled(signal.reason);
      if (served.kind === "refused") throw new DeployError("context_refused", served.explanation);
      for (const problem of served.problems) log.warn({ reason: problem, build: request.id }, "build session");
      if (answer === null) throw broken("the engine ended the connection");
      if ("error" in answer) throw reporter.fail(answer.error, vertices);
      if (vertices.length === 0) reporter.say("The engine had this image already and named no steps.");
      const image = await docker.getImage(answer.imageId).inspect();
      return { imageId: answer.imageId, sizeBytes: image.Size, vertices, contextBytes: served.bytes, contextFiles: served.files, sent: served.sent };
    } catch (error) {
      if (signal.aborted) throw cancelled(signal.reason);
      return ask("build", () => Promise.reject(error));
    } finally {
      clearTimeout(cut);
      clearInterval(again);
      signal.removeEventListener("abort", onAbort);
      port1.close();
    }
  }

  async function cancelBuild(id: string): Promise<void> {
    (await openStream(address, { method: "POST", path: "/build/cancel", query: { id } })).resume();
  }

  return {
    build,
    async cancel(id) {
      // the engine answers alike whether it has such a build or not
      for (const one of [id, `${id}-plain`]) await ask("cancel a build", () => cancelBuild(one));
    },
    forget: (contextKey) => rm(manifestOf(contextKey), { force: true }),
  };
}
