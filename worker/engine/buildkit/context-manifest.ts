import { createHash, randomInt, randomUUID } from "node:crypto";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";

/**
 * What the engine was told of an application's files. It holds a file for unchanged when path, size, mode and time are as they were, so a
 * time stands for one content: it is kept for as long as the content stays, and a time that was used is never used for another.
 */
export type Manifest = {
  /** Of all `.gitattributes`: they too decide what a blob looks like when it is checked out. */
  attributes: string;
  /** The latest time that was told, in nanoseconds. */
  latest: bigint;
  files: Map<string, { blob: string; time: string }>;
};
/** Which content each file of a commit has, without reading it. */
export type Blobs = { attributes: string; ids: Map<string, string> };

const FORMAT = 1;
const NS_A_MS = 1_000_000;
const ENTRY = /^\d+ blob ([0-9a-f]{40,64})\t(.+)$/s;
const packed = promisify(gzip);
const unpacked = promisify(gunzip);
const noManifest = (): Manifest => ({ attributes: "", latest: 0n, files: new Map() });

/** @param listing `git ls-tree -r -z`; null when nothing is known of the files */
export function parseBlobs(listing: Uint8Array | null): Blobs {
  const ids = new Map<string, string>();
  const attributes = createHash("sha256");
  for (const line of Buffer.from(listing ?? [])
    .toString("utf8")
    .split("\0")) {
    const [, id, name] = ENTRY.exec(line) ?? [];
    if (id === undefined || name === undefined) continue;
    ids.set(name, id);
    if (name === ".gitattributes" || name.endsWith("/.gitattributes")) attributes.update(`${line}\0`);
  }
  return { attributes: attributes.digest("hex"), ids };
}

const isRow = (row: unknown): row is [string, string, string] => Array.isArray(row) && row.length === 3 && row.every((part) => typeof part === "string");

/** The manifest of a file; an empty one where there is none, or it is broken: then every file counts as changed. */
export async function readManifest(file: string): Promise<Manifest> {
  try {
    const value = JSON.parse((await unpacked(await readFile(file))).toString("utf8")) as Record<string, unknown>;
    const { format, attributes, latest, files } = value;
    if (format !== FORMAT || typeof attributes !== "string" || typeof latest !== "string" || !Array.isArray(files) || !files.every(isRow)) return noManifest();
    for (const [, , time] of files) if (!/^\d{1,19}$/.test(time)) return noManifest();
    return { attributes, latest: BigInt(latest), files: new Map(files.map(([name, blob, time]) => [name, { blob, time }])) };
  } catch {
    return noManifest();
  }
}

export async function writeManifest(file: string, { attributes, latest, files }: Manifest): Promise<void> {
  const rows = [...files].map(([name, { blob, time }]) => [name, blob, time]);
  const next = `${file}.${randomUUID()}`;
  try {
    await writeFile(next, await packed(JSON.stringify({ format: FORMAT, attributes, latest: String(latest), files: rows })), { mode: 0o600 });
    await rename(next, file);
  } catch (error) {
    await rm(next, { force: true });
    throw error;
  }
}

/**
 * A time in nanoseconds that no other build uses, later than `latest`. Builds of one application that run at once do not see each other's
 * manifest, and may not use one time for two contents: the last digits are by chance.
 */
export function freshTime(nowMs: number, latest = 0n): bigint {
  const base = BigInt(Math.trunc(nowMs)) * BigInt(NS_A_MS);
  return (base > latest ? base : latest) + 1n + BigInt(randomInt(NS_A_MS));
}

/** Decides which time each file is told with: its former one where its content is the same, else the present, one for all of a build. */
export function createTimes(former: Manifest, blobs: Blobs, nowMs: number): { now: bigint; timeOf(path: string): bigint; told(): Manifest | null } {
  const now = freshTime(nowMs, former.latest);
  const known = former.attributes === blobs.attributes ? former.files : new Map<string, never>();
  const files: Manifest["files"] = new Map();
  let isChanged = false;
  return {
    now,
    timeOf(path) {
      const blob = blobs.ids.get(path);
      if (blob === undefined) return now;
      const before = known.get(path);
      const isKept = before?.blob === blob;
      isChanged ||= !isKept;
      files.set(path, isKept ? before : { blob, time: String(now) });
      return isKept ? BigInt(before.time) : now;
    },
    /** The manifest after all files were asked for; null when it is the former one. */
    told: () => (isChanged || files.size !== former.files.size ? { attributes: blobs.attributes, latest: now, files } : null),
  };
}
