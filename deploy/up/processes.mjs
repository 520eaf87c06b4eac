// @ts-check
/** Processes known by pid, start time and boot, so that a recycled pid is never mistaken for the one that was recorded (proc(5)). */
import fs from "node:fs";
import { setTimeout as wait } from "node:timers/promises";

/** @typedef {{ pid: number, startTime: string, bootId: string }} ProcessRecord */

/** @param {string} file @returns {string | null} null where there is none */
export function readText(file) {
  try {
    return fs.readFileSync(file, "utf8");
  } catch (error) {
    if (["ENOENT", "ESRCH", "ENOTDIR"].includes(/** @type {NodeJS.ErrnoException} */ (error).code ?? "")) return null;
    throw error;
  }
}

const bootId = () => (readText("/proc/sys/kernel/random/boot_id") ?? "").trim();

/**
 * Field 22 of /proc/<pid>/stat. Null for the dead and for zombies.
 * @param {number} pid
 */
export function startTimeOf(pid) {
  return startTimeIn(readText(`/proc/${pid}/stat`));
}

/** @param {string | null} stat the line of /proc/<pid>/stat; the command in it may hold blanks and brackets */
export function startTimeIn(stat) {
  if (stat === null) return null;
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" || fields[0] === "X" ? null : (fields[19] ?? null);
}

/**
 * @param {number | undefined} pid
 * @returns {ProcessRecord | null} null when it is gone already
 */
export function recordOf(pid) {
  if (!pid) return null;
  const startTime = startTimeOf(pid);
  return startTime === null ? null : { pid, startTime, bootId: bootId() };
}

/** @param {ProcessRecord | null | undefined} record @returns {record is ProcessRecord} */
export const isAlive = (record) => Boolean(record) && record?.bootId === bootId() && startTimeOf(record.pid) === record.startTime;

/**
 * Ends a recorded process: a signal, time to close, then SIGKILL. Nothing happens when it is gone.
 * @param {ProcessRecord | null | undefined} record
 * @param {{ signal?: NodeJS.Signals, graceMs?: number }} [options]
 * @returns {Promise<boolean>} whether there was one to end
 */
export async function endProcess(record, { signal = "SIGTERM", graceMs = 10_000 } = {}) {
  if (!isAlive(record)) return false;
  sendSignal(record.pid, signal);
  for (const deadline = Date.now() + graceMs; Date.now() < deadline; await wait(25)) if (!isAlive(record)) return true;
  sendSignal(record.pid, "SIGKILL");
  while (isAlive(record)) await wait(25);
  return true;
}

/** @param {number} pid @param {NodeJS.Signals} signal */
export function sendSignal(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== "ESRCH") throw error;
  }
}
