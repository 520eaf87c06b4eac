import { constants } from "node:fs";
import { open } from "node:fs/promises";
import path from "node:path";
import { type ContextEntry, type ContextLimits, ContextRefused, listContext, readFilter, readInside } from "./context-files";
import { createTimes, freshTime, type Manifest, parseBlobs, readManifest } from "./context-manifest";
import type { SyncTree } from "./filesync";
import { type FileTime, fileTime, type SyncEntry } from "./filesync-messages";

export type ContextRequest = {
  directory: string;
  /** Path of the Dockerfile in the context, or a name of ours for `dockerfileText`. */
  dockerfile: string;
  dockerfileText: string | null;
  limits: ContextLimits;
  /** Where the times of this application's files are kept. */
  manifest: string;
  /** `git ls-tree -r -z` of what lies in the directory; null when it is not known: then every file counts as changed. */
  blobs: Uint8Array | null;
};
export type Context = {
  tree: SyncTree;
  files: number;
  bytes: number;
  /** What to keep as the manifest; null when nothing changed. */
  told: Manifest | null;
};

const PART_BYTES = 1 << 16;

const changed = (file: string, why: string) => new ContextRefused({ what: `${path.basename(file)} changed while it was read`, why, fix: "Deploy again." });

async function openFile(file: string) {
  try {
    // without following a link that took its place meanwhile, and without waiting for the other end of a pipe
    return await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ELOOP" || code === "ENOENT" || code === "ENOTDIR") throw changed(file, "It is no longer there, or no longer a file.");
    throw error;
  }
}

/** A file's content, of exactly the length that was told of it. */
async function* contents(file: string, bytes: number): AsyncGenerator<Uint8Array> {
  if (bytes === 0) return;
  const handle = await openFile(file);
  try {
    for (let left = bytes; left > 0; ) {
      const part = Buffer.allocUnsafe(Math.min(left, PART_BYTES));
      const { bytesRead } = await handle.read(part, 0, part.length);
      if (bytesRead === 0) throw changed(file, "It became shorter.");
      left -= bytesRead;
      yield part.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}

/** A folder that holds one file, whose text is given; nothing when there is none. */
export function textTree(name: string, text: string | null): SyncTree {
  const data = Buffer.from(text ?? "");
  const time = fileTime(freshTime(Date.now()));
  const parts = name.split("/");
  const folders = parts.slice(1).map((_part, depth) => parts.slice(0, depth + 1).join("/"));
  const entry = { target: "", time };
  return {
    entries:
      text === null
        ? []
        : [
            ...folders.map((folder): SyncEntry => ({ ...entry, path: folder, type: "directory", mode: 0o755, bytes: 0 })),
            { ...entry, path: name, type: "file", mode: 0o644, bytes: data.length },
          ],
    async *read() {
      for (let at = 0; at < data.length; at += PART_BYTES) yield data.subarray(at, at + PART_BYTES);
    },
  };
}

/** The Dockerfile alone, given as text or read from the folder. */
export async function dockerfileTree({ directory, dockerfile, dockerfileText }: ContextRequest): Promise<SyncTree> {
  return textTree(dockerfile, dockerfileText ?? (await readInside(directory, dockerfile)));
}

/**
 * Everything that goes into the context, each file with the time that stands for its content.
 * @throws ContextRefused for what may not go in
 */
export async function contextTree({ directory, dockerfile, limits, manifest, blobs }: ContextRequest): Promise<Context> {
  const [filter, former] = await Promise.all([readFilter(directory, dockerfile), readManifest(manifest)]);
  const listed: ContextEntry[] = [];
  for await (const entries of listContext(directory, filter, limits)) listed.push(...entries);
  const times = createTimes(former, parseBlobs(blobs), Date.now());
  const words = new Map<bigint, FileTime>();
  const wordsOf = (time: bigint) => {
    const known = words.get(time) ?? fileTime(time);
    words.set(time, known);
    return known;
  };
  const entries = listed.map((entry): SyncEntry => ({ ...entry, time: wordsOf(entry.type === "directory" ? times.now : times.timeOf(entry.path)) }));
  return {
    tree: { entries, read: (entry) => contents(path.join(directory, entry.path), entry.bytes) },
    files: listed.filter(({ type }) => type !== "directory").length,
    bytes: listed.reduce((sum, entry) => sum + entry.bytes, 0),
    told: times.told(),
  };
}
