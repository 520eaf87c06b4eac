import type { TeamContext } from "../context";
import { AppError } from "../errors";
import { findScope, type ScopeInput } from "../metrics/load";
import { findProject } from "../projects/service";

/** What a target, an experiment or an outcome is about: the team, a project, or an application by its name in one. */
export type Place = { projectId: string | null; app: string | null };

/** @throws AppError `not_found` for what the team does not have, `bad_request` for an application without its project */
export async function findPlace(ctx: TeamContext, input: Pick<ScopeInput, "project" | "app">): Promise<Place & { projectName: string | null }> {
  const [named, app] = input.app?.includes("/") ? (input.app.split("/", 2) as [string, string]) : [input.project, input.app];
  if (app !== undefined && named === undefined)
    throw new AppError("bad_request", { what: `It is not said which project ${app.slice(0, 100)} is in.`, fix: "Name it PROJECT/APP." });
  if (named === undefined) return { projectId: null, app: null, projectName: null };
  const project = await findProject(ctx, named);
  if (app !== undefined) await findScope(ctx, { project: project.id, app, environment: undefined });
  return { projectId: project.id, app: app ?? null, projectName: project.name };
}

/** The place as a question about metrics. */
export const scopeOf = ({ projectId, app }: Place): Pick<ScopeInput, "project" | "app"> => ({
  ...(projectId === null ? {} : { project: projectId }),
  ...(app === null ? {} : { app }),
});
