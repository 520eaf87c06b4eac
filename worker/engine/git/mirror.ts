import { createHash } from "node:crypto";
import { mkdir, readdir, rm, stat } from "node:fs/promises";
import path from "node:path";

const exists = async (file: string): Promise<boolean> => {
  try {
    await stat(file);
    return true;
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return false;
    throw error;
  }
};

/** The folder of a repository's mirror: its address never becomes a path. */
export const mirrorDirectory = (mirrors: string, url: string): string =>
  path.join(mirrors, `${createHash("sha256").update(url).digest("hex").slice(0, 32)}.git`);

export const mirrorExists = (directory: string): Promise<boolean> => exists(path.join(directory, "HEAD"));

export async function createMirror(directory: string, init: (directory: string) => Promise<void>): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await init(directory);
}

/**
 * Removes the locks that a killed git left in a mirror. Only the holder of the mirror's turn calls this, so that no lock is in use.
 * @returns whether there were any
 */
export async function removeStaleLocks(directory: string): Promise<boolean> {
  let found = false;
  for (const item of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (!item.isFile() || !item.name.endsWith(".lock")) continue;
    await rm(path.join(item.parentPath, item.name), { force: true });
    found = true;
  }
  return found;
}

/** One piece of work at a time for each key; others wait in the order in which they came. */
export function createTurns(): <T>(key: string, run: () => Promise<T>) => Promise<T> {
  const last = new Map<string, Promise<unknown>>();
  return (key, run) => {
    const turn = (last.get(key) ?? Promise.resolve()).then(run, run);
    last.set(key, turn);
    const forget = () => {
      if (last.get(key) === turn) last.delete(key);
    };
    turn.then(forget, forget);
    return turn;
  };
}
