import { chmod, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import path from "node:path";

export type StoredSession = { url: string; token: string; team?: string };

/** Where `login` keeps the token: readable by its owner only. */
export const sessionPath = (env: NodeJS.ProcessEnv): string =>
  path.join(env.XDG_CONFIG_HOME || path.join(env.HOME || homedir(), ".config"), "dokploy", "session.json");

export async function readSession(file: string): Promise<StoredSession | null> {
  try {
    const stored = JSON.parse(await readFile(file, "utf8")) as Partial<StoredSession>;
    return typeof stored.url === "string" && typeof stored.token === "string" ? (stored as StoredSession) : null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT" || error instanceof SyntaxError) return null;
    throw error;
  }
}

export async function writeSession(file: string, session: StoredSession): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  await writeFile(file, `${JSON.stringify(session, null, 2)}\n`, { mode: 0o600 });
  await chmod(file, 0o600);
}

export const removeSession = (file: string): Promise<void> => rm(file, { force: true });
