import { eq } from "drizzle-orm";
import { appVariables } from "../../db/schema";
import { type Canary, canarySchema, type Health, type Resources, type Strategy, type Volume } from "../../server/apps/schema";
import { variableContext } from "../../server/apps/variables";
import type { TeamContext } from "../../server/context";
import type { ConfigChanges } from "../../server/deployments/schema";
import { type FileFacts, listPresent } from "../../server/files/service";
import type { AppPlace } from "../data";

export type ConfigFile = Pick<FileFacts, "id" | "path" | "configName" | "mode" | "uid" | "gid">;

/** Everything that a release runs with, frozen when its deployment starts. Stored sealed: it holds secrets. */
export type ReleaseConfig = {
  env: Record<string, string>;
  /** Keys whose values are masked in logs. */
  secretKeys: string[];
  buildKeys: string[];
  port: number | null;
  replicas: number;
  strategy: Strategy;
  canary: Canary;
  volumes: Volume[];
  /** Rows of `app_files`, which hold the contents and never change. */
  files: ConfigFile[];
  placement: string[];
  maxReplicasPerNode: number | null;
  health: Health;
  resources: Resources;
  stopGraceS: number;
  drainS: number;
  bakeS: number;
  releaseCommand: string | null;
  dockerfile: string | null;
  buildTarget: string | null;
  buildArgs: Record<string, string>;
  path: string;
};

/** Several changes made before a deployment starts are in it together. */
export async function snapshotConfig(ctx: TeamContext, { app }: AppPlace): Promise<ReleaseConfig> {
  const [variables, files] = await Promise.all([ctx.team.list(appVariables, { where: eq(appVariables.appId, app.id) }), listPresent(ctx.team, app.id)]);
  return {
    env: Object.fromEntries(variables.map((row) => [row.key, ctx.key.open(row.value, variableContext(app.id, row.key))])),
    secretKeys: variables.filter((row) => row.isSecret).map((row) => row.key),
    buildKeys: variables.filter((row) => row.isBuildTime).map((row) => row.key),
    port: app.port,
    replicas: app.replicas,
    strategy: app.strategy,
    canary: canarySchema.parse(app.canary),
    volumes: app.volumes,
    files: files.map(({ id, path, configName, mode, uid, gid }) => ({ id, path, configName, mode, uid, gid })),
    placement: app.placement,
    maxReplicasPerNode: app.maxReplicasPerNode,
    health: app.health,
    resources: app.resources,
    stopGraceS: app.stopGraceS,
    drainS: app.drainS,
    bakeS: app.bakeS,
    releaseCommand: app.releaseCommand,
    dockerfile: app.dockerfile,
    buildTarget: app.buildTarget,
    buildArgs: app.buildArgs,
    path: app.gitPath,
  };
}

const configContext = (appId: string) => `release-config:${appId}`;
export const sealConfig = (ctx: TeamContext, appId: string, config: ReleaseConfig): string => ctx.key.seal(JSON.stringify(config), configContext(appId));
/** Snapshots of before canaries, volumes, files and placement have none of them. */
type Since = "canary" | "volumes" | "files" | "placement" | "maxReplicasPerNode";
export const openConfig = (ctx: TeamContext, appId: string, sealed: string): ReleaseConfig => ({
  canary: canarySchema.parse({}),
  volumes: [],
  files: [],
  placement: [],
  maxReplicasPerNode: null,
  ...(JSON.parse(ctx.key.open(sealed, configContext(appId))) as Omit<ReleaseConfig, Since>),
});

const IGNORED = new Set(["env", "secretKeys", "buildKeys", "files"]);
/** What can differ by name: variables by their key, files by their path, which a key cannot be. */
const named = (config: ReleaseConfig): Map<string, string> =>
  new Map([...Object.entries(config.env), ...config.files.map((file) => [file.path, JSON.stringify(file)] as const)]);

/** What differs between two snapshots by name, never by value; null when there is nothing to compare with. */
export function configChanges(before: ReleaseConfig | null, after: ReleaseConfig): ConfigChanges | null {
  if (!before) return null;
  const [old, fresh] = [named(before), named(after)];
  const keys = [...new Set([...old.keys(), ...fresh.keys()])].sort();
  const settings = (Object.keys(after) as (keyof ReleaseConfig)[]).filter(
    (key) => !IGNORED.has(key) && JSON.stringify(before[key]) !== JSON.stringify(after[key]),
  );
  return {
    added: keys.filter((key) => !old.has(key)),
    removed: keys.filter((key) => !fresh.has(key)),
    changed: [...keys.filter((key) => old.has(key) && fresh.has(key) && old.get(key) !== fresh.get(key)), ...settings.map((key) => `settings.${key}`)],
  };
}

/** All names in one list: keys in order, then settings. */
export function changedKeys(changes: ConfigChanges | null): string[] {
  if (!changes) return [];
  const isSetting = (name: string) => name.startsWith("settings.");
  const names = [...changes.added, ...changes.removed, ...changes.changed];
  return [...names.filter((name) => !isSetting(name)).sort(), ...names.filter(isSetting)];
}

export const secretValues = (config: ReleaseConfig): string[] => config.secretKeys.flatMap((key) => config.env[key] ?? []);
