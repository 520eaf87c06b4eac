import { dataMessage, endMessage, lastStatMessage, readRequest, type SyncEntry, statMessage } from "./filesync-messages";
import { type Call, GrpcError, STATUS } from "./grpc-frames";

/** A folder as it is shown to the engine: entries in the order of {@link byBytes}, folders before what is in them. */
export type SyncTree = { entries: Iterable<SyncEntry>; read(entry: SyncEntry): AsyncIterable<Uint8Array> };
export type Sent = { files: number; bytes: number };

const OPEN_FILES = 8;

/**
 * The sending side of `moby.filesync.v1.FileSync/DiffCopy`: tells of every entry, sends the files that are asked for, ends when the engine
 * has all. Requests are always read, or both sides could wait for each other; there is at most one for each file.
 * @throws GrpcError when the engine gives up or asks for what there is not
 */
export async function sendTree({ messages, send }: Pick<Call, "messages" | "send">, tree: SyncTree): Promise<Sent> {
  const offered = new Map<number, SyncEntry>();
  const asked: [number, SyncEntry][] = [];
  const sent: Sent = { files: 0, bytes: 0 };
  let next = 0;
  let open = 0;
  let fail: (error: unknown) => void = () => {};
  const failed = new Promise<never>((_resolve, reject) => {
    fail = reject;
  });

  async function tell(): Promise<void> {
    let number = 0;
    for (const entry of tree.entries) {
      if (entry.type === "file") offered.set(number, entry);
      number += 1;
      const pressure = send(statMessage(entry));
      if (pressure) await pressure;
    }
    send(lastStatMessage());
  }

  async function sendFile(id: number, entry: SyncEntry): Promise<void> {
    for await (const part of tree.read(entry)) {
      sent.bytes += part.length;
      const pressure = send(dataMessage(id, part));
      if (pressure) await pressure;
    }
    sent.files += 1;
    const pressure = send(dataMessage(id, new Uint8Array(0)));
    if (pressure) await pressure;
  }

  async function serve(): Promise<void> {
    open += 1;
    for (let file = asked[next++]; file; file = asked[next++]) await sendFile(...file);
    next -= 1;
    open -= 1;
  }

  async function listen(): Promise<void> {
    for await (const message of messages) {
      const request = readRequest(message);
      if (request.kind === "end") return;
      if (request.kind === "error") throw new GrpcError(STATUS.internal, `the engine gave up: ${request.message}`);
      const entry = offered.get(request.id);
      if (!entry) throw new GrpcError(STATUS.invalidArgument, `there is no file ${request.id}, or it was sent`);
      offered.delete(request.id);
      asked.push([request.id, entry]);
      if (open < OPEN_FILES) serve().catch(fail);
    }
    throw new GrpcError(STATUS.internal, "the engine went away before it had all files");
  }

  await Promise.race([Promise.all([tell(), listen()]), failed]);
  const pressure = send(endMessage());
  if (pressure) await pressure;
  return sent;
}

const rank = (unit: number) => (unit >= 0xe000 ? unit - 0x800 : unit >= 0xd800 ? unit + 0x2000 : unit);

/** Orders names by their UTF-8 bytes, as the engine demands; JavaScript's own order differs beyond the basic plane. */
export function byBytes(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length);
  for (let index = 0; index < shorter; index += 1) {
    const difference = rank(a.charCodeAt(index)) - rank(b.charCodeAt(index));
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
