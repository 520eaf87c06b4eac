// @ts-check
/** What a build is made from, as one hash: the same inputs need no second build. */
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";

const SKIPPED = /(^|\/)(node_modules|build|dist|\.[^/]*)$|\.(test|int\.test)\.(ts|tsx|mjs)$|^public\/build(-dev)?$/;

/**
 * @param {string} root
 * @param {string[]} names files and folders below it
 * @returns {string[]} the files in them, sorted
 */
export function filesIn(root, names) {
  /** @type {string[]} */
  const found = [];
  /** @param {string} name */
  const walk = (name) => {
    const stat = fs.statSync(path.join(root, name), { throwIfNoEntry: false });
    if (!stat) return;
    if (!stat.isDirectory()) return void found.push(name);
    for (const child of fs.readdirSync(path.join(root, name))) if (!SKIPPED.test(`${name}/${child}`)) walk(`${name}/${child}`);
  };
  for (const name of names) walk(name);
  return found.sort();
}

/**
 * @param {string} root
 * @param {string[]} names
 * @param {string} [more] whatever else the result depends on
 */
export function hashOf(root, names, more = "") {
  const hash = createHash("sha256").update(`${process.version}\n${more}\n`);
  for (const file of filesIn(root, names)) hash.update(`${file}\0`).update(fs.readFileSync(path.join(root, file)));
  return hash.digest("hex").slice(0, 16);
}
