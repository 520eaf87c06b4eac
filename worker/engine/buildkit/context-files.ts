import { lstatSync, readdirSync, readlinkSync } from "node:fs";
import { readFile, realpath, stat } from "node:fs/promises";
import path from "node:path";
import { byBytes } from "./filesync";
import { type ContextFilter, contextFilter, parseIgnoreFile } from "./ignore-file";

export type ContextEntry = { path: string; type: "directory" | "file" | "symlink"; mode: number; bytes: number; target: string };
export type ContextLimits = { files: number; bytes: number };

/** The folder cannot become a build context; `what`, `why`, `fix` are shown to the user. */
export class ContextRefused extends Error {
  constructor(readonly explanation: { what: string; why: string; fix: string }) {
    super(explanation.what);
    this.name = "ContextRefused";
  }
}

const LONGEST_TEXT_BYTES = 1 << 20;

/** A file's text; null when it is not there, or lies outside the folder. @throws ContextRefused when it is longer than such a file is */
export async function readInside(root: string, name: string): Promise<string | null> {
  try {
    const file = await realpath(path.join(root, name));
    if (!file.startsWith(`${await realpath(root)}${path.sep}`)) return null;
    const { size } = await stat(file);
    if (size > LONGEST_TEXT_BYTES)
      throw new ContextRefused({ what: `${name} is too long`, why: `It has ${size} bytes; ${LONGEST_TEXT_BYTES} are taken.`, fix: "Shorten it." });
    return await readFile(file, "utf8");
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "EISDIR", "ELOOP"].includes((error as { code?: string }).code ?? "")) return null;
    throw error;
  }
}

/** The filter of a folder: `<Dockerfile>.dockerignore` where there is one, else `.dockerignore`. */
export async function readFilter(root: string, dockerfile: string): Promise<ContextFilter> {
  const own = await readInside(root, `${dockerfile}.dockerignore`);
  const text = own ?? (await readInside(root, ".dockerignore")) ?? "";
  return contextFilter(parseIgnoreFile(text), [dockerfile]);
}

const special = (name: string) =>
  new ContextRefused({
    what: `${name} cannot be part of a build`,
    why: "It is a socket, a device or a pipe.",
    fix: "Remove it from the repository, or name it in .dockerignore.",
  });
const notText = (name: string) =>
  new ContextRefused({
    what: `The file name ${JSON.stringify(name)} is not UTF-8`,
    why: "Build contexts take no other names.",
    fix: "Rename the file, or name its folder in .dockerignore.",
  });
const tooMany = (files: number) =>
  new ContextRefused({
    what: `The build context has more than ${files} files`,
    why: "That is the limit of this server.",
    fix: "Name what the build does not need (node_modules, .git) in .dockerignore.",
  });
const tooLarge = (bytes: number) =>
  new ContextRefused({
    what: `The build context is larger than ${Math.round(bytes / 1e6)} MB`,
    why: "That is the limit of this server.",
    fix: "Name what the build does not need in .dockerignore.",
  });

/** After so many names others on this thread have their turn. */
const NAMES_A_TURN = 500;

/**
 * Lists what goes into a build context: folders before what is in them, siblings by the bytes of their names. Links stay links and are
 * not followed. Asks the file system synchronously, ten times as fast as by the pool of threads: not for the main thread.
 * @throws ContextRefused for a special file, a name that is not UTF-8, or more than the limits allow
 */
export async function* listContext(root: string, filter: ContextFilter, limits: ContextLimits): AsyncGenerator<ContextEntry[]> {
  let [files, bytes] = [0, 0];
  const told = new Set<string>();
  let listed: ContextEntry[] = [];

  function addParents(of: string): void {
    for (let end = of.indexOf("/"); end !== -1; end = of.indexOf("/", end + 1)) {
      const folder = of.slice(0, end);
      if (told.has(folder)) continue;
      told.add(folder);
      listed.push({ path: folder, type: "directory", mode: lstatSync(path.join(root, folder)).mode & 0o777, bytes: 0, target: "" });
    }
  }

  function addFile(name: string): void {
    const file = path.join(root, name);
    const state = lstatSync(file);
    const isLink = state.isSymbolicLink();
    if (!state.isFile() && !isLink) throw special(name);
    files += 1;
    bytes += state.size;
    if (files > limits.files) throw tooMany(limits.files);
    if (bytes > limits.bytes) throw tooLarge(limits.bytes);
    addParents(name);
    if (isLink) listed.push({ path: name, type: "symlink", mode: 0o777, bytes: 0, target: readlinkSync(file) });
    else listed.push({ path: name, type: "file", mode: state.mode & 0o777, bytes: state.size, target: "" });
  }

  function* below(folder: string): Generator<void> {
    for (const item of readdirSync(path.join(root, folder), { withFileTypes: true }).sort((a, b) => byBytes(a.name, b.name))) {
      const name = folder === "" ? item.name : `${folder}/${item.name}`;
      const [isTaken, isEntered] = [filter.takes(name), item.isDirectory() && filter.enters(name)];
      if ((isTaken || isEntered) && name.includes("\uFFFD")) throw notText(name);
      if (isTaken && item.isDirectory()) addParents(`${name}/`);
      if (isTaken && !item.isDirectory()) addFile(name);
      if (isEntered) yield* below(name);
      yield;
    }
  }

  let names = 0;
  for (const _name of below("")) {
    names += 1;
    if (names % NAMES_A_TURN !== 0) continue;
    yield listed;
    listed = [];
    await new Promise((resolve) => setImmediate(resolve));
  }
  yield listed;
}
