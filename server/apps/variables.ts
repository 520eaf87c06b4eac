import { and, asc, eq, inArray } from "drizzle-orm";
import { appVariables } from "../../db/schema";
import { toIso } from "../../db/schema/columns";
import type { TeamContext } from "../context";
import type { Deployment, DeploymentTrigger } from "../deployments/schema";
import { acceptDeployment } from "../deployments/service";
import { AppError } from "../errors";
import { findApp } from "./find";
import { RESERVED_KEYS, type Variable } from "./schema";

export type VariableView = { key: string; value: string | null; secret: boolean; build: boolean; updatedAt: string };
export type VariablesChanged = { variables: VariableView[]; deployment: Deployment | null };

export const variableContext = (appId: string, key: string) => `variable:${appId}:${key}`;
const MAX_VARIABLES = 500;

/** Values of secrets are null unless `reveal` asks for them; asking is recorded. */
export async function listVariables(ctx: TeamContext, reference: string, reveal: boolean): Promise<VariableView[]> {
  const { app } = await findApp(ctx, reference);
  const rows = await ctx.team.list(appVariables, { where: eq(appVariables.appId, app.id), orderBy: asc(appVariables.key) });
  if (reveal) await ctx.audit("variables.revealed", app);
  return rows.map((row) => ({
    key: row.key,
    value: row.isSecret && !reveal ? null : ctx.key.open(row.value, variableContext(app.id, row.key)),
    secret: row.isSecret,
    build: row.isBuildTime,
    updatedAt: toIso(row.updatedAt),
  }));
}

/**
 * Sets and removes keys in one transaction, and deploys the change once (kind `config`) when the application has a release.
 * @throws AppError `bad_request` for a key that the platform sets itself
 */
export async function changeVariables(
  ctx: TeamContext,
  reference: string,
  change: { set: Variable[]; unset: string[]; replace?: boolean; deploy: boolean; trigger: DeploymentTrigger },
): Promise<VariablesChanged> {
  const receivedAt = ctx.now();
  const { app } = await findApp(ctx, reference);
  const reserved = change.set.find((one) => (RESERVED_KEYS as readonly string[]).includes(one.key));
  if (reserved) throw new AppError("bad_request", { what: `${reserved.key} is set by Dokploy itself.`, fix: "Choose another name." });

  const changed = await ctx.team.transaction(async (rows) => {
    const present = await rows.list(appVariables, { where: eq(appVariables.appId, app.id), lock: "update" });
    const byKey = new Map(present.map((row) => [row.key, row]));
    const wanted = new Map(change.set.map((one) => [one.key, one]));
    const gone = change.replace ? present.filter((row) => !wanted.has(row.key)).map((row) => row.key) : change.unset.filter((key) => byKey.has(key));
    const missing = change.unset.find((key) => !byKey.has(key));
    if (missing !== undefined) throw new AppError("not_found", { what: `${app.name} has no variable ${missing}.`, fix: "dokploy env list APP shows them." });
    if (present.length - gone.length + wanted.size > MAX_VARIABLES)
      throw new AppError("too_large", { what: `An application has at most ${MAX_VARIABLES} variables.` });

    const differing = [...wanted.values()].filter((one) => {
      const row = byKey.get(one.key);
      return (
        !row ||
        ctx.key.open(row.value, variableContext(app.id, one.key)) !== one.value ||
        (one.secret ?? row.isSecret) !== row.isSecret ||
        (one.build ?? row.isBuildTime) !== row.isBuildTime
      );
    });
    const replaced = [...gone, ...differing.map((one) => one.key)];
    if (replaced.length > 0) await rows.remove(appVariables, and(eq(appVariables.appId, app.id), inArray(appVariables.key, replaced)));
    await rows.insertMany(
      appVariables,
      differing.map((one) => ({
        appId: app.id,
        key: one.key,
        value: ctx.key.seal(one.value, variableContext(app.id, one.key)),
        isSecret: one.secret ?? byKey.get(one.key)?.isSecret ?? false,
        isBuildTime: one.build ?? byKey.get(one.key)?.isBuildTime ?? false,
        updatedAt: receivedAt,
      })),
    );
    return replaced;
  });

  if (changed.length > 0) await ctx.audit("variables.changed", app, { keys: changed });
  const deploys = change.deploy && changed.length > 0 && app.releaseId !== null && app.desired === "running";
  const deployment = deploys ? await acceptDeployment(ctx, app.id, { kind: "config", trigger: change.trigger, ref: null, receivedAt }) : null;
  ctx.services.events.publish(ctx.team.id, { type: "app", app: app.id });
  return { variables: await listVariables(ctx, app.id, false), deployment };
}

/**
 * `.env` text: comments, `export`, single and double quotes, values over several lines in double quotes.
 * @throws AppError `bad_request` that names the line
 */
export function parseDotenv(text: string): { key: string; value: string }[] {
  const found: { key: string; value: string }[] = [];
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] ?? "";
    if (/^\s*(#.*)?$/.test(line)) continue;
    const match = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)$/.exec(line);
    if (!match?.[1])
      throw new AppError("bad_request", { what: `Line ${i + 1} is not KEY=value.`, fix: "Write one KEY=value a line; quote values that hold spaces or #." });
    let raw = match[2] ?? "";
    const quote = raw[0] === '"' || raw[0] === "'" ? raw[0] : null;
    if (quote === null) {
      found.push({ key: match[1], value: raw.replace(/\s+#.*$/, "").trim() });
      continue;
    }
    const first = i + 1;
    const closing = quote === '"' ? /^"((?:\\.|[^"\\])*)"\s*(#.*)?$/s : /^'([^']*)'\s*(#.*)?$/s;
    while (!closing.test(raw) && i + 1 < lines.length) raw += `\n${lines[++i]}`;
    const body = closing.exec(raw)?.[1];
    if (body === undefined)
      throw new AppError("bad_request", { what: `The quote that line ${first} opens is never closed.`, fix: 'Close it, or escape quotes inside as \\".' });
    const escapes: Record<string, string> = { n: "\n", r: "\r", t: "\t" };
    found.push({ key: match[1], value: quote === "'" ? body : body.replace(/\\(.)/gs, (_, char: string) => escapes[char] ?? char) });
  }
  return found;
}
