// @ts-check
/** The project's own programs: npm packages, build, and a copy that the web process's user can read. */
import fs from "node:fs";
import path from "node:path";
import { checkout } from "./home.mjs";
import { locked } from "./lock.mjs";
import { run } from "./run.mjs";
import { Refusal, say } from "./say.mjs";

const NPM = ["--no-audit", "--no-fund", "--loglevel=error"];

/** npm packages, when they are missing or older than the lockfile. */
export async function ensurePackages() {
  const installed = path.join(checkout, "node_modules/.package-lock.json");
  const wanted = path.join(checkout, "package-lock.json");
  const isFresh = () => fs.existsSync(installed) && fs.statSync(installed).mtimeMs >= fs.statSync(wanted).mtimeMs;
  if (isFresh()) return;
  await locked(path.join(checkout, ".npm-install.lock"), async () => {
    if (isFresh()) return;
    say("installing the npm packages");
    // The build tools are development packages: they are wanted whatever the caller's NODE_ENV says.
    const env = { ...process.env, NODE_ENV: "development" };
    try {
      await run("npm", ["ci", "--include=dev", ...NPM], { cwd: checkout, env, doing: "npm ci" });
    } catch {
      say("npm ci refused the lockfile: npm install takes it");
      await run("npm", ["install", "--include=dev", "--no-save", ...NPM], { cwd: checkout, env, doing: "npm install" }).catch((problem) => {
        throw new Refusal("the npm packages could not be installed", problem.message, "see that npm reaches its registry, and run bin/up again");
      });
    }
    const now = new Date();
    if (fs.existsSync(installed)) fs.utimesSync(installed, now, now);
  });
}

/** The build, where its inputs changed. @returns {Promise<string>} the build's id */
export async function ensureBuild() {
  await run(process.execPath, [path.join(checkout, "deploy/build.mjs")], { cwd: checkout, onLine: say, doing: "the build" });
  return fs.readFileSync(path.join(checkout, "dist/build-id"), "utf8").trim();
}

/**
 * The built programs in a folder that other users may read. Each build has its own, so that what runs is never changed under its feet.
 * @param {import("./home.mjs").Home} home
 * @param {string} buildId
 */
export function copyPrograms(home, buildId) {
  const folder = path.join(home.run, `app-${buildId}`);
  if (fs.existsSync(folder)) return folder;
  const next = `${folder}.next`;
  fs.rmSync(next, { recursive: true, force: true });
  fs.cpSync(path.join(checkout, "dist"), next, { recursive: true });
  openForReading(next);
  // The worker's packages that cannot be bundled are found here; it runs as the caller, who can read the checkout.
  fs.symlinkSync(path.join(checkout, "node_modules"), path.join(next, "node_modules"));
  fs.writeFileSync(path.join(next, "package.json"), '{ "type": "module" }\n', { mode: 0o644 });
  fs.renameSync(next, folder);
  return folder;
}

/** @param {string} folder whatever the caller's umask was */
function openForReading(folder) {
  fs.chmodSync(folder, 0o755);
  for (const item of fs.readdirSync(folder, { withFileTypes: true })) {
    const file = path.join(folder, item.name);
    if (item.isDirectory()) openForReading(file);
    else if (item.isFile()) fs.chmodSync(file, 0o644);
  }
}

/** Removes the copies of other builds. @param {import("./home.mjs").Home} home @param {string} present */
export function removeOldPrograms(home, present) {
  for (const name of fs.readdirSync(home.run)) {
    if (name.startsWith("app-") && path.join(home.run, name) !== present) fs.rmSync(path.join(home.run, name), { recursive: true, force: true });
  }
}
