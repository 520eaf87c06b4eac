// @ts-check
/** Files that are whole or absent, and private where they hold a secret. */
import { createHash, randomBytes } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { readText } from "./processes.mjs";

/** @param {string} file @param {string} content @param {number} [mode] */
export function writeWhole(file, content, mode = 0o600) {
  const next = `${file}.${process.pid}.${randomBytes(3).toString("hex")}`;
  fs.writeFileSync(next, content, { mode });
  fs.renameSync(next, file);
}

/** @param {string} file @param {unknown} value @param {number} [mode] */
export const writeJson = (file, value, mode) => writeWhole(file, `${JSON.stringify(value, null, 2)}\n`, mode);

/** @param {string} file @returns {any} null where there is none */
export function readJson(file) {
  const text = readText(file);
  return text === null ? null : JSON.parse(text);
}

/** @param {string} text */
export const digestOf = (text) => createHash("sha256").update(text).digest("hex");

/**
 * Whether any user may pass through this folder and all above it.
 * @param {string} folder
 */
export function isReachableByAll(folder) {
  for (let at = path.resolve(folder); ; at = path.dirname(at)) {
    const stat = fs.statSync(at, { throwIfNoEntry: false });
    if (stat && (stat.mode & 0o001) === 0) return false;
    if (at === path.dirname(at)) return true;
  }
}

/** @param {string} name @param {string} [search] @returns {string | null} the program's file, looked for on PATH and where system programs are */
export function findProgram(name, search = process.env.PATH ?? "") {
  for (const folder of [...search.split(":"), "/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/local/bin", "/usr/bin", "/bin"]) {
    if (folder === "") continue;
    const file = path.join(folder, name);
    if (isProgram(file)) return file;
  }
  return null;
}

/** @param {string} file */
function isProgram(file) {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false; // absent, or closed to this user: for them it is not there
  }
}
