import { desc, eq } from "drizzle-orm";
import { logChunks } from "../../db/schema";
import type { Services } from "../../server/context";
import { logStream } from "../../server/live/events";
import { readFields } from "../../server/live/reader";
import { encodeLines, type LogLine } from "../../server/logs/codec";
import { fromEntry, toEntry } from "../../server/logs/follow";

const PUBLISH_MS = 40;
const STORE_MS = 1_000;
const MAX_CHUNK_LINES = 5_000;
const MAX_LINE_CHARS = 16_384;
/** What Redis keeps of a stream bridges the second until lines are stored, and no more: 400 batches of at most 500 lines. */
const LIVE_BATCHES = 400;
const BATCH_LINES = 500;
const LIVE_SECONDS = 3_600;

export type LogWriter = {
  write(line: { at: number; step: string; text: string; vertex?: string | undefined; isError?: boolean | undefined }): void;
  /** Values that never appear: each is replaced by `[redacted]`. */
  mask(values: readonly string[]): void;
  lines(): number;
  /** Everything so far is in PostgreSQL. */
  flush(): Promise<void>;
  close(): Promise<void>;
};

/**
 * Writes one log: to Redis within 40 ms for those who watch, to PostgreSQL every second for good. Lines are numbered without gaps;
 * a writer that follows a killed one first stores what only Redis had seen, then goes on with the next number.
 */
export async function openLogWriter(services: Services, teamId: string, stream: string): Promise<LogWriter> {
  const key = logStream(services.env.DOKPLOY_HOME_ID, stream);
  let next = await resumeNumber(services, teamId, stream, key);
  let secrets: string[] = [];
  let toPublish: LogLine[] = [];
  const toStore: LogLine[] = [];
  let publishTimer: NodeJS.Timeout | null = null;
  let storeTimer: NodeJS.Timeout | null = null;
  let storing: Promise<void> = Promise.resolve();

  const publish = () => {
    publishTimer = null;
    const lines = toPublish;
    toPublish = [];
    if (lines.length === 0) return;
    const writes = services.redis.multi();
    for (let from = 0; from < lines.length; from += BATCH_LINES)
      writes.xadd(key, "MAXLEN", "~", LIVE_BATCHES, "*", ...toEntry(lines.slice(from, from + BATCH_LINES)));
    writes
      .expire(key, LIVE_SECONDS)
      .exec()
      .catch((error: Error) => services.log.debug({ error: error.message, stream }, "live lines lost; they are stored"));
  };
  const store = () => {
    storeTimer = null;
    storing = storing.then(async () => {
      for (let batch = toStore.slice(0, MAX_CHUNK_LINES); batch.length > 0; batch = toStore.slice(0, MAX_CHUNK_LINES)) {
        await insertChunk(services, teamId, stream, batch);
        toStore.splice(0, batch.length);
      }
    });
    storing = storing.catch((error: Error) => {
      services.log.warn({ err: error, stream, lines: toStore.length }, "log not stored yet");
      storeTimer ??= setTimeout(store, STORE_MS);
    });
    return storing;
  };

  return {
    write({ at, step, text, vertex, isError }) {
      for (const part of text.split("\n")) {
        const masked = secrets.reduce((line, secret) => line.replaceAll(secret, "[redacted]"), part.replace(/\r$/, ""));
        const line: LogLine = {
          n: next++,
          t: at,
          s: step,
          x: masked.slice(0, MAX_LINE_CHARS),
          ...(vertex ? { v: vertex } : {}),
          ...(isError ? { e: 1 as const } : {}),
        };
        toPublish.push(line);
        toStore.push(line);
      }
      publishTimer ??= setTimeout(publish, PUBLISH_MS);
      storeTimer ??= setTimeout(store, STORE_MS);
    },
    mask(values) {
      const parts = values.flatMap((value) => [value, ...value.split("\n")]).map((value) => value.trim());
      secrets = [...new Set([...secrets, ...parts.filter((value) => value.length >= 4)])].sort((a, b) => b.length - a.length);
    },
    lines: () => next - 1,
    async flush() {
      publish();
      if (storeTimer) clearTimeout(storeTimer);
      await store();
    },
    async close() {
      if (publishTimer) clearTimeout(publishTimer);
      if (storeTimer) clearTimeout(storeTimer);
      publish();
      await store();
    },
  };
}

async function insertChunk(services: Services, teamId: string, stream: string, lines: LogLine[]): Promise<void> {
  const [first, last] = [lines[0], lines.at(-1)];
  if (!first || !last) return;
  await services.db
    .insert(logChunks)
    .values({ teamId, stream, firstLine: first.n, lastLine: last.n, firstAt: first.t, lastAt: Math.max(first.t, last.t), data: await encodeLines(lines) })
    .onConflictDoNothing();
}

async function resumeNumber(services: Services, teamId: string, stream: string, key: string): Promise<number> {
  const [chunk] = await services.db.select().from(logChunks).where(eq(logChunks.stream, stream)).orderBy(desc(logChunks.firstLine)).limit(1);
  const stored = chunk?.lastLine ?? 0;
  const lost: LogLine[] = [];
  try {
    // newest first, as far back as something is missing
    for (let end = "+"; ; ) {
      const entries = await services.redis.xrevrange(key, end, "-", "COUNT", 20);
      const batches = entries.map(([, fields]) => fromEntry(readFields(fields)));
      for (const { json } of batches) lost.push(...(JSON.parse(json) as LogLine[]).filter((line) => line.n > stored));
      const oldest = entries.at(-1)?.[0];
      if (!oldest || entries.length < 20 || batches.some((batch) => batch.first <= stored + 1)) break;
      end = `(${oldest}`;
    }
  } catch (error) {
    services.log.debug({ error: String(error), stream }, "no live lines to recover");
  }
  const ordered = [...new Map(lost.map((line) => [line.n, line])).values()].sort((a, b) => a.n - b.n).filter((line, index) => line.n === stored + 1 + index);
  if (ordered.length > 0) await insertChunk(services, teamId, stream, ordered);
  return stored + ordered.length + 1;
}
