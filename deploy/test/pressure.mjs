// @ts-check
/** What the machine was short of meanwhile: the kernel's pressure stall information (Documentation/accounting/psi.rst). */
import fs from "node:fs";

const KINDS = /** @type {const} */ ([
  ["cpu", "some"],
  ["io", "full"],
  ["memory", "full"],
]);

/** Seconds since the start of the machine in which some (processors) or all (disk, memory) that wanted to run had to wait; null where the kernel does not count. */
export function readPressure(folder = "/proc/pressure") {
  const total = (/** @type {string} */ kind, /** @type {string} */ share) => {
    const text = fs.readFileSync(`${folder}/${kind}`, "utf8");
    return Number(new RegExp(`^${share} .*total=(\\d+)`, "m").exec(text)?.[1] ?? 0) / 1e6;
  };
  try {
    return KINDS.map(([kind, share]) => total(kind, share));
  } catch {
    return null;
  }
}

/** @param {number[] | null} before @param {number[] | null} after */
export function shortOf(before, after) {
  if (!before || !after) return "";
  const [cpu = 0, io = 0, memory = 0] = after.map((total, n) => total - (before[n] ?? 0));
  return `waited for a processor ${cpu.toFixed(0)} s, for the disk ${io.toFixed(0)} s, for memory ${memory.toFixed(0)} s`;
}
