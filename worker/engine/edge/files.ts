import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { DeployError } from "../../errors";
import type { EdgeApp } from "../../ports";
import { checkApp, readMark, readSlotTarget, renderApp, renderBase } from "./render";

export type EdgeFiles = {
  /** The folder that Traefik watches. */
  directory: string;
  writeBase(): Promise<void>;
  /** @throws DeployError `fenced` when the file there carries a newer epoch */
  writeApp(app: EdgeApp): Promise<void>;
  removeApp(appId: string): Promise<void>;
  /** The service and port of a slot as the file there has them; null without a file. */
  readTarget(appId: string, slot: "a" | "b"): Promise<{ service: string; port: number } | null>;
};

async function readIfThere(file: string): Promise<string | null> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if ((error as { code?: unknown }).code === "ENOENT") return null;
    throw error;
  }
}

/**
 * Files of the edge below `<home>/edge`. Each is written in `incoming/`, beside the watched `dynamic/`, and renamed in: Traefik reloads
 * once, and never reads half a file. A file that would not change is not touched.
 */
export function createEdgeFiles(home: string, options: { probeSecret: string; pagesUrl: string | null }): EdgeFiles {
  const directory = path.join(home, "edge", "dynamic");
  const incoming = path.join(home, "edge", "incoming");
  const waiting = new Map<string, Promise<void>>();
  let count = 0;

  /** One change of a file at a time, so that a comparison holds until the write. */
  function inTurn(file: string, run: () => Promise<void>): Promise<void> {
    const turn = (waiting.get(file) ?? Promise.resolve()).then(run, run);
    waiting.set(file, turn);
    const forget = () => {
      if (waiting.get(file) === turn) waiting.delete(file);
    };
    turn.then(forget, forget);
    return turn;
  }

  async function put(file: string, text: string): Promise<void> {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await mkdir(incoming, { recursive: true, mode: 0o700 });
    count += 1;
    const draft = path.join(incoming, `${path.basename(file)}.${process.pid}.${count}`);
    await writeFile(draft, text, { mode: 0o600 });
    await rename(draft, file);
  }

  const fileOf = (appId: string) => path.join(directory, `app-${appId}.yml`);
  return {
    directory,
    writeBase() {
      const file = path.join(directory, "base.yml");
      return inTurn(file, async () => {
        const text = renderBase(options);
        if ((await readIfThere(file)) !== text) await put(file, text);
      });
    },
    async writeApp(app) {
      checkApp(app); // before the id becomes part of a path
      const text = renderApp(app, { probeSecret: options.probeSecret, hasPages: options.pagesUrl !== null });
      const file = fileOf(app.appId);
      await inTurn(file, async () => {
        const present = await readIfThere(file);
        if (present === text) return;
        const epoch = present === null ? 0 : (readMark(present)?.epoch ?? 0);
        if (epoch > app.epoch) {
          const explanation = {
            what: "Another worker has taken over the application's traffic",
            why: `The edge's file carries epoch ${epoch}; this worker holds ${app.epoch}.`,
          };
          throw new DeployError("fenced", explanation, { kind: "ours" });
        }
        await put(file, text);
      });
    },
    async removeApp(appId) {
      if (!/^[A-Za-z0-9][A-Za-z0-9_-]*$/.test(appId)) throw new TypeError(`not a valid application id: ${JSON.stringify(appId)}`);
      await inTurn(fileOf(appId), () => rm(fileOf(appId), { force: true }));
    },
    async readTarget(appId, slot) {
      const text = await readIfThere(fileOf(appId));
      return text === null ? null : readSlotTarget(text, appId, slot);
    },
  };
}
