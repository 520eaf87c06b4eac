import { sql } from "drizzle-orm";
import type { TeamContext } from "../context";
import type { TeamRows } from "../data/team-data";
import { commitKind, deploymentKind, incidentKind, personKind, spanKind } from "./kinds";
import { type ImportLine, type LineOf, readLine } from "./lines";
import { merge } from "./merge";
import { Places } from "./places";

export type ImportResult = { accepted: number; duplicates: number; rejected: { line: number; error: string; contradicts?: boolean }[] };
const BATCH_LINES = 5_000;
/** More mistakes than this are counted, not listed. */
const MAX_REJECTED = 10_000;

/**
 * Takes an import in, line by line, in one transaction: a bad line is reported with its number and the rest goes in. The order of lines
 * does not matter; a line that is there already changes nothing, may fill what was absent, and is rejected where it contradicts.
 */
export function importLines(ctx: TeamContext, lines: AsyncIterable<string>): Promise<ImportResult> {
  return ctx.team.transaction(async (rows) => {
    // two imports of one team at once would both find a line new
    await rows.query((db) => db.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`import:${ctx.team.id}`}, 0))`));
    const result: ImportResult = { accepted: 0, duplicates: 0, rejected: [] };
    const places = new Places(ctx, rows);
    let batch: Numbered[] = [];
    let number = 0;
    // lines are read while those before them are taken in
    let before: Promise<void> = Promise.resolve();
    const takeNext = async () => {
      const own = batch;
      batch = [];
      await before;
      before = takeIn(ctx, rows, places, own, result);
      before.catch(() => {}); // heard of when the next is due, or at the end
    };
    try {
      for await (const text of lines) {
        number++;
        if (text.trim() === "") continue;
        const line = readLine(text);
        if (typeof line === "string") reject(result, number, line);
        else batch.push({ number, line });
        if (batch.length >= BATCH_LINES) await takeNext();
      }
      await takeNext();
      await before;
    } finally {
      // nothing may be sent after the transaction's end
      await before.catch(() => {});
    }
    result.rejected.sort((a, b) => a.line - b.line);
    return result;
  });
}

type Numbered<L extends ImportLine = ImportLine> = { number: number; line: L };

function reject(result: ImportResult, line: number, error: string, isContradiction = false): void {
  if (result.rejected.length < MAX_REJECTED) result.rejected.push({ line, error, ...(isContradiction ? { contradicts: true } : {}) });
}

async function takeIn(ctx: TeamContext, rows: TeamRows, places: Places, batch: Numbered[], result: ImportResult): Promise<void> {
  const of = <K extends ImportLine["kind"]>(kind: K) => batch.filter((one): one is Numbered<LineOf<K>> => one.line.kind === kind);
  await takeKind(ctx, rows, places, of("commit"), commitKind, result);
  await takeKind(ctx, rows, places, of("deployment"), deploymentKind, result);
  await takeKind(ctx, rows, places, of("incident"), incidentKind, result);
  await takeKind(ctx, rows, places, of("span"), spanKind, result);
  await takeKind(ctx, rows, places, of("person"), personKind, result);
}

/** How lines of one kind become rows. */
export type Kind<L extends ImportLine, R extends object> = {
  /** The row that a line means, and its identity. */
  toRow(line: L, ctx: TeamContext, places: Places): Promise<{ key: string; row: R }>;
  /** What is stored already, by identity. */
  known(rows: TeamRows, wanted: { key: string; row: R }[]): Promise<Map<string, R>>;
  /** The fields that are compared, and filled where they are absent. */
  fields: readonly (keyof R & string)[];
  insert(rows: TeamRows, list: R[], ctx: TeamContext): Promise<void>;
  fill(rows: TeamRows, row: R, added: readonly (keyof R & string)[]): Promise<void>;
};

async function takeKind<L extends ImportLine, R extends object>(
  ctx: TeamContext,
  rows: TeamRows,
  places: Places,
  batch: Numbered<L>[],
  kind: Kind<L, R>,
  result: ImportResult,
): Promise<void> {
  if (batch.length === 0) return;
  const wanted: { number: number; key: string; row: R }[] = [];
  for (const { number, line } of batch) wanted.push({ number, ...(await kind.toRow(line, ctx, places)) });
  const known = await kind.known(rows, wanted);
  const fresh = new Map<string, R>();
  const filled = new Map<string, { row: R; added: Set<keyof R & string> }>();
  for (const { number, key, row } of wanted) {
    const merged = merge(known.get(key), row, kind.fields);
    if (merged.state === "contradicts") reject(result, number, merged.error, true);
    else if (merged.state === "same") result.duplicates++;
    else {
      result.accepted++;
      known.set(key, merged.row);
      if (merged.state === "new" || fresh.has(key)) fresh.set(key, merged.row);
      else filled.set(key, { row: merged.row, added: new Set([...(filled.get(key)?.added ?? []), ...merged.added]) });
    }
  }
  await kind.insert(rows, [...fresh.values()], ctx);
  for (const { row, added } of filled.values()) await kind.fill(rows, row, [...added]);
}
