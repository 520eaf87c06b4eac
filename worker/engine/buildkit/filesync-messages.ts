import protobuf from "protobufjs";

/** Source: tonistiigi/fsutil types/wire.proto and types/stat.proto, the messages of moby.filesync.v1.FileSync/DiffCopy. */
const { root } = protobuf.parse(
  `
  syntax = "proto3";
  message Stat { string path = 1; uint32 mode = 2; uint32 uid = 3; uint32 gid = 4; int64 size = 5; int64 modTime = 6; string linkname = 7; }
  message Packet { int32 type = 1; Stat stat = 2; uint32 ID = 3; bytes data = 4; }
`,
  { keepCase: true },
);
const packet = root.lookupType("Packet");

const PACKET = { stat: 0, request: 1, data: 2, end: 3, error: 4 };
/** Bits of Go's os.FileMode. */
const KIND = { directory: 2 ** 31, symlink: 2 ** 27, file: 0 };

/** Nanoseconds since the epoch, which are more than a number holds. */
export type FileTime = { readonly low: number; readonly high: number; readonly unsigned: false };
export const fileTime = (nanoseconds: bigint): FileTime => ({
  low: Number(BigInt.asIntN(32, nanoseconds)),
  high: Number(BigInt.asIntN(32, nanoseconds >> 32n)),
  unsigned: false,
});

export type SyncEntry = { path: string; type: keyof typeof KIND; mode: number; bytes: number; target: string; time: FileTime };

const encode = (value: object): Uint8Array => packet.encode(value).finish();

/** Told of every entry in order; the entry's number is its place in that order. Owners are 0. */
export function statMessage({ path, type, mode, bytes, target, time }: SyncEntry): Uint8Array {
  // a link's size is its target's, as lstat(2) has it: the engine compares
  const size = type === "symlink" ? Buffer.byteLength(target) : bytes;
  return encode({ type: PACKET.stat, stat: { path, mode: KIND[type] + mode, size, modTime: time, linkname: target } });
}
/** There are no more entries. */
export const lastStatMessage = (): Uint8Array => encode({ type: PACKET.stat });
/** A part of a file; an empty one ends it. */
export const dataMessage = (id: number, data: Uint8Array): Uint8Array => encode({ type: PACKET.data, ID: id, data });
export const endMessage = (): Uint8Array => encode({ type: PACKET.end });

/** What the engine says: it wants a file's content, it has everything, or it gives up. */
export type SyncRequest = { kind: "file"; id: number } | { kind: "end" } | { kind: "error"; message: string };

/** @throws Error for bytes that are no packet, or one that an engine does not send */
export function readRequest(message: Buffer): SyncRequest {
  const { type, ID, data } = packet.decode(message) as unknown as { type: number; ID: number; data: Uint8Array };
  if (type === PACKET.request) return { kind: "file", id: ID };
  if (type === PACKET.end) return { kind: "end" };
  if (type === PACKET.error) return { kind: "error", message: Buffer.from(data).toString("utf8") };
  throw new Error(`an engine sends no packet of type ${type}`);
}
