import { promisify } from "node:util";
import { deflateRaw, inflateRawSync } from "node:zlib";
import type { Micros } from "../../db/schema/columns";

/**
 * A line of a deployment's or an application's output. `n` counts from 1 without gaps; `t` is microseconds since the epoch;
 * `s` the step or the replica; `v` the BuildKit vertex; `e` marks standard error.
 */
export type LogLine = { n: number; t: Micros; s: string; x: string; v?: string; e?: 1 };

const deflate = promisify(deflateRaw);

/** Lines as they are stored: one JSON document a line, deflated (RFC 1951) on a thread of libuv's. */
export const encodeLines = (lines: readonly LogLine[]): Promise<Buffer> => deflate(lines.map((line) => JSON.stringify(line)).join("\n"), { level: 4 });

export function decodeLines(data: Buffer): LogLine[] {
  const text = inflateRawSync(data).toString();
  return text === "" ? [] : text.split("\n").map((line) => JSON.parse(line) as LogLine);
}

export const deploymentLog = (id: string) => `deployment:${id}`;
export const appLog = (id: string) => `app:${id}`;
