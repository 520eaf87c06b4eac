import type http from "node:http";
import type { Readable } from "node:stream";
import type { OutputLine } from "../ports";
import { type EngineAddress, requestEngine } from "./engine-address";

/** An answer of the engine that is not 2xx, shaped as dockerode shapes it. */
export class EngineAnswerError extends Error {
  constructor(
    readonly statusCode: number,
    message: string,
  ) {
    super(message);
    this.name = "EngineAnswerError";
  }
}

export type StreamRequest = {
  method: "GET" | "POST";
  path: string;
  query?: Record<string, string | undefined>;
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
};

/** The request line's path of an Engine API call, encoded. */
export function pathWithQuery(path: string, query: Record<string, string | undefined> = {}): string {
  const set = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return set.length === 0 ? path : `${path}?${new URLSearchParams(set).toString()}`;
}

/**
 * A call whose answer is read as it comes. dockerode's `followProgress` loses text and reports failed work as success, hence this.
 * @throws EngineAnswerError for an answer outside 2xx
 */
export function openStream(address: EngineAddress, { method, path, query, headers, signal }: StreamRequest): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    const options = { method, path: pathWithQuery(path, query), headers: { ...headers }, agent: false as const, ...(signal ? { signal } : {}) };
    const request = requestEngine(address, options);
    request.on("response", (response) => {
      const status = response.statusCode ?? 0;
      if (status >= 200 && status < 300) resolve(response);
      else
        readText(response).then((text) => {
          let message = text.trim();
          const match = /"message":"((?:[^"\\]|\\.)*)"/.exec(message);
          if (match?.[1]) message = JSON.parse(`"${match[1]}"`) as string;
          reject(new EngineAnswerError(status, message));
        }, reject);
    });
    request.on("error", reject);
    request.end();
  });
}

export async function readText(stream: Readable): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part as Buffer);
  return Buffer.concat(parts).toString("utf8");
}

/** One JSON value a line, as events, build, push and pull answer. */
export async function* jsonLines(stream: AsyncIterable<Buffer>): AsyncGenerator<unknown> {
  let rest: Buffer[] = [];
  for await (const part of stream) {
    let from = 0;
    for (let at = part.indexOf(10); at !== -1; at = part.indexOf(10, from)) {
      const line = Buffer.concat([...rest, part.subarray(from, at)])
        .toString("utf8")
        .trim();
      rest = [];
      from = at + 1;
      if (line !== "") yield JSON.parse(line) as unknown;
    }
    if (from < part.length) rest.push(part.subarray(from));
  }
  const line = Buffer.concat(rest).toString("utf8").trim();
  if (line !== "") yield JSON.parse(line) as unknown;
}

const HEADER_BYTES = 8;

/**
 * Splits the engine's multiplexed log stream: 8 bytes of header (stream kind, then the length as big-endian uint32), then the bytes.
 * Source: Engine API, "Attach to a container", stream format. TTY containers send raw bytes and never come here.
 */
export async function* demultiplex(stream: AsyncIterable<Buffer>): AsyncGenerator<{ stream: "stdout" | "stderr"; data: Buffer }> {
  let buffer: Buffer = Buffer.alloc(0);
  for await (const part of stream) {
    buffer = buffer.length === 0 ? part : Buffer.concat([buffer, part]);
    while (buffer.length >= HEADER_BYTES) {
      const length = buffer.readUInt32BE(4);
      if (buffer.length < HEADER_BYTES + length) break;
      yield { stream: buffer[0] === 2 ? "stderr" : "stdout", data: buffer.subarray(HEADER_BYTES, HEADER_BYTES + length) };
      buffer = buffer.subarray(HEADER_BYTES + length);
    }
  }
}

/** Microseconds since the epoch of an RFC 3339 time with up to nanoseconds, as the engine writes them. */
export function microseconds(time: string): number {
  const match = /^(.*?)(?:\.(\d+))?(Z|[+-]\d\d:?\d\d)$/.exec(time);
  if (!match) return 0;
  const whole = Date.parse(`${match[1]}${match[3]}`);
  return whole * 1000 + Number((match[2] ?? "").padEnd(6, "0").slice(0, 6));
}

/** One line of a log read with `timestamps=1`: `2006-01-02T15:04:05.999999999Z text`. */
export function timestampedLine(line: string, stream: "stdout" | "stderr"): OutputLine {
  const space = line.indexOf(" ");
  const at = space > 0 ? microseconds(line.slice(0, space)) : 0;
  return at > 0 ? { at, stream, text: line.slice(space + 1) } : { at: Date.now() * 1000, stream, text: line };
}

/** Cuts bytes of one stream into lines; a character that spans two parts stays whole. `flush` gives what came without a newline. */
export function lineCutter(onLine: (line: string) => void, longestBytes = 64 * 1024): { push(data: Buffer): void; flush(): void } {
  let rest: Buffer[] = [];
  let restBytes = 0;
  const emit = () => {
    onLine(Buffer.concat(rest).toString("utf8").replace(/\r$/, ""));
    rest = [];
    restBytes = 0;
  };
  return {
    push(data) {
      let from = 0;
      for (let at = data.indexOf(10); at !== -1; at = data.indexOf(10, from)) {
        rest.push(data.subarray(from, at));
        emit();
        from = at + 1;
      }
      if (from < data.length) {
        rest.push(data.subarray(from));
        restBytes += data.length - from;
        if (restBytes >= longestBytes) emit();
      }
    },
    flush() {
      if (restBytes > 0) emit();
    },
  };
}
