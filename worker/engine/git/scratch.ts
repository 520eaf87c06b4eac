import { readdir, rm, stat } from "node:fs/promises";
import path from "node:path";

/** Whatever the name says, nothing temporary is needed that long. */
const LONGEST_MS = 6 * 3_600_000;

/** A temporary folder's name begins so: with the process that needs it, by which a dead one's is told. */
export const scratchPrefix = (kind: "index" | "access"): string => `${kind}-${process.pid}-`;

/** Removes a folder's temporary folders whose process is gone. @returns how many */
export async function sweepScratch(directory: string, kind: "index" | "access"): Promise<number> {
  const names = (await readdir(directory).catch(() => [])).filter((name) => name.startsWith(`${kind}-`));
  const left = await Promise.all(names.map(async (name) => ((await isNeeded(path.join(directory, name))) ? [] : [name])));
  for (const name of left.flat()) await rm(path.join(directory, name), { recursive: true, force: true });
  return left.flat().length;
}

async function isNeeded(folder: string): Promise<boolean> {
  const age = await stat(folder).then(
    ({ mtimeMs }) => Date.now() - mtimeMs,
    () => 0,
  );
  if (age > LONGEST_MS) return false;
  const pid = Number(/^\w+-(\d+)-/.exec(path.basename(folder))?.[1] ?? 0);
  return pid > 0 && isAlive(pid);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
