// @ts-check
/**
 * Tests on the real engine that failed beside others are run once more, alone. What passes then has passed, and is named as unsteady with
 * everything it said when it failed: decision 017.
 */
import fs from "node:fs";
import { add, countReport } from "./count.mjs";
import { runLevel } from "./vitest-run.mjs";

/** @typedef {import("./vitest-run.mjs").LevelResult} LevelResult */
/** @typedef {{ level: string, env: NodeJS.ProcessEnv, result: LevelResult }} LevelRun */

/** More than so many files of a level at once are no accident. */
export const MOST_FILES = 5;

/** The files that are worth another look: none when all passed, when there are many, or when something failed that is no test's. @param {LevelResult} result */
export function filesToRepeat({ failures }) {
  const files = [...new Set(failures.map((failure) => failure.file))];
  return files.length <= MOST_FILES && files.every((file) => fs.existsSync(file)) ? files : [];
}

/**
 * @param {string} root @param {LevelRun} run
 * @returns {Promise<{ result: LevelResult, unsteady: LevelResult["failures"] }>} the level as it is now, and what failed at first only
 */
export async function secondGo(root, { level, env, result }) {
  const files = filesToRepeat(result);
  if (files.length === 0) return { result, unsteady: [] };
  process.stdout.write(`${level}: ${files.length === 1 ? "a file" : `${files.length} files`} with failures, once more with nothing beside\n`);
  return merge(result, await runLevel(root, level, env, { files, turn: "-again" }), files);
}

/** @param {LevelResult} first @param {LevelResult} second @param {string[]} files those of the second */
export function merge(first, second, files) {
  const repeated = new Set(files);
  const others = { ...first.report, testResults: (first.report?.testResults ?? []).filter((/** @type {{ name: string }} */ file) => !repeated.has(file.name)) };
  const fails = (/** @type {{ file: string, name: string }} */ one) => second.failures.some(({ file, name }) => file === one.file && name === one.name);
  const isLost = second.report === null;
  return {
    result: { ...second, count: add(countReport(others, true), second.count), report: null },
    unsteady: isLost ? [] : first.failures.filter((failure) => !fails(failure)),
  };
}
