import { and, asc, eq } from "drizzle-orm";
import { domains } from "../../db/schema";
import { toIso } from "../../db/schema/columns";
import { findApp, listPlacedApps } from "../apps/find";
import { urlOf } from "../apps/view";
import type { TeamContext } from "../context";
import { AppError } from "../errors";
import { operationDone, requestOperation } from "../operations/service";

export type DomainView = {
  id: string;
  app: string;
  appId: string;
  host: string;
  path: string;
  tls: "auto" | "off" | "own";
  url: string;
  isGenerated: boolean;
  createdAt: string;
};
const ROUTE_TIMEOUT_MS = 15_000;

/**
 * Adds a host name, with a path when only part of it leads here. Answers when the edge serves it.
 * @throws AppError `name_taken` when another application has it, `unsupported` for certificates
 */
export async function addDomain(ctx: TeamContext, input: { app: string; host: string; path: string; tls: "auto" | "off" | "own" }): Promise<DomainView> {
  if (input.tls !== "off") throw new AppError("unsupported", { what: "Certificates come with a later version.", fix: "Add the domain with TLS off." });
  const { app } = await findApp(ctx, input.app);
  const row = await ctx.team.insert(domains, { appId: app.id, host: input.host, path: normalPath(input.path), tls: input.tls, createdAt: ctx.now() });
  if (!row)
    throw new AppError("name_taken", {
      what: `${input.host}${input.path === "/" ? "" : input.path} is taken.`,
      why: "An application has this host and path already.",
      fix: "Choose another host or path, or remove it there first.",
    });
  await ctx.audit("domain.added", app, { host: row.host, path: row.path });
  await applyRoutes(ctx, app.id);
  return toView(ctx, row, app.name);
}

/** @param id of the domain, or its host with an optional path @throws AppError `not_found` */
export async function removeDomain(ctx: TeamContext, input: { app?: string | undefined; domain: string }): Promise<{ id: string }> {
  const scope = input.app ? eq(domains.appId, (await findApp(ctx, input.app)).app.id) : undefined;
  const slash = input.domain.indexOf("/");
  const host = (slash === -1 ? input.domain : input.domain.slice(0, slash)).toLowerCase();
  const all = await ctx.team.list(domains, { where: scope });
  const matching = all.filter((row) => row.id === input.domain || (row.host === host && (slash === -1 || row.path === normalPath(input.domain.slice(slash)))));
  const [found, second] = matching;
  if (!found) throw new AppError("not_found", { what: `There is no domain ${input.domain}.`, fix: "dokploy domain list shows them." });
  if (second)
    throw new AppError("conflict", { what: `${host} has ${matching.length} paths.`, why: matching.map((row) => row.path).join(", "), fix: "Write HOST/PATH." });
  await ctx.team.remove(domains, and(eq(domains.id, found.id)));
  await ctx.audit("domain.removed", { id: found.appId }, { host: found.host, path: found.path });
  await applyRoutes(ctx, found.appId);
  return { id: found.id };
}

export async function listDomains(ctx: TeamContext, reference: string | undefined): Promise<DomainView[]> {
  const placed = reference ? [await findApp(ctx, reference)] : await listPlacedApps(ctx);
  const names = new Map(placed.map(({ app }) => [app.id, app.name]));
  const rows = await ctx.team.list(domains, { orderBy: [asc(domains.host), asc(domains.path)] });
  return rows.flatMap((row) => (names.has(row.appId) ? [toView(ctx, row, names.get(row.appId) ?? "")] : []));
}

async function applyRoutes(ctx: TeamContext, appId: string): Promise<void> {
  const operation = await requestOperation(ctx, appId, "route");
  await operationDone(ctx, operation.id, ROUTE_TIMEOUT_MS);
  ctx.services.events.publish(ctx.team.id, { type: "app", app: appId });
}

const normalPath = (path: string) => (path === "/" ? "/" : path.replace(/\/+$/, "") || "/");

function toView(ctx: TeamContext, row: typeof domains.$inferSelect, app: string): DomainView {
  return {
    id: row.id,
    app,
    appId: row.appId,
    host: row.host,
    path: row.path,
    tls: row.tls,
    url: urlOf(ctx, row),
    isGenerated: row.isGenerated,
    createdAt: toIso(row.createdAt),
  };
}
