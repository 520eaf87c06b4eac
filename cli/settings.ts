import { NotationError, readCanarySteps, readPlacement, readVolumes } from "../server/apps/notation";
import type { UpdateApp } from "../server/apps/schema";
import { wholeNumber } from "./arguments";
import { usageError } from "./errors";

type Change = (value: string) => UpdateApp;
const orNull = (value: string) => (value === "" ? null : value);
const number = (value: string, key: string) => wholeNumber(value, key) as number;

const UNITS: Record<string, number> = { "": 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };
function bytes(value: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([kmg]?)(?:i?b)?$/i.exec(value);
  if (!match) throw usageError(`${value} is not a size such as 256M or 1G.`);
  return Math.round(Number(match[1]) * (UNITS[(match[2] ?? "").toLowerCase()] ?? 1));
}
function yesNo(value: string): boolean {
  if (!["true", "false", "on", "off", "yes", "no"].includes(value)) throw usageError(`${value} is neither true nor false.`);
  return ["true", "on", "yes"].includes(value);
}

/** @throws CliError with status 2 for what is not in the notation */
export function notation<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof NotationError) throw usageError(error.message);
    throw error;
  }
}

/** The keys of `app set`. An empty value takes a setting back to its default. */
const SETTINGS: Record<string, Change> = {
  name: (name) => ({ name }),
  git: (git) => ({ git }),
  branch: (branch) => ({ branch }),
  path: (path) => ({ path }),
  image: (image) => ({ image }),
  credential: (value) => ({ credential: orNull(value) }),
  dockerfile: (value) => ({ dockerfile: orNull(value) }),
  target: (value) => ({ buildTarget: orNull(value) }),
  port: (value) => ({ port: value === "" ? null : number(value, "port") }),
  replicas: (value) => ({ replicas: number(value, "replicas") }),
  strategy: (value) => ({ strategy: value as UpdateApp["strategy"] }),
  canary: (value) => ({ canary: { steps: notation(() => readCanarySteps(value)) } as UpdateApp["canary"] }),
  volumes: (value) => ({ volumes: notation(() => readVolumes(value)) }),
  placement: (value) => ({ placement: readPlacement(value) }),
  "max-per-node": (value) => ({ maxReplicasPerNode: value === "" ? null : number(value, "max-per-node") }),
  "release-command": (value) => ({ releaseCommand: orNull(value) }),
  "auto-deploy": (value) => ({ autoDeploy: yesNo(value) }),
  "watch-paths": (value) => ({
    watchPaths: value
      .split(",")
      .map((path) => path.trim())
      .filter((path) => path !== ""),
  }),
  "health-path": (healthPath) => ({ healthPath }),
  "health-kind": (value) => ({ health: { kind: value as "http" | "tcp" } }),
  "health-timeout": (value) => ({ health: { timeoutS: number(value, "health-timeout") } }),
  "health-successes": (value) => ({ health: { successes: number(value, "health-successes") } }),
  "start-grace": (value) => ({ health: { startGraceS: number(value, "start-grace") } }),
  "stop-grace": (value) => ({ stopGraceS: number(value, "stop-grace") }),
  drain: (value) => ({ drainS: number(value, "drain") }),
  bake: (value) => ({ bakeS: number(value, "bake") }),
  "retained-releases": (value) => ({ retainedReleases: number(value, "retained-releases") }),
  memory: (value) => ({ resources: { memoryBytes: bytes(value) } }),
  cpus: (value) => ({ resources: { cpus: Number(value) } }),
  "reserved-memory": (value) => ({ resources: { reservedMemoryBytes: bytes(value) } }),
  "reserved-cpus": (value) => ({ resources: { reservedCpus: Number(value) } }),
};

/** @throws CliError with status 2 that lists the keys */
export function readSettings(pairs: [string, string][]): UpdateApp {
  const merged: UpdateApp = {};
  for (const [key, value] of pairs) {
    const change = SETTINGS[key.replaceAll("_", "-").replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)];
    if (!change) throw usageError(`There is no setting ${key}.`, `Settings: ${Object.keys(SETTINGS).join(", ")}`);
    const { health, resources, ...rest } = change(value);
    Object.assign(merged, rest);
    if (health) merged.health = { ...merged.health, ...health };
    if (resources) merged.resources = { ...merged.resources, ...resources };
  }
  return merged;
}
