/** How an application is built, as data. `dockerfileOf` turns all but the first kind into a Dockerfile that a person can read and eject. */
export type BuildPlan =
  | { kind: "dockerfile"; path: string }
  | { kind: "static"; root: string }
  | {
      kind: "node";
      version: string;
      manager: "npm" | "pnpm" | "yarn";
      hasLockfile: boolean;
      build: string | null;
      start: string[];
      outputDirectory: string | null;
    };

/** The files of a work tree, as far as detectors need them. Paths are relative; a link that leads out of the tree is no file. */
export type Tree = { has(path: string): Promise<boolean>; read(path: string): Promise<string | null> };

/** A detector knows one kind of application. @returns null when this is none of its kind */
export type Detector = { name: string; detect(tree: Tree): Promise<BuildPlan | null> };
