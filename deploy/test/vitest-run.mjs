// @ts-check
/** One level's tests, run by vitest and counted from its JSON report. */
import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { endProcess, recordOf } from "../up/processes.mjs";

/** @typedef {{ passed: number, failed: number, skipped: number }} Count */

/** @type {Set<import("../up/processes.mjs").ProcessRecord>} */
const running = new Set();
export const endVitest = () => Promise.all([...running].map((record) => endProcess(record, { signal: "SIGINT", graceMs: 5_000 })));

/**
 * @param {string} root
 * @param {string} level a project of vitest.config.ts
 * @param {NodeJS.ProcessEnv} env
 * @param {{ isBeside?: boolean }} [options] beside another level, what it prints is shown when it has ended
 * @returns {Promise<Count>}
 */
export async function runLevel(root, level, env, { isBeside = false } = {}) {
  const report = path.join(root, "test-results", `${level}.json`);
  fs.mkdirSync(path.dirname(report), { recursive: true });
  fs.rmSync(report, { force: true });
  const args = ["run", "--project", level, "--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  const printed = isBeside ? path.join(root, "test-results", `${level}.txt`) : null;
  const out = printed ? fs.openSync(printed, "w") : "inherit";
  const status = await new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [path.join(root, "node_modules/vitest/vitest.mjs"), ...args], {
      cwd: root,
      env,
      stdio: ["ignore", out, out],
    });
    const record = recordOf(child.pid);
    if (record) running.add(record);
    child.once("error", reject);
    child.once("close", (code) => {
      if (record) running.delete(record);
      resolve(code);
    });
  });
  if (printed) process.stdout.write(fs.readFileSync(printed));
  if (typeof out === "number") fs.closeSync(out);
  return countReport(fs.existsSync(report) ? JSON.parse(fs.readFileSync(report, "utf8")) : null, status === 0);
}

/**
 * A report that is missing, or a run that failed without a failing test (a file that could not be loaded, an error outside of any test), is one failure.
 * @param {any} report
 * @param {boolean} isGreen vitest's own verdict
 * @returns {Count}
 */
export function countReport(report, isGreen) {
  if (!report) return { passed: 0, failed: 1, skipped: 0 };
  const files = (report.testResults ?? []).filter(
    (/** @type {any} */ file) => file.status === "failed" && file.assertionResults.every((/** @type {any} */ one) => one.status !== "failed"),
  ).length;
  const failed = report.numFailedTests + files;
  return { passed: report.numPassedTests, failed: failed === 0 && !isGreen ? 1 : failed, skipped: report.numPendingTests + report.numTodoTests };
}
