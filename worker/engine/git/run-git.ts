import { spawn } from "node:child_process";
import { constants } from "node:os";
import type { OutputLine } from "../../ports";
import { lineCutter } from "../docker-stream";
import { cancelled } from "../wait-until";

export type GitResult = { code: number; stdout: Buffer; stderr: string };
export type GitSettings = Record<string, string>;

const LONGEST_OUTPUT_BYTES = 256 * 1024 * 1024;
const KILL_AFTER_MS = 2000;

/** In force for every git process. Hooks, prompts, submodules, redirects to other hosts and all protocols that are not named are off. */
const ALWAYS: GitSettings = {
  "protocol.allow": "never",
  "core.hooksPath": "/dev/null",
  "core.fsmonitor": "false",
  "core.symlinks": "true",
  "credential.helper": "",
  "core.askPass": "",
  "fetch.recurseSubmodules": "false",
  "submodule.recurse": "false",
  "transfer.fsckObjects": "false",
  "gc.auto": "0",
  "maintenance.auto": "false",
  "safe.directory": "*",
  "http.followRedirects": "false",
  "advice.detachedHead": "false",
};

/**
 * git's configuration by environment (GIT_CONFIG_COUNT, git-config(1)): values are in no argument list.
 * A process's environment can be read by its own user and root only.
 */
export function gitEnvironment(settings: GitSettings, home: string, searchPath: string): Record<string, string> {
  const entries = Object.entries({ ...ALWAYS, ...settings });
  const environment: Record<string, string> = {
    PATH: searchPath,
    HOME: home,
    LC_ALL: "C",
    GIT_TERMINAL_PROMPT: "0",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_ATTR_NOSYSTEM: "1",
    GIT_OPTIONAL_LOCKS: "0",
    GIT_NO_REPLACE_OBJECTS: "1",
    GIT_PROTOCOL_FROM_USER: "0",
    GIT_CONFIG_COUNT: String(entries.length),
  };
  for (const [index, [key, value]] of entries.entries()) {
    environment[`GIT_CONFIG_KEY_${index}`] = key;
    environment[`GIT_CONFIG_VALUE_${index}`] = value;
  }
  return environment;
}

/**
 * Runs git with an argument list. The process leads a group of its own, so that an abort also ends the ssh or http helper below it.
 * @throws DeployError `cancelled` on abort; Error when git cannot be started or answers more than 256 MiB
 */
export function runGit(
  args: string[],
  options: { environment: Record<string, string>; cwd: string; signal?: AbortSignal | undefined; onProgress?: (line: OutputLine) => void; input?: string },
): Promise<GitResult> {
  const { environment, cwd, signal, onProgress, input } = options;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(cancelled(signal.reason));
    const child = spawn("git", args, { cwd, env: environment as NodeJS.ProcessEnv, stdio: ["pipe", "pipe", "pipe"], detached: true });
    const stdout: Buffer[] = [];
    const stderr: string[] = [];
    let bytes = 0;
    let problem: Error | null = null;
    const kill = (name: "SIGTERM" | "SIGKILL") => {
      if (child.pid === undefined) return;
      try {
        process.kill(-child.pid, constants.signals[name]);
      } catch (error) {
        if ((error as { code?: string }).code !== "ESRCH") throw error;
      }
    };
    let killTimer: NodeJS.Timeout | undefined;
    const onAbort = () => {
      problem ??= cancelled(signal?.reason);
      kill("SIGTERM");
      killTimer = setTimeout(() => kill("SIGKILL"), KILL_AFTER_MS);
    };
    signal?.addEventListener("abort", onAbort, { once: true });
    const cutter = lineCutter((line) => {
      const text = line.split("\r").at(-1) ?? "";
      stderr.push(text);
      onProgress?.({ text, stream: "stderr", at: Date.now() * 1000 });
    });
    child.stdout.on("data", (part: Buffer) => {
      bytes += part.length;
      if (bytes > LONGEST_OUTPUT_BYTES) {
        problem ??= new Error("git answered more than is taken");
        kill("SIGKILL");
      } else stdout.push(part);
    });
    child.stderr.on("data", (part: Buffer) => cutter.push(part));
    child.stdin.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") problem ??= error; // it may end before it has read everything
    });
    child.stdin.end(input ?? "");
    const finish = (settle: () => void) => {
      clearTimeout(killTimer);
      signal?.removeEventListener("abort", onAbort);
      settle();
    };
    child.on("error", (error) => finish(() => reject(error)));
    child.on("close", (code) => {
      cutter.flush();
      finish(() => (problem ? reject(problem) : resolve({ code: code ?? -1, stdout: Buffer.concat(stdout), stderr: stderr.join("\n") })));
    });
  });
}
