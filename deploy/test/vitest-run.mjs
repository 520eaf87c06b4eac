// @ts-check
/** One level's tests, run by vitest and counted from its JSON report. */
import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { endProcess, recordOf } from "../up/processes.mjs";
import { countReport } from "./count.mjs";
import { readFailures } from "./failures.mjs";
import { readPressure, shortOf } from "./pressure.mjs";

/** @typedef {import("./count.mjs").Count} Count */

/** @type {Set<import("../up/processes.mjs").ProcessRecord>} */
const running = new Set();
let isEnding = false;
/** Ends what runs, its test workers too; nothing is begun after it. */
export const endVitest = () => {
  isEnding = true;
  return Promise.all([...running].map((record) => endProcess(record, { signal: "SIGINT", graceMs: 20_000 })));
};

/** @typedef {{ count: Count, failures: Failure[], logs: string | null, report: any }} LevelResult `logs`: of the platform that it stood on; `report`: vitest's JSON */
/** @typedef {import("./failures.mjs").Failure} Failure */

/**
 * @param {string} root
 * @param {string} level a project of vitest.config.ts
 * @param {NodeJS.ProcessEnv} env
 * @param {{ isBeside?: boolean, files?: string[], turn?: string }} [options] beside another level, what it prints is shown when it has
 *   ended; `files` for these only; `turn` tells its reports from those of an earlier one
 * @returns {Promise<LevelResult>}
 */
export async function runLevel(root, level, env, { isBeside = false, files = [], turn = "" } = {}) {
  if (isEnding) throw new Error(`${level} was not begun: the tests are being stopped`);
  const results = path.join(root, "test-results", `${level}${turn}`);
  const [report, failed, printed] = /** @type {const} */ ([`${results}.json`, `${results}.failures.json`, `${results}.txt`]);
  fs.mkdirSync(path.dirname(results), { recursive: true });
  for (const file of [report, failed]) fs.rmSync(file, { force: true });
  const reporters = [
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${report}`,
    `--reporter=${path.join(root, "deploy/test/failure-reporter.mjs")}`,
  ];
  const out = isBeside ? fs.openSync(printed, "w") : "inherit";
  const pressure = readPressure();
  const began = performance.now();
  const status = await new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [path.join(root, "node_modules/vitest/vitest.mjs"), "run", "--project", level, ...reporters, ...files], {
      cwd: root,
      env: { ...env, DOKPLOY_TEST_FAILURES: failed },
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
  if (typeof out === "number") {
    fs.closeSync(out);
    process.stdout.write(fs.readFileSync(printed));
  }
  const seconds = ((performance.now() - began) / 1000).toFixed(0);
  process.stdout.write(`${level}${turn}: ${[`${seconds} s`, shortOf(pressure, readPressure())].filter(Boolean).join("; all that ran meanwhile ")}\n`);
  const read = fs.existsSync(report) ? JSON.parse(fs.readFileSync(report, "utf8")) : null;
  const count = countReport(read, status === 0);
  const logs = env.DOKPLOY_HOME ? path.join(env.DOKPLOY_HOME, "logs") : null;
  const failures = readFailures(failed) ?? [];
  return { count, failures: failures.length > 0 ? failures : lost(level, count), logs, report: read };
}

/** @param {string} level @param {Count} count @returns {Failure[]} */
const lost = (level, { failed }) =>
  failed === 0
    ? []
    : [{ file: `${level} as a whole`, name: "", messages: ["something outside of any test; vitest's own output above says what"], from: 0, to: 0 }];
