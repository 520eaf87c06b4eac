import type { TeamContext } from "../context";
import { logStream } from "../live/events";
import type { Entry } from "../live/reader";
import { pause } from "../pause";
import type { LogLine } from "./codec";
import { readLines } from "./read";

/** Lines `first` … `last` without a hole, as a JSON array: as a writer published them, they pass unread. */
export type LineBatch = { first: number; last: number; json: string };

const PAGE_LINES = 5_000;
/** A reader that is further behind than this, in characters, reads again what is stored; it keeps nothing in memory. */
const MAX_WAITING = 16_000_000;
const GAP_MS = 300;
const IDLE_MS = 5_000;

const toBatch = (lines: readonly LogLine[]): LineBatch => ({ first: lines[0]?.n ?? 0, last: lines.at(-1)?.n ?? 0, json: JSON.stringify(lines) });
const linesOf = (batch: LineBatch) => JSON.parse(batch.json) as LogLine[];
/** How a writer publishes a batch (see `worker/deploy/log-writer.ts`). */
export const toEntry = (lines: readonly LogLine[]): string[] => {
  const { first, last, json } = toBatch(lines);
  return ["f", String(first), "t", String(last), "l", json];
};
export const fromEntry = ({ f = "0", t = "0", l = "[]" }: Entry): LineBatch => ({ first: Number(f), last: Number(t), json: l });

/**
 * Batches of lines from `from` on, as they appear, each line exactly once and in order: stored ones first, then live ones.
 * Lines are told apart by number, so that a reader who lost Redis or the connection goes on without a gap or a double line.
 * Ends on abort, or when `isOver` says so after everything stored has been read.
 */
export async function* followBatches(
  ctx: TeamContext,
  stream: string,
  from: number,
  signal: AbortSignal,
  isOver: () => Promise<boolean>,
): AsyncGenerator<LineBatch> {
  let next = from;
  let waiting: LineBatch[] = [];
  let mustRead = true;
  let wake: () => void = () => {};
  const stop = ctx.services.reader.follow(
    logStream(ctx.services.env.DOKPLOY_HOME_ID, stream),
    (entries) => {
      waiting.push(...entries.map(fromEntry));
      if (waiting.reduce((sum, batch) => sum + batch.json.length, 0) > MAX_WAITING) {
        waiting = [];
        mustRead = true;
      }
      wake();
    },
    () => {
      mustRead = true;
      wake();
    },
  );
  const onAbort = () => wake();
  signal.addEventListener("abort", onAbort);
  const advance = (batch: LineBatch) => {
    next = batch.last + 1;
    return batch;
  };
  try {
    while (!signal.aborted) {
      const changed = new Promise<void>((resolve) => {
        wake = resolve;
      });
      const first = waiting.find((batch) => batch.last >= next);
      if (mustRead || (first && first.first > next)) {
        mustRead = false;
        for (
          let page = await readLines(ctx, stream, next, PAGE_LINES);
          page.length > 0 && !signal.aborted;
          page = await readLines(ctx, stream, next, PAGE_LINES)
        )
          yield advance(toBatch(page));
      }
      let hasYielded = false;
      for (let batch = waiting[0]; batch && batch.first <= next && !signal.aborted; batch = waiting[0]) {
        waiting.shift();
        if (batch.last < next) continue;
        hasYielded = true;
        yield advance(batch.first === next ? batch : toBatch(linesOf(batch).filter((line) => line.n >= next)));
      }
      if (hasYielded || mustRead) continue;
      if (await isOver()) {
        const rest = await readLines(ctx, stream, next, PAGE_LINES);
        if (rest.length === 0) return;
        yield advance(toBatch(rest));
        continue;
      }
      // A gap closes when the missing lines are stored, at the latest a second after they appeared.
      await Promise.race([changed, pause(waiting.length > 0 ? GAP_MS : IDLE_MS, signal)]);
    }
  } finally {
    stop();
    signal.removeEventListener("abort", onAbort);
  }
}

/** The same as lines, for readers who choose among them. */
export async function* followLines(...given: Parameters<typeof followBatches>): AsyncGenerator<LogLine[]> {
  for await (const batch of followBatches(...given)) yield linesOf(batch);
}
