import type { Readable } from "node:stream";
import type { Arguments, OptionSpec } from "./arguments";
import type { Client, ClientOptions } from "./client";
import type { Output } from "./output";

/** What a command is given. */
export type Call = Arguments & {
  client: Client;
  connection: ClientOptions;
  out: Output;
  stdin: Readable;
  stdout: NodeJS.WritableStream;
  sessionFile: string;
  isInteractive: boolean;
};

/** `usage` is what help shows; `run` answers the exit status. */
export type Command = { usage: string; summary: string; options?: Record<string, OptionSpec>; run(call: Call): Promise<number> };
export type Commands = Record<string, Command>;

export async function readAll(stdin: Readable): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of stdin) parts.push(Buffer.from(part as Buffer));
  return Buffer.concat(parts).toString("utf8");
}

/** What is written to the standard input, as it is; null when it is more than `most` bytes. */
export async function readBytes(stdin: Readable, most: number): Promise<Buffer | null> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of stdin) {
    parts.push(Buffer.from(part as Buffer));
    size += parts.at(-1)?.byteLength ?? 0;
    if (size > most) return null;
  }
  return Buffer.concat(parts);
}
