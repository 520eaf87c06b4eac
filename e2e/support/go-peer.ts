import { execFile, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";

/** A program of `e2e/peers` that speaks a protocol by its community's own library. */
export type GoPeer = {
  /** What it prints, one JSON value a line. @throws Error with what it says when it fails */
  run<T>(args: string[], options?: { input?: string; env?: Record<string, string> }): Promise<T[]>;
  close(): void;
};

/** Builds it by the Go on PATH; Go keeps what it downloaded and built. */
export async function buildPeer(name: "cdevents" | "otlp"): Promise<GoPeer> {
  const folder = mkdtempSync(path.join(tmpdir(), `${name}-`));
  const program = path.join(folder, name);
  await promisify(execFile)("go", ["build", "-o", program, "."], { cwd: path.resolve(import.meta.dirname, "../peers", name) });
  return {
    async run<T>(args: string[], { input = "", env = {} } = {}) {
      const child = spawn(program, args, { env: { ...process.env, ...env } });
      child.stdin.end(input);
      const [out, problem, status] = await Promise.all([text(child.stdout), text(child.stderr), new Promise((resolve) => child.once("close", resolve))]);
      if (status !== 0) throw new Error(`${name} ended with ${status}: ${problem}`);
      return out
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line) as T);
    },
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}
