import { and, eq, inArray, isNull } from "drizzle-orm";
import { apps, deployments } from "../../db/schema";
import type { TeamContext } from "../context";
import { cancelDeployment } from "../deployments/service";
import { AppError } from "../errors";
import { operationDone, requestOperation } from "../operations/service";
import { findProject, removeEmptyProject } from "../projects/service";
import { findApp, listPlacedApps } from "./find";
import type { App } from "./schema";
import { readApp } from "./service";

const TIMEOUT_MS = 90_000;

/** Start, stop, restart or scale; answers when it has taken effect. @throws AppError `conflict` when there is nothing to operate on */
export async function operateApp(
  ctx: TeamContext,
  reference: string,
  kind: "start" | "stop" | "restart" | "scale",
  input: { replicas?: number } = {},
): Promise<App> {
  const { app } = await findApp(ctx, reference);
  if (app.releaseId === null && kind !== "scale")
    throw new AppError("conflict", { what: `${app.name} was never deployed.`, fix: `Deploy it first: dokploy deploy ${app.name}` });
  const operation = await requestOperation(ctx, app.id, kind, input);
  await operationDone(ctx, operation.id, TIMEOUT_MS);
  return readApp(ctx, app.id);
}

/** Removes services, routes, and images that nothing else keeps; the ledger stays. Answers when they are gone. */
export async function deleteApp(ctx: TeamContext, reference: string): Promise<{ id: string; name: string }> {
  const { app } = await findApp(ctx, reference);
  const operation = await requestOperation(ctx, app.id, "delete");
  await cancelUnfinished(ctx, [app.id]);
  await operationDone(ctx, operation.id, TIMEOUT_MS);
  return { id: app.id, name: app.name };
}

/** An operation waits until no deployment of the application runs; for one that is going away none needs to end by itself. */
async function cancelUnfinished(ctx: TeamContext, appIds: string[]): Promise<void> {
  if (appIds.length === 0) return;
  const open = await ctx.team.list(deployments, {
    where: and(inArray(deployments.appId, appIds), inArray(deployments.status, ["queued", "running"]), isNull(deployments.liveAt)),
  });
  for (const { id } of open)
    await cancelDeployment(ctx, id).catch((error: unknown) => {
      // it ended or went live while we looked
      if (!(error instanceof AppError && error.code === "conflict")) throw error;
    });
}

/** Removes a project with its applications. */
export async function deleteProject(ctx: TeamContext, nameOrId: string): Promise<{ id: string; name: string }> {
  const project = await findProject(ctx, nameOrId);
  const placed = await listPlacedApps(ctx, eq(apps.projectId, project.id));
  const requested = await Promise.all(placed.map(({ app }) => requestOperation(ctx, app.id, "delete")));
  await cancelUnfinished(
    ctx,
    placed.map(({ app }) => app.id),
  );
  for (const operation of requested) await operationDone(ctx, operation.id, TIMEOUT_MS);
  await removeEmptyProject(ctx, project.id);
  return { id: project.id, name: project.name };
}
