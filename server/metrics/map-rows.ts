import { inArray } from "drizzle-orm";
import { incidents } from "../../db/schema";
import { toIso } from "../../db/schema/columns";
import type { TeamContext } from "../context";
import type { Table } from "../csv";
import { AppError } from "../errors";
import { attribute } from "../streams/attribute";
import { BAKE } from "../streams/definitions";
import { type MapRun, runInterval } from "./map";
import { nameDeployments } from "./names";
import { windowView } from "./scope-fields";
import { type Asked, loadMapRuns } from "./streams";

/** What one run spent in a step, in seconds: the parts of its time that the map gives to that step. */
export type StepRow = { subject: string; startedAt: string; process: number; wait: number; lead: number; attempts: number; outcome: string };

/** The runs behind one box of the map, the longest first; their sums are the box's. Pure. */
export function stepRows(runs: readonly MapRun[], step: string): StepRow[] {
  const rows = runs.flatMap((run): StepRow[] => {
    const interval = runInterval(run);
    if (!interval) return [];
    const spans = run.spans.filter((span) => span.step !== BAKE && span.outcome !== "skipped");
    const slices = attribute(spans, interval.from, interval.to).filter((slice) => slice.step === step);
    const own = spans.filter((span) => span.step === step);
    const first = slices[0]?.startedAt ?? own[0]?.startedAt;
    if (first === undefined) return [];
    let [process, wait] = [0, 0];
    for (const slice of slices) {
      if (slice.class === "wait") wait += slice.finishedAt - slice.startedAt;
      else process += slice.finishedAt - slice.startedAt;
    }
    const outcome = own.findLast((span) => span.outcome !== "interrupted")?.outcome ?? own.at(-1)?.outcome ?? "ok";
    return [
      {
        subject: run.id,
        startedAt: toIso(first),
        process: process / S,
        wait: wait / S,
        lead: (process + wait) / S,
        attempts: Math.max(1, own.length),
        outcome,
      },
    ];
  });
  return rows.sort((a, b) => b.lead - a.lead || (a.subject < b.subject ? -1 : 1));
}
const S = 1_000_000;

export type NamedStepRow = StepRow & { name: string; number: number | null };

/** @throws AppError as `streamMap` does, `bad_request` for a cursor that is none */
export async function mapRows(ctx: TeamContext, input: Asked & { stream: string; step: string; limit: number; cursor?: string | undefined }) {
  const { runs, window, asOf } = await loadMapRuns(ctx, input);
  const all = stepRows(runs, input.step);
  const begin = input.cursor === undefined ? 0 : Number(input.cursor);
  if (!Number.isInteger(begin) || begin < 0) throw new AppError("bad_request", { what: "The cursor is not one that a page ended with." });
  const rows = all.slice(begin, begin + input.limit);
  const name = await namesOf(ctx, input.stream, rows);
  return {
    stream: input.stream,
    step: input.step,
    window: windowView(window),
    asOf: toIso(asOf),
    total: all.length,
    items: rows.map((row): NamedStepRow => ({ ...row, ...name(row.subject) })),
    nextCursor: begin + rows.length < all.length ? String(begin + rows.length) : null,
  };
}
export type MapRows = Awaited<ReturnType<typeof mapRows>>;

async function namesOf(ctx: TeamContext, stream: string, rows: StepRow[]): Promise<(subject: string) => { name: string; number: number | null }> {
  if (stream === "incident") {
    const found =
      rows.length === 0
        ? []
        : await ctx.team.list(incidents, {
            where: inArray(
              incidents.id,
              rows.map((row) => row.subject),
            ),
          });
    const names = new Map(found.map((one) => [one.id, one.externalId]));
    return (subject) => ({ name: names.get(subject) ?? subject, number: null });
  }
  const names =
    stream === "deployment"
      ? await nameDeployments(
          ctx,
          rows.map((row) => ({ deployment: row.subject })),
        )
      : new Map();
  return (subject) => ({ name: names.get(subject)?.app ?? subject, number: names.get(subject)?.number ?? null });
}

export const mapRowsTable = ({ items }: Pick<MapRows, "items">): Table => ({
  header: ["subject", "name", "number", "started_at", "process_s", "wait_s", "lead_s", "attempts", "outcome"],
  rows: items.map((row) => [row.subject, row.name, row.number, row.startedAt, row.process, row.wait, row.lead, row.attempts, row.outcome]),
});
