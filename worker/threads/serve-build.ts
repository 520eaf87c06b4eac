import { mkdir } from "node:fs/promises";
import path from "node:path";
import type { MessagePort } from "node:worker_threads";
import { ContextRefused } from "../engine/buildkit/context-files";
import { writeManifest } from "../engine/buildkit/context-manifest";
import { type Context, type ContextRequest, contextTree, dockerfileTree, textTree } from "../engine/buildkit/context-trees";
import { type Sent, sendTree } from "../engine/buildkit/filesync";
import { type Call, GrpcError, STATUS } from "../engine/buildkit/grpc-frames";
import { openSession, type SessionOptions } from "../engine/buildkit/session";
import { type EngineAddress, requestEngine } from "../engine/engine-address";

/**
 * `path` is the build's request line; the answer's bytes go to `port` as they come. From it comes "cancel" when the engine was asked to end
 * the build, and "abort" to cut the connections.
 */
export type ServeTask = {
  address: EngineAddress;
  path: string;
  session: Pick<SessionOptions, "id" | "sharedKey" | "secrets" | "registry">;
  context: ContextRequest;
  port: MessagePort;
};
/** `sent` is what the engine did not have; `problems` are for the log. */
export type ServeAnswer =
  | { kind: "built"; files: number; bytes: number; sent: Sent; problems: string[] }
  | { kind: "refused"; explanation: { what: string; why: string; fix: string } }
  | { kind: "aborted" };

const MOST_PROBLEMS = 10;
const IGNORE_FILE = ".dockerignore";
/**
 * The engine asks for `.dockerignore` first, and gets this one instead: what is ignored is decided here, and a long list of patterns does
 * not fit into the headers of its next call. That one carries this pattern, and so differs from the first even where a Dockerfile copies
 * nothing but `.dockerignore`.
 */
const ANSWERED = ".dokploy-decides-what-is-ignored";

const isIgnoreProbe = ({ headers }: Call) => headers.followpaths === IGNORE_FILE && !String(headers["exclude-patterns"] ?? "").includes(ANSWERED);

/** The files that the engine asks for: the Dockerfile, what is ignored, the context. It gets all of the context, also what it does not name. */
function serveFiles(request: ContextRequest, context: Promise<Context>, onSent: (sent: Sent) => void) {
  return async (call: Call): Promise<void> => {
    const name = call.headers["dir-name"];
    if (name === "dockerfile") await sendTree(call, await dockerfileTree(request));
    else if (name !== "context") throw new GrpcError(STATUS.notFound, `there is no folder ${String(name)}`);
    else if (isIgnoreProbe(call)) await sendTree(call, textTree(IGNORE_FILE, `${ANSWERED}\n`));
    else onSent(await sendTree(call, (await context).tree));
  };
}

async function keep(file: string, { told }: Context): Promise<void> {
  if (told === null) return;
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  await writeManifest(file, told);
}

/**
 * Runs a build on sockets of this thread, so that neither reading nor sending its files burdens the main loop. Ends with the engine's
 * answer.
 */
export default async function serveBuild({ address, path: target, session: given, context: request, port }: ServeTask): Promise<ServeAnswer> {
  let isAborted = false;
  const aborted = new AbortController();
  const cancelled = new Promise<null>((resolve) => {
    port.on("message", (message: "cancel" | "abort") => {
      isAborted = true;
      resolve(null);
      if (message === "abort") aborted.abort();
    });
  });
  const problems: string[] = [];
  const onProblem = (error: unknown) => {
    if (problems.length < MOST_PROBLEMS) problems.push(error instanceof Error ? error.message : String(error));
  };
  let sent: Sent | null = null;
  let refuse: (error: unknown) => void = () => {};
  const refused = new Promise<never>((_resolve, reject) => {
    refuse = reject;
  });
  refused.catch(() => {}); // it may come when nobody waits any more
  const context = contextTree(request);
  context.catch(refuse);
  const serve = serveFiles(request, context, (files) => {
    sent = files;
  });
  const diffCopy = (call: Call) =>
    serve(call).catch((error: unknown) => {
      if (error instanceof ContextRefused) refuse(error);
      else if (!isAborted) onProblem(error);
      throw error;
    });

  try {
    const session = await openSession(address, { ...given, diffCopy, onProblem, signal: aborted.signal });
    try {
      await Promise.race([answer({ address, target, port, signal: aborted.signal }), refused]);
      const known = await Promise.race([context, cancelled]);
      if (known === null) return { kind: "aborted" };
      if (sent) await keep(request.manifest, known).catch(onProblem);
      return { kind: "built", files: known.files, bytes: known.bytes, sent: sent ?? { files: 0, bytes: 0 }, problems };
    } finally {
      session.close();
    }
  } catch (error) {
    if (isAborted) return { kind: "aborted" };
    if (error instanceof ContextRefused) return { kind: "refused", explanation: error.explanation };
    throw error;
  } finally {
    aborted.abort();
    port.postMessage(null);
    port.close();
  }
}

/** Asks for the build and hands its answer over, part by part. */
function answer({ address, target, port, signal }: { address: EngineAddress; target: string; port: MessagePort; signal: AbortSignal }): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = requestEngine(address, { method: "POST", path: target, agent: false, signal });
    request.on("error", reject);
    request.on("response", (response) => {
      response.on("data", (part: Buffer) => {
        const copy = new Uint8Array(part);
        port.postMessage(copy, [copy.buffer]);
      });
      response.on("end", resolve);
      response.on("error", reject);
    });
    request.end();
  });
}
