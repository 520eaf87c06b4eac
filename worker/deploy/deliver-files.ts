import { and, eq, inArray, isNull, lt, notInArray } from "drizzle-orm";
import { appFiles, deployments, releases } from "../../db/schema";
import type { TeamContext } from "../../server/context";
import { fileContext } from "../../server/files/service";
import type { WorkerContext } from "../context";
import { DeployError } from "../errors";
import { openConfig, type ReleaseConfig } from "./release-config";

export type FileContent = { name: string; path: string; content: Buffer; mode: number; uid: number; gid: number };

/** A release's config files with their contents. @throws DeployError when one is no longer kept */
export async function readFiles(ctx: TeamContext, { files }: Pick<ReleaseConfig, "files">): Promise<FileContent[]> {
  if (files.length === 0) return [];
  const ids = files.map((file) => file.id);
  const rows = new Map((await ctx.team.list(appFiles, { where: inArray(appFiles.id, ids) })).map((row) => [row.id, row]));
  return files.map(({ id, path, mode, uid, gid, configName }) => {
    const row = rows.get(id);
    if (!row) throw new DeployError("internal", { what: `The content of ${path} is no longer kept.`, fix: "Set the file again and deploy." }, { kind: "ours" });
    return { name: configName, path, content: Buffer.from(ctx.key.open(row.content, fileContext(id)), "base64"), mode, uid, gid };
  });
}

/** Puts a release's config files where the engine finds them, before a slot that names them. Repeating it changes nothing. */
export async function deliverFiles(worker: WorkerContext, ctx: TeamContext, appId: string, config: Pick<ReleaseConfig, "files">): Promise<void> {
  const files = await readFiles(ctx, config);
  if (files.length > 0) await worker.ports.configs.ensure(files.map(({ name, content }) => ({ name, content, labels: { "dokploy.app": appId } })));
}

/** After a slot is gone: what it alone used goes too. What cannot be removed now is swept later. */
export async function dropUnusedConfigs({ ports, services }: WorkerContext, appId: string): Promise<void> {
  try {
    await ports.configs.removeUnused({ appId, olderThanMs: 0 });
  } catch (error) {
    services.log.warn({ err: error, app: appId }, "config files that nothing uses are not removed yet");
  }
}

/** A deployment that is just starting may have read the version before it was replaced. */
const REPLACED_MICROS = 3_600_000_000;

/** Forgets versions of files, replaced an hour ago and more, that neither a retained release nor a deployment under way names. */
export async function forgetFiles(ctx: TeamContext, appId: string): Promise<void> {
  const isStale = and(eq(appFiles.appId, appId), lt(appFiles.replacedAt, ctx.now() - REPLACED_MICROS));
  if ((await ctx.team.count(appFiles, isStale)) === 0) return;
  const [kept, open] = await Promise.all([
    ctx.team.list(releases, { where: and(eq(releases.appId, appId), isNull(releases.prunedAt)) }),
    ctx.team.list(deployments, { where: and(eq(deployments.appId, appId), eq(deployments.status, "running")) }),
  ]);
  const sealed = [...kept.map((row) => row.config), ...open.flatMap((row) => (typeof row.results.config === "string" ? [row.results.config] : []))];
  const named = sealed.flatMap((config) => openConfig(ctx, appId, config).files.map((file) => file.id));
  await ctx.team.remove(appFiles, named.length > 0 ? and(isStale, notInArray(appFiles.id, named)) : isStale);
}
