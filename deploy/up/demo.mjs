// @ts-check
/** The demo application's repository, and the base image that its Dockerfile names. */
import fs from "node:fs";
import path from "node:path";
import { ensureBaseImages } from "../../e2e/support/base-images.mjs";
import { engineRequest } from "../../e2e/support/engine-api.mjs";
import { pull } from "./edge-image.mjs";
import { checkout } from "./home.mjs";
import { installPackages } from "./packages.mjs";
import { run } from "./run.mjs";
import { say } from "./say.mjs";

const EXAMPLE = path.join(checkout, "e2e/examples/hello");
const BASE = "node:20-slim";

/**
 * A bare repository with the example in it; one that is there already is left as it is.
 * @param {import("./home.mjs").Home} home
 * @returns {Promise<string>} its folder
 */
export async function ensureDemoRepository(home) {
  const repository = path.join(home.repositories, "hello.git");
  if (fs.existsSync(repository)) return repository;
  const next = `${repository}.next`;
  fs.rmSync(next, { recursive: true, force: true });
  const person = {
    GIT_AUTHOR_NAME: "Dokploy",
    GIT_AUTHOR_EMAIL: "demo@dokploy.local",
    GIT_COMMITTER_NAME: "Dokploy",
    GIT_COMMITTER_EMAIL: "demo@dokploy.local",
  };
  const env = {
    PATH: process.env.PATH,
    LANG: "C.UTF-8",
    HOME: "/nonexistent",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_INDEX_FILE: path.join(next, "first-index"),
    ...person,
  };
  const git = (/** @type {string[]} */ ...args) => run("git", args, { cwd: EXAMPLE, env, doing: `git ${args[0]}` });
  await git("init", "--quiet", "--bare", "--initial-branch=main", next);
  await git(`--git-dir=${next}`, `--work-tree=${EXAMPLE}`, "add", "--all", ".");
  await git(`--git-dir=${next}`, `--work-tree=${EXAMPLE}`, "commit", "--quiet", "--message=Say hello");
  fs.rmSync(path.join(next, "first-index"), { force: true });
  fs.renameSync(next, repository);
  return repository;
}

/**
 * The image that the demo is built from: present, pulled, or made from this machine's own files where no image registry is in reach.
 * @param {string} dockerHost
 */
export async function ensureDemoBase(dockerHost) {
  if ((await engineRequest(dockerHost, "GET", `/images/${encodeURIComponent(BASE)}/json`)).status === 200) return;
  if (await pull(dockerHost, BASE)) return;
  await installPackages([{ program: "busybox", packages: ["busybox-static"], purpose: "a base image for the demo, as none can be pulled" }]);
  await ensureBaseImages({ dockerHost, names: [BASE], log: say });
}
