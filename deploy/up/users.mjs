// @ts-check
/** Users of our own, so that what the internet reaches runs with as little as possible. */
import fs from "node:fs";
import path from "node:path";
import { findProgram, isReachableByAll } from "./files.mjs";
import { isRoot } from "./home.mjs";
import { run } from "./run.mjs";
import { Refusal, say } from "./say.mjs";

/** @typedef {{ name: string, uid: number, gid: number }} User */

/** @param {string} name @param {string} [passwd] the text of passwd(5) @returns {User | null} */
export function findUser(name, passwd = fs.readFileSync("/etc/passwd", "utf8")) {
  const fields = passwd
    .split("\n")
    .map((line) => line.split(":"))
    .find(([user]) => user === name);
  return fields ? { name, uid: Number(fields[2]), gid: Number(fields[3]) } : null;
}

/**
 * A system user without shell, home or groups. Without root there is none, and what would run as it runs as the caller.
 * @param {string} name
 * @returns {Promise<User | null>}
 */
export async function ensureUser(name) {
  if (!isRoot()) return null;
  const known = findUser(name);
  if (known) return known;
  const useradd = findProgram("useradd");
  if (!useradd) throw new Refusal(`the user ${name} cannot be made`, "useradd is missing", "install the package passwd and run bin/up again");
  say(`making the system user ${name}`);
  try {
    await run(useradd, ["--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent", "--shell", findProgram("nologin") ?? "/bin/false", name]);
  } catch (error) {
    if (!findUser(name)) throw error; // else another bin/up made it in the same moment
  }
  return /** @type {User} */ (findUser(name));
}

/**
 * A folder that belongs to this user alone.
 * @param {string} folder
 * @param {User | null} user
 */
export function ensureOwnFolder(folder, user) {
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (user) fs.chownSync(folder, user.uid, user.gid);
}

/**
 * A Node that every user may run: this one, or a copy of it where its folder is closed to others.
 * @param {string} folder for the copy
 */
export function nodeForAll(folder) {
  const own = fs.realpathSync(process.execPath);
  if (!isRoot() || (isReachableByAll(path.dirname(own)) && (fs.statSync(own).mode & 0o005) === 0o005)) return own;
  const copy = path.join(folder, `node-${process.version}`);
  if (!fs.existsSync(copy)) {
    fs.copyFileSync(own, `${copy}.next`);
    fs.chmodSync(`${copy}.next`, 0o755);
    fs.renameSync(`${copy}.next`, copy);
  }
  return copy;
}
