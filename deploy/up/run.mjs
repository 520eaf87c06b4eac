// @ts-check
/** Runs a program to its end, by argument array. What runs when this program is interrupted is ended with it. */
import { spawn } from "node:child_process";

/** @type {Set<import("node:child_process").ChildProcess>} */
const running = new Set();

let isEnding = false;

/**
 * Ends what is running now, and lets nothing more be started. Returns when it has ended.
 * @param {number} [graceMs]
 */
export async function endRunning(graceMs = 5_000) {
  isEnding = true;
  await Promise.all(
    [...running].map(
      (child) =>
        new Promise((resolve) => {
          child.once("close", resolve);
          child.kill("SIGTERM");
          setTimeout(() => child.kill("SIGKILL"), graceMs).unref();
        }),
    ),
  );
}

/** @throws {Error} once `endRunning` was called: nothing may be left running */
export function refuseWhileEnding() {
  if (isEnding) throw new Error("this program is ending");
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: Record<string, string | undefined>, input?: string, uid?: number, gid?: number, onLine?: (line: string) => void, doing?: string, timeoutMs?: number }} [options]
 *   `onLine` is given each line of both outputs
 * @returns {Promise<{ stdout: string, output: string }>} standard output, and the end of both outputs together
 * @throws {Error} with the last lines of its output when it fails
 */
export function run(command, args, { cwd, env, input, uid, gid, onLine, doing = command, timeoutMs = 0 } = {}) {
  return new Promise((resolve, reject) => {
    if (isEnding) return reject(new Error(`${doing} is not started: this program is ending`));
    const child = spawn(command, args, { cwd, env: /** @type {any} */ (env), uid, gid, stdio: ["pipe", "pipe", "pipe"] });
    running.add(child);
    const patience = timeoutMs > 0 ? setTimeout(() => child.kill("SIGTERM"), timeoutMs) : undefined;
    let stdout = "";
    let output = "";
    let rest = "";
    /** @param {string} text */
    const take = (text) => {
      output = (output + text).slice(-64_000);
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) onLine?.(line);
    };
    child.stdout.setEncoding("utf8").on("data", (text) => {
      stdout += text;
      take(text);
    });
    child.stderr.setEncoding("utf8").on("data", take);
    child.stdin.on("error", () => {}); // a program that does not read its input ends with its own status
    child.stdin.end(input ?? "");
    child.once("error", (error) => {
      running.delete(child);
      clearTimeout(patience);
      reject(new Error(`${doing} could not be started: ${error.message}`));
    });
    child.once("close", (code, signal) => {
      running.delete(child);
      clearTimeout(patience);
      if (code === 0) return resolve({ stdout, output });
      reject(new Error(`${doing} ended with ${signal ?? `status ${code}`}: ${output.trimEnd().split("\n").slice(-12).join("\n")}`));
    });
  });
}
