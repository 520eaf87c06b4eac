// @ts-check
/** The programs that are made of the sources: one file each, so that they start fast and run from a copied folder. */
import fs from "node:fs";
import path from "node:path";
import { decode, encode } from "@jridgewell/sourcemap-codec";

/**
 * @typedef {{ source: string, output: string, external?: string[] }} Bundle
 */

/** A package that starts files of its own beside it, and so stays as it is; only the worker needs it. */
const WORKER_PACKAGES = ["piscina"];

/**
 * Packages that our packages load and we never use; each was megabytes of what a process holds when it does nothing. An engine is reached
 * by a socket or by TCP, not by ssh (17 MB of the worker); builds have a session of our own, not dockerode's over gRPC (10 MB); charts are
 * drawn by browsers alone (13 MB of web).
 * @type {Record<string, string>}
 */
const LEFT_OUT = {
  ssh2: 'exports.Client = class { constructor() { throw new Error("An engine is reached by unix:// or tcp://, not by ssh://."); } };',
  "@grpc/grpc-js": "exports.Server = class { constructor() { throw new Error(\"Builds have a session of their own.\"); } };",
  "@grpc/proto-loader": "module.exports = {};",
  recharts: "module.exports = {};",
};

const withoutUnused = {
  name: "without-unused",
  /** @param {import("esbuild").PluginBuild} build */
  setup(build) {
    build.onResolve({ filter: /^(ssh2|recharts|@grpc\/(grpc-js|proto-loader))$/ }, ({ path: name }) => ({ path: name, namespace: "left-out" }));
    build.onLoad({ filter: /.*/, namespace: "left-out" }, ({ path: name }) => ({ contents: LEFT_OUT[name] ?? "" }));
  },
};

/** @param {string} root @returns {Bundle[]} */
export function serverBundles(root) {
  const threads = path.join(root, "worker/threads");
  const names = fs.existsSync(threads) ? fs.readdirSync(threads).filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts")) : [];
  return [
    { source: "server/main.ts", output: "web.js" },
    { source: "server/setup.ts", output: "setup.js" },
    { source: "db/migrate-cli.ts", output: "migrate.js" },
    { source: "worker/main.ts", output: "worker.js", external: WORKER_PACKAGES },
    { source: "worker/agent/main.ts", output: "agent.js" },
    ...names.map((name) => ({ source: `worker/threads/${name}`, output: `threads/${name.replace(/\.ts$/, ".js")}`, external: WORKER_PACKAGES })),
  ];
}

/** @type {Bundle[]} */
export const clientBundles = [
  { source: "cli/main.ts", output: "cli.js" },
  { source: "cli/client.ts", output: "client.js" },
];

const BANNER = [
  'import { createRequire as __createRequire } from "node:module";',
  'import { fileURLToPath as __fileURLToPath } from "node:url";',
  'import { dirname as __dirnameOf } from "node:path";',
  "const require = __createRequire(import.meta.url);",
  "const __filename = __fileURLToPath(import.meta.url);",
  "const __dirname = __dirnameOf(__filename);",
].join(" ");

/**
 * Leaves packages out of a source map: Node keeps a whole map in memory from the first error on, and packages were nine tenths of it.
 * @param {string} file of the map
 */
function dropPackages(file) {
  const map = JSON.parse(fs.readFileSync(file, "utf8"));
  const isOurs = map.sources.map((/** @type {string} */ source) => !/node_modules\/|\.json$/.test(source));
  const lines = decode(map.mappings).map((line) =>
    line.map((segment) => (segment.length > 1 && !isOurs[Number(segment[1])] ? /** @type {[number]} */ ([segment[0]]) : segment)).filter(isFirstOfRun),
  );
  fs.writeFileSync(file, JSON.stringify({ ...map, sources: map.sources.map((/** @type {string} */ source, /** @type {number} */ at) => (isOurs[at] ? source : "")), mappings: encode(lines) }));
}

/** Of neighbours that lead nowhere the first says it for all. @param {{ length: number }} segment @param {number} at @param {{ length: number }[]} line */
const isFirstOfRun = (segment, at, line) => segment.length > 1 || at === 0 || (line[at - 1]?.length ?? 0) > 1;

/**
 * @param {string} root
 * @param {string} folder where the bundles go
 * @param {Bundle[]} bundles
 */
export async function bundle(root, folder, bundles) {
  const missing = bundles.filter(({ source }) => !fs.existsSync(path.join(root, source)));
  if (missing.length > 0) throw new Error(`sources are missing: ${missing.map(({ source }) => source).join(", ")}`);
  const { build } = await import("esbuild");
  await Promise.all(
    bundles.map(({ source, output, external = [] }) =>
      build({
        absWorkingDir: root,
        entryPoints: [source],
        outfile: path.join(folder, output),
        bundle: true,
        platform: "node",
        target: "node20",
        format: "esm",
        sourcemap: "linked",
        sourcesContent: false,
        minifyWhitespace: true,
        legalComments: "none",
        plugins: [withoutUnused],
        define: { "process.env.NODE_ENV": '"production"' },
        banner: { js: BANNER },
        loader: { ".node": "copy" },
        assetNames: "[name]",
        external,
        logLevel: "error",
        tsconfig: path.join(root, "tsconfig.json"),
        // libraries that choose by environment at run time: the native build for this machine is the only one that is there
        logOverride: { "require-resolve-not-external": "silent" },
      }),
    ),
  );
  for (const { output } of bundles) {
    dropPackages(path.join(folder, `${output}.map`));
    onlyAscii(path.join(folder, output));
  }
}

/**
 * esbuild escapes what is not ASCII but in template strings. V8 keeps a source with a single such character at two bytes for each of
 * its six million. An escape in a template means the same, and takes the character's place on the same line.
 * @param {string} file
 */
function onlyAscii(file) {
  const code = fs.readFileSync(file, "utf8");
  fs.writeFileSync(
    file,
    code.replace(/[^\x00-\x7f]/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`),
  );
}
