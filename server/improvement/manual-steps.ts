import { and, asc, eq, isNull, or } from "drizzle-orm";
import { manualSteps } from "../../db/schema";
import { toIso } from "../../db/schema/columns";
import type { TeamContext } from "../context";
import { AppError } from "../errors";
import { isUuid } from "../projects/service";
import { findPlace } from "./place";

type Row = typeof manualSteps.$inferSelect;
export type ManualStep = {
  id: string;
  title: string;
  place: "before" | "after";
  processS: number;
  waitS: number;
  class: "va" | "nnva";
  /** The project that it is of; null for every project of the team. */
  projectId: string | null;
  setBy: string;
  setAt: string;
};
type Asked = { project?: string | undefined };
type NewStep = Asked & { title: string; place: "before" | "after"; processS: number; waitS: number; class: "va" | "nnva" };
const MOST_STEPS = 30;

/** Steps that people added before and after what the platform sees: those of every project, and of this one. */
export async function listManualSteps(ctx: TeamContext, input: Asked): Promise<{ items: ManualStep[]; nextCursor: null }> {
  const { projectId } = await findPlace(ctx, input);
  const where = projectId === null ? isNull(manualSteps.projectId) : or(isNull(manualSteps.projectId), eq(manualSteps.projectId, projectId));
  const rows = await ctx.team.list(manualSteps, { where, orderBy: [asc(manualSteps.position), asc(manualSteps.setAt)] });
  return { items: rows.map(view), nextCursor: null };
}

/** @throws AppError `not_found` for a project that is not there, `too_many`, `bad_request` for a step without any time */
export async function addManualStep(ctx: TeamContext, input: NewStep): Promise<ManualStep> {
  if (input.processS + input.waitS === 0)
    throw new AppError("bad_request", { what: "The step takes no time.", fix: "Say roughly how long is worked on it, or waited for it: 1h, 2d." });
  const { projectId } = await findPlace(ctx, { project: input.project });
  const row = await ctx.team.transaction(async (rows) => {
    const others = await rows.list(manualSteps);
    if (others.length >= MOST_STEPS)
      throw new AppError("too_many", { what: `${others.length} steps were added already.`, fix: "Remove those that say little." });
    const position = 1 + Math.max(0, ...others.map((one) => one.position));
    const { title, place, processS, waitS, class: cls } = input;
    const made = await rows.insert(manualSteps, { title, place, processS, waitS, class: cls, projectId, position, setBy: ctx.actor, setAt: ctx.now() });
    if (!made) throw new AppError("conflict", { what: "The step could not be kept.", fix: "Try again." });
    await ctx.audit("manual-step.added", { id: made.id, name: title }, { place, processS, waitS }, rows);
    return made;
  });
  return view(row);
}

/** Says its times anew. @throws AppError `not_found` */
export async function changeManualStep(ctx: TeamContext, input: { step: string; processS: number; waitS: number }): Promise<ManualStep> {
  const before = await find(ctx, input.step);
  const values = { processS: input.processS, waitS: input.waitS, setBy: ctx.actor, setAt: ctx.now() };
  const [row] = await ctx.team.update(manualSteps, values, eq(manualSteps.id, before.id));
  await ctx.audit(
    "manual-step.changed",
    { id: before.id, name: before.title },
    { processS: input.processS, waitS: input.waitS, before: [before.processS, before.waitS] },
  );
  return view(row as Row);
}

/** @throws AppError `not_found` */
export async function removeManualStep(ctx: TeamContext, step: string): Promise<{ removed: string }> {
  const row = await find(ctx, step);
  await ctx.team.remove(manualSteps, and(eq(manualSteps.id, row.id)));
  await ctx.audit("manual-step.removed", { id: row.id, name: row.title });
  return { removed: row.id };
}

async function find(ctx: TeamContext, id: string): Promise<Row> {
  const row = isUuid(id) ? await ctx.team.first(manualSteps, eq(manualSteps.id, id)) : null;
  if (!row) throw new AppError("not_found", { what: "There is no such step.", fix: "GET /api/v1/manual-steps lists them." });
  return row;
}

const view = ({ id, title, place, processS, waitS, class: cls, projectId, setBy, setAt }: Row): ManualStep => ({
  id,
  title,
  place,
  processS,
  waitS,
  class: cls,
  projectId,
  setBy,
  setAt: toIso(setAt),
});
