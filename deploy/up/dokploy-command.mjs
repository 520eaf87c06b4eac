// @ts-check
/** `bin/dokploy`: the built command line, built first when it is absent or older than its sources. */
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { filesIn } from "../build/inputs.mjs";
import { checkout } from "./home.mjs";
import { errorLine } from "./say.mjs";

/** As in the contract: the program itself failed. */
const EXIT_FAILED = 5;

export async function dokploy() {
  const program = path.join(checkout, "dist/cli.js");
  try {
    if (!isFresh(program)) await build();
  } catch (error) {
    process.stderr.write(`${errorLine(error)}\n`);
    process.exit(EXIT_FAILED);
  }
  await import(pathToFileURL(program).href);
}

/** @param {string} program */
function isFresh(program) {
  const built = fs.statSync(program, { throwIfNoEntry: false });
  if (!built) return false;
  return filesIn(checkout, ["cli", "package-lock.json"]).every((file) => fs.statSync(path.join(checkout, file)).mtimeMs <= built.mtimeMs);
}

async function build() {
  const { ensurePackages } = await import("./programs.mjs");
  await ensurePackages();
  const { status, stderr } = spawnSync(process.execPath, [path.join(checkout, "deploy/build.mjs"), "client"], {
    stdio: ["ignore", "ignore", "pipe"],
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`the command line could not be built: ${stderr.trim()}`);
  // An unchanged build keeps its file: what matters is that it is not older than what it was made from.
  const now = new Date();
  fs.utimesSync(path.join(checkout, "dist/cli.js"), now, now);
}
