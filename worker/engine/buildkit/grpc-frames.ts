import type { IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from "node:http2";

/** gRPC status codes that are answered here (grpc/grpc, doc/statuscodes.md). */
export const STATUS = { ok: 0, invalidArgument: 3, notFound: 5, unimplemented: 12, internal: 13 };

export class GrpcError extends Error {
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
    this.name = "GrpcError";
  }
}

/** Answers one call with one message. */
export type Unary = (request: Buffer) => Buffer | Promise<Buffer>;
export type Call = {
  headers: IncomingHttpHeaders;
  /** The caller's messages; the connection is read only as they are taken. */
  messages: AsyncIterable<Buffer>;
  /** Sends a message. A promise says that the caller has to catch up first: await it before the next one. */
  send(message: Uint8Array): Promise<void> | null;
};
/** Answers one call with as many messages as it likes; its promise ends the call. */
export type Streaming = (call: Call) => Promise<void>;
export type Methods = { unary: Record<string, Unary>; streaming: Record<string, Streaming> };

const PREFIX_BYTES = 5;
const LONGEST_REQUEST_BYTES = 1 << 20;
/** Small messages go out together: a frame of HTTP/2 for each of them costs more than its content. */
const TOGETHER_BYTES = 1 << 16;
const CONTENT = { ":status": 200, "content-type": "application/grpc" } as const;

/** What stands before a message (gRPC over HTTP/2: one byte of compression flag, then the length as big-endian uint32). */
function prefixOf(bytes: number): Buffer {
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32BE(bytes, 1);
  return prefix;
}

/** Cuts a call's bytes into its messages. @throws GrpcError for a message that is longer than any request is */
export async function* readMessages(parts: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const part of parts) {
    rest = rest.length === 0 ? part : Buffer.concat([rest, part]);
    while (rest.length >= PREFIX_BYTES) {
      const end = PREFIX_BYTES + rest.readUInt32BE(1);
      if (end > LONGEST_REQUEST_BYTES) throw new GrpcError(STATUS.invalidArgument, "the request is too long");
      if (rest.length < end) break;
      yield rest.subarray(PREFIX_BYTES, end);
      rest = rest.subarray(end);
    }
  }
  if (rest.length > 0) throw new GrpcError(STATUS.invalidArgument, "the request ended within a message");
}

function createSender(stream: ServerHttp2Stream): { send: Call["send"]; flush(): void } {
  let parts: Uint8Array[] = [];
  let bytes = 0;
  let isDue = false;
  let drained: Promise<void> | null = null;
  const flush = () => {
    isDue = false;
    if (bytes === 0 || stream.destroyed) return;
    const whole = Buffer.concat(parts, bytes);
    [parts, bytes] = [[], 0];
    if (stream.write(whole) || drained) return;
    drained = new Promise<void>((resolve, reject) => {
      const settle = () => {
        stream.off("drain", settle).off("close", settle);
        drained = null;
        if (stream.destroyed) reject(new GrpcError(STATUS.internal, "the caller went away"));
        else resolve();
      };
      stream.on("drain", settle).on("close", settle);
    });
    drained.catch(() => {}); // who waits hears of it; nobody may be waiting
  };
  return {
    send(message) {
      parts.push(prefixOf(message.length), message);
      bytes += PREFIX_BYTES + message.length;
      if (bytes >= TOGETHER_BYTES) flush();
      else if (!isDue) {
        isDue = true;
        setImmediate(flush);
      }
      return drained;
    },
    flush,
  };
}

const codeOf = (error: unknown) => (error instanceof GrpcError ? error.code : STATUS.internal);
const reasonOf = (error: unknown) => encodeURIComponent(error instanceof Error ? error.message : "failed");

/** Answers a call; its status follows what was sent, as trailers. */
async function answer(stream: ServerHttp2Stream, run: (sender: ReturnType<typeof createSender>) => Promise<void>): Promise<void> {
  let trailers: Record<string, string> = { "grpc-status": String(STATUS.ok) };
  const sender = createSender(stream);
  stream.respond(CONTENT, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers(trailers));
  try {
    await run(sender);
  } catch (error) {
    trailers = { "grpc-status": String(codeOf(error)), "grpc-message": reasonOf(error) };
  }
  sender.flush();
  stream.end();
  stream.resume();
}

async function firstOf(messages: AsyncIterable<Buffer>): Promise<Buffer> {
  for await (const message of messages) return message;
  throw new GrpcError(STATUS.invalidArgument, "the request is empty");
}

function methodOf(name: string, { unary, streaming }: Methods): Streaming {
  if (Object.hasOwn(unary, name)) {
    const run = unary[name] as Unary;
    return async ({ messages, send }) => void send(await run(await firstOf(messages)));
  }
  if (Object.hasOwn(streaming, name)) return streaming[name] as Streaming;
  return () => Promise.reject(new GrpcError(STATUS.unimplemented, `unknown method ${name}`));
}

/** Serves gRPC methods on an HTTP/2 session. `onProblem` hears of connections that broke. */
export function serveGrpc(session: ServerHttp2Session, methods: Methods, onProblem: (error: unknown) => void): void {
  session.on("error", onProblem);
  session.on("stream", (stream, headers) => {
    stream.on("error", onProblem);
    const run = methodOf(String(headers[":path"]), methods);
    // a plain `for await` would destroy the stream, and with it the answer, once enough was read
    const messages = readMessages(stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>);
    answer(stream, ({ send }) => run({ headers, messages, send })).catch(onProblem);
  });
}
