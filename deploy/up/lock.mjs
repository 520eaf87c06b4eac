// @ts-check
/** A lock file with its holder in it: a lock whose holder is dead is broken. */
import fs from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { isAlive, readText, recordOf } from "./processes.mjs";

/**
 * Holds `file` while `run` runs.
 * @template T
 * @param {string} file
 * @param {() => Promise<T> | T} run
 * @param {{ onWait?: () => void }} [options]
 * @returns {Promise<T>}
 */
export async function locked(file, run, { onWait = () => {} } = {}) {
  const mine = JSON.stringify(recordOf(process.pid));
  let hasWaited = false;
  while (!take(file, mine)) {
    if (!hasWaited && holderLives(file)) {
      hasWaited = true;
      onWait();
    }
    await wait(100);
  }
  try {
    return await run();
  } finally {
    if (readText(file) === mine) fs.rmSync(file, { force: true });
  }
}

/** @param {string} file @param {string} mine */
function take(file, mine) {
  // A hard link appears whole or not at all, so that no reader sees a lock without its holder.
  const own = `${file}.${process.pid}`;
  fs.writeFileSync(own, mine, { mode: 0o600 });
  try {
    fs.linkSync(own, file);
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== "EEXIST") throw error;
    if (!holderLives(file)) breakLock(file);
    return false;
  } finally {
    fs.rmSync(own, { force: true });
  }
}

/** @param {string} file */
function holderLives(file) {
  const text = readText(file);
  return text !== null && isAlive(JSON.parse(text));
}

/** Takes the lock of a dead holder away; one that was taken by a living holder in the same instant is put back. @param {string} file */
function breakLock(file) {
  const aside = `${file}.${process.pid}.dead`;
  try {
    fs.renameSync(file, aside);
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== "ENOENT") throw error;
    return;
  }
  if (holderLives(aside)) fs.linkSync(aside, file);
  fs.rmSync(aside, { force: true });
}
