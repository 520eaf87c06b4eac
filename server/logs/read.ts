import { and, asc, desc, eq, gte, type SQL } from "drizzle-orm";
import { logChunks } from "../../db/schema";
import type { Micros } from "../../db/schema/columns";
import type { TeamContext } from "../context";
import { decodeLines, type LogLine } from "./codec";

const CHUNKS_A_READ = 8;

/** Lines `from` … `from + limit − 1` of a stream, as far as they are stored. */
export async function readLines(ctx: TeamContext, stream: string, from: number, limit: number): Promise<LogLine[]> {
  const lines: LogLine[] = [];
  let next = from;
  while (lines.length < limit) {
    const chunks = await ctx.team.list(logChunks, {
      where: and(eq(logChunks.stream, stream), gte(logChunks.lastLine, next)),
      orderBy: asc(logChunks.firstLine),
      limit: CHUNKS_A_READ,
    });
    for (const chunk of chunks) {
      if (lines.length >= limit) break;
      for (const line of decodeLines(chunk.data)) if (line.n >= next && lines.length < limit) lines.push(line);
    }
    const last = chunks.at(-1);
    if (!last || chunks.length < CHUNKS_A_READ) return lines;
    next = last.lastLine + 1;
  }
  return lines;
}

/** The last `limit` lines, oldest first. */
export async function readTail(ctx: TeamContext, stream: string, limit: number): Promise<LogLine[]> {
  const last = await lastLine(ctx, stream);
  return readLines(ctx, stream, Math.max(1, last - limit + 1), limit);
}

/** Number of the first line at or after an instant; one past the end when there is none. */
export async function lineAt(ctx: TeamContext, stream: string, since: Micros): Promise<number> {
  const [chunk] = await ctx.team.list(logChunks, {
    where: and(eq(logChunks.stream, stream), gte(logChunks.lastAt, since)),
    orderBy: asc(logChunks.firstLine),
    limit: 1,
  });
  if (!chunk) return (await lastLine(ctx, stream)) + 1;
  return decodeLines(chunk.data).find((line) => line.t >= since)?.n ?? chunk.firstLine;
}

export async function lastLine(ctx: TeamContext, stream: string, where?: SQL): Promise<number> {
  const [chunk] = await ctx.team.list(logChunks, { where: and(eq(logChunks.stream, stream), where), orderBy: desc(logChunks.firstLine), limit: 1 });
  return chunk?.lastLine ?? 0;
}
