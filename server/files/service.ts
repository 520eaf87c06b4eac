import { randomBytes } from "node:crypto";
import { and, asc, eq, inArray, isNull } from "drizzle-orm";
import { appFiles } from "../../db/schema";
import { toIso } from "../../db/schema/columns";
import { findApp } from "../apps/find";
import type { TeamContext } from "../context";
import type { TeamRows } from "../data/team-data";
import type { Deployment, DeploymentTrigger } from "../deployments/schema";
import { acceptDeployment } from "../deployments/service";
import { AppError } from "../errors";
import { collision, type FileInput, type FileView, MAX_FILES } from "./schema";

export type FilesChanged = { files: FileView[]; deployment: Deployment | null };
type FileRow = typeof appFiles.$inferSelect;

const READABLE = 0o444;
/** What a sealed content is bound to. */
export const fileContext = (id: string) => `file:${id}`;

const { id, path, sizeBytes, isText, mode, uid, gid, configName, createdAt } = appFiles;
const FACTS = { id, path, sizeBytes, isText, mode, uid, gid, configName, createdAt };
export type FileFacts = Pick<FileRow, keyof typeof FACTS>;

/** The present files of an application without their contents. */
export function listPresent(rows: Pick<TeamRows, "query">, appId: string): Promise<FileFacts[]> {
  return rows.query((db, own) =>
    db
      .select(FACTS)
      .from(appFiles)
      .where(own(appFiles, and(eq(appFiles.appId, appId), isNull(appFiles.replacedAt))))
      .orderBy(asc(appFiles.path)),
  );
}

export async function listFiles(ctx: TeamContext, reference: string): Promise<FileView[]> {
  const { app } = await findApp(ctx, reference);
  return (await listPresent(ctx.team, app.id)).map(toView);
}

/** One file with its content, as text where it is text; recorded. @throws AppError `not_found` */
export async function readFileContent(
  ctx: TeamContext,
  input: { app: string; path: string },
): Promise<FileView & { content: string; encoding: "utf8" | "base64" }> {
  const { app } = await findApp(ctx, input.app);
  const row = await ctx.team.first(appFiles, and(eq(appFiles.appId, app.id), eq(appFiles.path, input.path), isNull(appFiles.replacedAt)));
  if (!row) throw noSuchFile(app.name, input.path);
  await ctx.audit("files.revealed", app, { path: row.path });
  const encoding = row.isText ? "utf8" : "base64";
  return { ...toView(row), content: Buffer.from(ctx.key.open(row.content, fileContext(row.id)), "base64").toString(encoding), encoding };
}

type Change = { set: FileInput[]; unset: string[]; deploy: boolean; trigger: DeploymentTrigger };

/**
 * Sets and removes files in one transaction, and deploys the change once (kind `config`) when the application has a release.
 * @throws AppError `bad_request` for places that get in each other's way, `not_found`, `too_large`
 */
export async function changeFiles(ctx: TeamContext, reference: string, change: Change): Promise<FilesChanged> {
  const receivedAt = ctx.now();
  const { app } = await findApp(ctx, reference);
  const changed = await ctx.team.transaction(async (rows) => {
    const present = await rows.list(appFiles, { where: and(eq(appFiles.appId, app.id), isNull(appFiles.replacedAt)), lock: "update" });
    const byPath = new Map(present.map((row) => [row.path, row]));
    const missing = change.unset.find((one) => !byPath.has(one));
    if (missing !== undefined) throw noSuchFile(app.name, missing);
    const wanted = new Map(change.set.map((one) => [one.path, one]));
    const kept = present.filter((row) => !change.unset.includes(row.path) || wanted.has(row.path));
    const paths = [...new Set([...kept.map((row) => row.path), ...wanted.keys()])].sort();
    if (paths.length > MAX_FILES)
      throw new AppError("too_large", { what: `An application has at most ${MAX_FILES} config files.`, fix: "Put more into the image." });
    refuseCollision(paths, app.volumes);

    const fresh = [...wanted.values()].flatMap((one) => {
      const before = byPath.get(one.path);
      const made = versionOf(ctx, app.id, one, before, receivedAt);
      return before && isSame(ctx, before, made) ? [] : [made];
    });
    const gone = present.filter((row) => (change.unset.includes(row.path) && !wanted.has(row.path)) || fresh.some((one) => one.path === row.path));
    const ids = gone.map((row) => row.id);
    if (ids.length > 0) await rows.update(appFiles, { replacedAt: receivedAt }, inArray(appFiles.id, ids));
    await rows.insertMany(appFiles, fresh);
    return [...new Set([...gone, ...fresh].map((row) => row.path))].sort();
  });

  if (changed.length > 0) await ctx.audit("files.changed", app, { paths: changed });
  const deploys = change.deploy && changed.length > 0 && app.releaseId !== null && app.desired === "running";
  const deployment = deploys ? await acceptDeployment(ctx, app.id, { kind: "config", trigger: change.trigger, ref: null, receivedAt }) : null;
  ctx.services.events.publish(ctx.team.id, { type: "app", app: app.id });
  return { files: await listFiles(ctx, app.id), deployment };
}

/** @throws AppError `bad_request` when a file lies where a volume or another file does */
export function refuseCollision(files: readonly string[], volumes: readonly { path: string }[]): void {
  const found = collision(
    files,
    volumes.map((volume) => volume.path),
  );
  if (!found) return;
  const [file, other] = found;
  const isVolume = volumes.some((volume) => volume.path === other);
  throw new AppError("bad_request", {
    what: `${file} cannot be there beside ${isVolume ? "the volume " : ""}${other}.`,
    why: file === other ? "Both would be the same place." : "One lies inside the other.",
    fix: "Choose another place for one of them.",
  });
}

function versionOf(ctx: TeamContext, appId: string, input: FileInput, before: FileRow | undefined, now: number) {
  const content = Buffer.from(input.content, input.encoding);
  const fileId = crypto.randomUUID();
  return {
    id: fileId,
    appId,
    path: input.path,
    content: ctx.key.seal(content.toString("base64"), fileContext(fileId)),
    sizeBytes: content.byteLength,
    isText: !content.includes(0) && Buffer.from(content.toString("utf8")).equals(content),
    mode: input.mode === undefined ? (before?.mode ?? READABLE) : Number.parseInt(input.mode, 8),
    uid: input.uid ?? before?.uid ?? 0,
    gid: input.gid ?? before?.gid ?? 0,
    configName: `dkp-${randomBytes(8).toString("hex")}`,
    createdAt: now,
  };
}

function isSame(ctx: TeamContext, before: FileRow, made: ReturnType<typeof versionOf>): boolean {
  const isAlike = before.mode === made.mode && before.uid === made.uid && before.gid === made.gid && before.sizeBytes === made.sizeBytes;
  return isAlike && ctx.key.open(before.content, fileContext(before.id)) === ctx.key.open(made.content, fileContext(made.id));
}

const noSuchFile = (app: string, place: string) =>
  new AppError("not_found", { what: `${app} has no config file ${place}.`, fix: `dokploy file list ${app} shows them.` });

const toView = (row: FileFacts): FileView => ({
  path: row.path,
  sizeBytes: row.sizeBytes,
  isText: row.isText,
  mode: `0${row.mode.toString(8).padStart(3, "0")}`,
  uid: row.uid,
  gid: row.gid,
  updatedAt: toIso(row.createdAt),
});
