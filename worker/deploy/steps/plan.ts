import { lstat, readFile, realpath } from "node:fs/promises";
import path from "node:path";
import { DeployError } from "../../errors";
import { detectBuild } from "../plan/detectors";
import { dockerfileOf } from "../plan/dockerfile";
import type { Tree } from "../plan/plan";
import type { Results, Run } from "../run";
import { workTree } from "../work-tree";

const MAX_READ_BYTES = 1024 * 1024;

/** Finds out how to build: the Dockerfile that the settings name, else the first detector that knows the application. */
export async function plan(run: Run, signal: AbortSignal): Promise<NonNullable<Results["plan"]>> {
  const tree = treeOf((await workTree(run, signal)).directory);
  const named = run.config.dockerfile;
  if (named) {
    if (!(await tree.has(named)))
      throw new DeployError("no_detector", {
        what: `There is no ${named} in this commit.`,
        why: "The settings name it as the Dockerfile.",
        fix: "Correct the path in Settings, or add the file.",
      });
    run.say(`Dockerfile ${named}, from the settings`);
    return { detector: "settings", dockerfile: { path: named }, port: null, summary: named };
  }
  const { detector, plan } = await detectBuild(tree);
  run.detail({ detector });
  if (plan.kind === "dockerfile") {
    run.say("Dockerfile");
    return { detector, dockerfile: { path: plan.path }, port: null, summary: plan.path };
  }
  const text = dockerfileOf(plan);
  run.say(`Found a ${detector} application; this Dockerfile builds it:`);
  for (const line of text.trimEnd().split("\n")) run.say(`  ${line.length > 160 ? `${line.slice(0, 157)}…` : line}`);
  return { detector, dockerfile: { text }, port: 3000, summary: detector };
}

/** Only files that lie in the tree itself: a link that leads out of it is not followed. */
function treeOf(root: string): Tree {
  const inside = async (file: string): Promise<string | null> => {
    try {
      const real = await realpath(path.join(root, file));
      return real.startsWith(`${await realpath(root)}${path.sep}`) && (await lstat(real)).isFile() ? real : null;
    } catch (error) {
      if (["ENOENT", "ENOTDIR", "ELOOP"].includes((error as NodeJS.ErrnoException).code ?? "")) return null;
      throw error;
    }
  };
  return {
    has: async (file) => (await inside(file)) !== null,
    async read(file) {
      const real = await inside(file);
      if (real === null || (await lstat(real)).size > MAX_READ_BYTES) return null;
      return readFile(real, "utf8");
    },
  };
}
