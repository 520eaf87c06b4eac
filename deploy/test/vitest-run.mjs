// @ts-check
/** One level's tests, run by vitest and counted from its JSON report. */
import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { endProcess, recordOf } from "../up/processes.mjs";

/** @typedef {{ passed: number, failed: number, skipped: number }} Count */

/** @type {Set<import("../up/processes.mjs").ProcessRecord>} */
const running = new Set();
let isEnding = false;
/** Ends what runs, its test workers too; nothing is begun after it. */
export const endVitest = () => {
  isEnding = true;
  return Promise.all([...running].map((record) => endProcess(record, { signal: "SIGINT", graceMs: 20_000 })));
};

/** What failed in all levels so far, to be said once more at the very end: a long log is often read from there. @type {string[]} */
export const failures = [];

/**
 * @param {string} root
 * @param {string} level a project of vitest.config.ts
 * @param {NodeJS.ProcessEnv} env
 * @param {{ isBeside?: boolean }} [options] beside another level, what it prints is shown when it has ended
 * @returns {Promise<Count>}
 */
export async function runLevel(root, level, env, { isBeside = false } = {}) {
  if (isEnding) throw new Error(`${level} was not begun: the tests are being stopped`);
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
  const read = fs.existsSync(report) ? JSON.parse(fs.readFileSync(report, "utf8")) : null;
  failures.push(...failuresOf(read).map((one) => `${level}: ${path.relative(root, one)}`));
  return countReport(read, status === 0);
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

/** The lines of a message that are repeated: the claim and a first look at its values, not the whole difference. */
const LINES = 12;

/** Each failed test, or file that failed as a whole: where, which, and the start of its message. @param {any} report @returns {string[]} */
export function failuresOf(report) {
  const start = (/** @type {string} */ message) => (message ?? "").split("\n").slice(0, LINES).join("\n  ");
  return (report?.testResults ?? []).flatMap((/** @type {any} */ file) => {
    const failed = file.assertionResults.filter((/** @type {any} */ one) => one.status === "failed");
    if (failed.length === 0) return file.status === "failed" ? [`${file.name}\n  ${start(file.message)}`] : [];
    return failed.map((/** @type {any} */ one) => `${file.name}: ${one.fullName}\n  ${start(one.failureMessages?.[0])}`);
  });
}
