import { z } from "zod";
import { findApp } from "../apps/find";
import { parseDuration } from "../duration";
import { appReference } from "../inputs";
import { reads, router } from "../trpc";
import { appLog } from "./codec";
import { lineAt, readLines, readTail } from "./read";

export const appLogsSchema = appReference.extend({
  /** `10m`: only lines that are younger. */
  since: z.string().max(10).optional(),
  from: z.coerce.number().int().min(1).optional(),
  limit: z.coerce.number().int().min(1).max(10_000).default(1000),
  replica: z.string().max(50).optional(),
  grep: z.string().max(500).optional(),
});

export const logsRouter = router({
  app: reads
    .meta({
      rest: {
        method: "GET",
        path: "/apps/{app}/logs",
        summary: "Read an application's log, from before its present containers too; as an event stream it follows",
      },
    })
    .input(appLogsSchema)
    .query(async ({ ctx, input }) => {
      const { app } = await findApp(ctx, input.app);
      const stream = appLog(app.id);
      const from = input.from ?? (input.since ? await lineAt(ctx, stream, ctx.now() - parseDuration(input.since) * 1_000_000) : null);
      const lines = from === null ? await readTail(ctx, stream, input.limit) : await readLines(ctx, stream, from, input.limit);
      const nextCursor = from !== null && lines.length === input.limit ? String((lines.at(-1)?.n ?? 0) + 1) : null;
      return { items: lines.filter(lineFilter(input)), nextCursor };
    }),
});

/** Which lines a person asked for: one replica's (`a.1`, or `1`), or those that hold a text (a regular expression is tried by the caller). */
export function lineFilter(wish: { replica?: string | undefined; grep?: string | undefined }): (line: { s: string; x: string }) => boolean {
  const grep = wish.grep?.toLowerCase();
  return (line) =>
    (wish.replica === undefined || line.s === wish.replica || line.s.endsWith(`.${wish.replica}`)) &&
    (grep === undefined || line.x.toLowerCase().includes(grep));
}
