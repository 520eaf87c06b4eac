// @ts-check
/**
 * Makes `build/` and `public/build/` (the pages) and `dist/` (the programs) where their inputs changed.
 * `node deploy/build.mjs [pages|server|client]…`; without an argument all of it.
 */
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { bundle, clientBundles, serverBundles } from "./build/bundles.mjs";
import { hashOf } from "./build/inputs.mjs";
import { locked } from "./up/lock.mjs";
import { run } from "./up/run.mjs";
import { errorLine, say } from "./up/say.mjs";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const COMMON = ["package.json", "package-lock.json", "tsconfig.json", "deploy/build.mjs", "deploy/build"];
/** What each part is made from, and what it leaves. */
const PARTS = {
  pages: { inputs: [...COMMON, "app", "server", "db/schema", "remix.config.js"], leaves: ["build/index.js", "public/build"], make: makePages },
  server: {
    inputs: [...COMMON, "server", "worker", "db", "app/lib", "build/index.js", "public"],
    leaves: ["dist/web.js", "dist/worker.js", "dist/agent.js", "dist/migrate.js", "dist/setup.js"],
    make: makeServer,
  },
  client: { inputs: [...COMMON, "cli", "server"], leaves: ["dist/cli.js", "dist/client.js"], make: () => bundle(root, path.join(root, "dist"), clientBundles) },
};

async function makePages() {
  const remix = path.join(root, "node_modules/@remix-run/dev/dist/cli.js");
  await run(process.execPath, [remix, "build"], { cwd: root, env: { ...process.env, NODE_ENV: "production" }, doing: "remix build" });
  fs.rmSync(path.join(root, "build/index.js.map"), { force: true });
}

async function makeServer() {
  const next = path.join(root, "dist.next");
  fs.rmSync(next, { recursive: true, force: true });
  await bundle(root, next, serverBundles(root));
  fs.cpSync(path.join(root, "db/migrations"), path.join(next, "migrations"), { recursive: true });
  fs.cpSync(path.join(root, "public"), path.join(next, "public"), { recursive: true });
  for (const name of ["cli.js", "cli.js.map", "client.js", "client.js.map"]) {
    const file = path.join(root, "dist", name);
    if (fs.existsSync(file)) fs.copyFileSync(file, path.join(next, name));
  }
  fs.rmSync(path.join(root, "dist"), { recursive: true, force: true });
  fs.renameSync(next, path.join(root, "dist"));
}

/** The build's parts in order; each is skipped when nothing it is made from changed. @param {string[]} names */
async function make(names) {
  const record = path.join(root, "node_modules/.cache/dokploy-build.json");
  fs.mkdirSync(path.dirname(record), { recursive: true });
  const known = fs.existsSync(record) ? JSON.parse(fs.readFileSync(record, "utf8")) : {};
  for (const [name, { inputs, leaves, make: makePart }] of Object.entries(PARTS)) {
    if (!names.includes(name)) continue;
    const hash = hashOf(root, inputs, JSON.stringify(leaves));
    if (known[name] === hash && leaves.every((file) => fs.existsSync(path.join(root, file)))) continue;
    say(`building the ${name === "pages" ? "pages" : name === "server" ? "web and worker processes" : "command line"}`);
    await makePart();
    known[name] = hash;
    fs.writeFileSync(record, JSON.stringify(known));
  }
  if (known.server) fs.writeFileSync(path.join(root, "dist/build-id"), known.server);
}

try {
  const names = process.argv.slice(2);
  const unknown = names.find((name) => !(name in PARTS));
  if (unknown) throw new Error(`there is no part ${unknown}: ${Object.keys(PARTS).join(", ")}`);
  await locked(path.join(root, "node_modules/.dokploy-build.lock"), () => make(names.length > 0 ? names : Object.keys(PARTS)));
} catch (error) {
  process.stderr.write(`${errorLine(error)}\n`);
  process.exitCode = 1;
}
