import type { Redis } from "ioredis";
import type { Log } from "../log";

/** Entries of log lines may be 100 KiB each: what is read at once is held at once. */
const MOST_AT_ONCE = 128;

/** The fields of one entry by name. */
export type Entry = Record<string, string>;
type Listener = (entries: Entry[]) => void;
export type LiveReader = {
  /** Calls `listener` with new entries of a stream; returns the way to stop. `from` is a Redis id, `$` for what comes. */
  follow(key: string, listener: Listener, onReset: () => void): () => void;
  close(): void;
};

/**
 * One blocking connection for all streams that anybody in this process watches. Adding a stream wakes the read through
 * a control stream of this process's own. After a lost connection every follower is told to read again from PostgreSQL.
 */
export function createLiveReader(redis: Redis, prefix: string, log: Log): LiveReader {
  const connection = redis.duplicate({ maxRetriesPerRequest: null, enableOfflineQueue: true });
  connection.on("error", (error) => log.debug({ error: error.message }, "live reader"));
  const control = `${prefix}:reader:${process.pid}:${Math.random().toString(36).slice(2)}`;
  const streams = new Map<string, { position: string; listeners: Map<Listener, () => void> }>();
  let isClosed = false;
  let controlPosition = "0";

  const reset = () => {
    for (const stream of streams.values()) {
      stream.position = "$";
      for (const onReset of stream.listeners.values()) onReset();
    }
  };

  const nudge = () => {
    redis
      .multi()
      .xadd(control, "MAXLEN", 10, "*", "c", "1")
      .expire(control, 3600)
      .exec()
      .catch((error: Error) => log.debug({ error: error.message }, "live reader nudge"));
  };

  const loop = async () => {
    while (!isClosed) {
      const keys = [control, ...streams.keys()];
      const positions = [controlPosition, ...[...streams.values()].map((stream) => stream.position)];
      try {
        const answer = await connection.xread("COUNT", MOST_AT_ONCE, "BLOCK", 5000, "STREAMS", ...keys, ...positions);
        for (const [key, entries] of answer ?? []) {
          const last = entries.at(-1)?.[0];
          if (!last) continue;
          if (key === control) {
            controlPosition = last;
            continue;
          }
          const stream = streams.get(key);
          if (!stream) continue;
          stream.position = last;
          const read = entries.map(([, fields]) => readFields(fields));
          for (const listener of [...stream.listeners.keys()]) listener(read);
        }
      } catch (error) {
        if (isClosed) return;
        log.debug({ error: String(error) }, "live reader lost Redis");
        await new Promise((resolve) => setTimeout(resolve, 250));
        reset();
      }
    }
  };
  void loop();

  return {
    follow(key, listener, onReset) {
      const stream = streams.get(key) ?? { position: "$", listeners: new Map<Listener, () => void>() };
      stream.listeners.set(listener, onReset);
      if (!streams.has(key)) {
        // "$" is resolved when XREAD is sent; between now and then entries could pass by, so the present end is asked for first.
        streams.set(key, stream);
        redis
          .xrevrange(key, "+", "-", "COUNT", 1)
          .then(([entry]) => {
            if (stream.position === "$") stream.position = entry?.[0] ?? "0";
            nudge();
            onReset();
          })
          .catch((error: Error) => log.debug({ error: error.message }, "live reader start"));
      }
      return () => {
        stream.listeners.delete(listener);
        if (stream.listeners.size === 0) streams.delete(key);
      };
    },
    close() {
      isClosed = true;
      connection.disconnect();
    },
  };
}

/** Field names and values as Redis lists them, in turn. */
export function readFields(fields: string[]): Entry {
  const entry: Entry = {};
  for (let at = 0; at + 1 < fields.length; at += 2) entry[fields[at] ?? ""] = fields[at + 1] ?? "";
  return entry;
}
