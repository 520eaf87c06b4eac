// @ts-check
/** A process's output in a file that is turned over by size. */
import fs from "node:fs";

const LARGEST_BYTES = 20 * 1024 * 1024;
const KEPT = 3;

/**
 * A sink that appends to `file` and keeps the last few files of 20 MiB.
 * @param {string} file
 * @param {{ largestBytes?: number, kept?: number }} [options]
 * @returns {(data: Buffer | string) => void}
 */
export function logSink(file, { largestBytes = LARGEST_BYTES, kept = KEPT } = {}) {
  let descriptor = fs.openSync(file, "a", 0o600);
  let size = fs.fstatSync(descriptor).size;
  return (data) => {
    if (size >= largestBytes) {
      fs.closeSync(descriptor);
      turnOver(file, kept);
      descriptor = fs.openSync(file, "a", 0o600);
      size = 0;
    }
    fs.writeSync(descriptor, /** @type {any} */ (data));
    size += Buffer.byteLength(data);
  };
}

/** @param {string} file @param {number} kept */
function turnOver(file, kept) {
  for (let index = kept - 1; index >= 1; index--) {
    const from = index === 1 ? file : `${file}.${index - 1}`;
    if (fs.existsSync(from)) fs.renameSync(from, `${file}.${index}`);
  }
}
