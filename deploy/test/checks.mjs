// @ts-check
/** The static checks: each counts as one test. */
import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { findHeavyPages, findTraces } from "./client-bundle.mjs";

/** `interface.md`: what a page without charts may make the browser load first, compressed. */
const FIRST_LOAD_BYTES = 130 * 1024;

/** @param {string} root @returns {{ name: string, check: () => Promise<string | null> }[]} `check` answers null, or what is wrong */
export function staticChecks(root) {
  const tool =
    (/** @type {string} */ name, /** @type {string[]} */ ...args) =>
    () =>
      outputOfFailure(path.join(root, "node_modules/.bin", name), args, root);
  const folders = ["app", "server", "worker", "db", "cli"].filter((folder) => fs.existsSync(path.join(root, folder)));
  return [
    { name: "types", check: tool("tsc", "--noEmit") },
    { name: "lint and format", check: tool("biome", "check", "--max-diagnostics=40", ".") },
    { name: "boundaries", check: tool("depcruise", "--config", ".dependency-cruiser.cjs", "--output-type", "err", ...folders) },
    { name: "no server package in the browser's bundle", check: async () => findTraces(path.join(root, "public/build")) },
    { name: "first load of pages", check: async () => findHeavyPages(path.join(root, "public/build"), FIRST_LOAD_BYTES) },
  ];
}

/** @param {string} command @param {string[]} args @param {string} cwd @returns {Promise<string | null>} */
function outputOfFailure(command, args, cwd) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (output += text));
    child.once("error", (error) => resolve(error.message));
    child.once("close", (code) => resolve(code === 0 ? null : output.trim() || `it ended with status ${code}`));
  });
}
