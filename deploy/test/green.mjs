// @ts-check
/**
 * What was green stays green while nothing that it stands on changes. The levels on the platform take most of the time; a whole run
 * repeats them only when the tree, Node or the engine is another one than when they passed, or when that is a day ago. It says so for
 * each level, with the time and the count; `--fresh` runs everything.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { cacheFolder } from "../up/edge-image.mjs";
import { writeJson } from "../up/files.mjs";

const VALID_MS = 24 * 3_600_000;
/** What no test reads. */
const UNREAD = /^(docs|bench)\/|\.md$/;

/** @typedef {import("./vitest-run.mjs").Count} Count */

/**
 * Everything that a test's outcome may depend on, as one hash; null without a Git checkout, where nothing tells which files belong to it.
 * @param {string} root @param {string} more
 */
export function treeHash(root, more = "") {
  let listed;
  try {
    listed = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: root, stdio: ["ignore", "pipe", "ignore"] });
  } catch {
    return null;
  }
  const hash = createHash("sha256").update(`${process.version} ${process.arch} ${os.release()} ${more}\n`);
  for (const file of listed.toString().split("\0").sort()) {
    const stat = file === "" || UNREAD.test(file) ? undefined : fs.lstatSync(path.join(root, file), { throwIfNoEntry: false });
    if (!stat) continue;
    const content = stat.isSymbolicLink() ? fs.readlinkSync(path.join(root, file)) : stat.isFile() ? fs.readFileSync(path.join(root, file)) : "";
    hash.update(`${file}\0${stat.mode}\0${stat.size}\0`).update(content);
  }
  return hash.digest("hex").slice(0, 32);
}

/** @param {string} hash @param {string} level */
const recordFile = (hash, level, folder = path.join(cacheFolder(), "green")) => path.join(folder, `${hash}-${level}.json`);

/**
 * When a level passed on this very tree, and how many tests it had; null when it has to run.
 * @param {string | null} hash @param {string} level @param {string} [folder]
 * @returns {{ at: string, passed: number } | null}
 */
export function greenBefore(hash, level, folder) {
  if (hash === null) return null;
  const file = recordFile(hash, level, folder);
  const stat = fs.statSync(file, { throwIfNoEntry: false });
  if (!stat || Date.now() - stat.mtimeMs > VALID_MS) return null;
  return JSON.parse(fs.readFileSync(file, "utf8"));
}

/**
 * Keeps a level's result when all of it passed and the tree did not change while it ran; what is older than a day goes.
 * @param {string | null} hash @param {string} level @param {Count} count @param {string} [folder]
 */
export function rememberGreen(hash, level, count, folder) {
  if (hash === null || count.failed > 0 || count.skipped > 0 || count.passed === 0) return;
  const file = recordFile(hash, level, folder);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  for (const name of fs.readdirSync(path.dirname(file))) {
    const old = path.join(path.dirname(file), name);
    if (Date.now() - fs.statSync(old).mtimeMs > VALID_MS) fs.rmSync(old, { force: true });
  }
  writeJson(file, { at: new Date().toISOString(), passed: count.passed });
}
