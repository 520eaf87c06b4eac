import { z } from "zod";
import { DeployError } from "../../errors";
import type { BuildPlan, Detector, Tree } from "./plan";

const STATIC_ROOTS = ["", "public", "dist", "site", "docs"];
const DEFAULT_NODE = "20";
const packageSchema = z.object({
  scripts: z.record(z.string(), z.string()).catch({}),
  main: z.string().optional().catch(undefined),
  engines: z.object({ node: z.string().optional() }).optional().catch(undefined),
  packageManager: z.string().optional().catch(undefined),
  dependencies: z.record(z.string(), z.string()).catch({}),
  devDependencies: z.record(z.string(), z.string()).catch({}),
});

const dockerfile: Detector = {
  name: "Dockerfile",
  detect: async (tree) => ((await tree.has("Dockerfile")) ? { kind: "dockerfile", path: "Dockerfile" } : null),
};

const node: Detector = {
  name: "Node",
  async detect(tree) {
    const text = await tree.read("package.json");
    if (text === null) return null;
    const manifest = parseManifest(text);
    const manager = await managerOf(tree, manifest.packageManager);
    const lockfile = { npm: "package-lock.json", pnpm: "pnpm-lock.yaml", yarn: "yarn.lock" }[manager];
    const build = manifest.scripts.build ? `${manager} run build` : null;
    const version = await versionOf(tree, manifest.engines?.node);
    const hasLockfile = (await tree.has(lockfile)) || (manager === "npm" && (await tree.has("npm-shrinkwrap.json")));
    const start = await startOf(tree, manifest, manager);
    if (start) return { kind: "node", version, manager, hasLockfile, build, start, outputDirectory: null };
    if (build && ("vite" in manifest.devDependencies || "vite" in manifest.dependencies))
      return { kind: "node", version, manager, hasLockfile, build, start: [], outputDirectory: "dist" };
    if (await tree.has("index.html")) return null;
    throw new DeployError("no_detector", {
      what: "package.json says neither how to start nor what to serve.",
      why: "There is no start script, no main file and no server.js or index.js.",
      fix: 'Add "scripts": { "start": "node server.js" } to package.json, or a Dockerfile.',
    });
  },
};

const staticSite: Detector = {
  name: "static site",
  async detect(tree) {
    for (const root of STATIC_ROOTS) if (await tree.has(root === "" ? "index.html" : `${root}/index.html`)) return { kind: "static", root };
    return null;
  },
};

/** In this order: what a person wrote comes first, then the framework, then plain files. */
export const DETECTORS: readonly Detector[] = [dockerfile, node, staticSite];

/** @throws DeployError `no_detector` that says what was looked for */
export async function detectBuild(tree: Tree): Promise<{ detector: string; plan: BuildPlan }> {
  for (const detector of DETECTORS) {
    const plan = await detector.detect(tree);
    if (plan) return { detector: detector.name, plan };
  }
  throw new DeployError("no_detector", {
    what: "Nothing here says how to build this application.",
    why: "There is no Dockerfile, no package.json and no index.html.",
    fix: "Add a Dockerfile, or set the folder of the application in Settings.",
  });
}

function parseManifest(text: string) {
  try {
    return packageSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new DeployError(
      "no_detector",
      {
        what: "package.json is not valid JSON.",
        why: error instanceof Error ? (error.message.split("\n")[0] ?? "") : "",
        fix: "Correct package.json and push again.",
      },
      { cause: error },
    );
  }
}

async function managerOf(tree: Tree, declared: string | undefined): Promise<"npm" | "pnpm" | "yarn"> {
  if (declared?.startsWith("pnpm@") || (await tree.has("pnpm-lock.yaml"))) return "pnpm";
  if (declared?.startsWith("yarn@") || (await tree.has("yarn.lock"))) return "yarn";
  return "npm";
}

/** The major version that `.nvmrc`, `.node-version` or `engines.node` ask for. */
async function versionOf(tree: Tree, engines: string | undefined): Promise<string> {
  const wish = (await tree.read(".nvmrc")) ?? (await tree.read(".node-version")) ?? engines ?? DEFAULT_NODE;
  return /(\d{2,})/.exec(wish)?.[1] ?? DEFAULT_NODE;
}

async function startOf(tree: Tree, manifest: z.infer<typeof packageSchema>, manager: string): Promise<string[] | null> {
  if (manifest.scripts.start) return [manager, ...(manager === "npm" ? ["--silent"] : []), "start"];
  for (const file of [manifest.main, "server.js", "server.mjs", "index.js", "index.mjs"])
    if (file && /^[\w./-]+$/.test(file) && (await tree.has(file))) return ["node", file];
  return null;
}
