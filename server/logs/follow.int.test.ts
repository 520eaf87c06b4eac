import { afterAll, beforeAll, expect, test } from "vitest";
import { openTestServices, type TestServices } from "../../e2e/support/test-services";
import { openLogWriter } from "../../worker/deploy/log-writer";
import type { TeamContext } from "../context";
import { logStream } from "../live/events";
import type { LogLine } from "./codec";
import { followLines, toEntry } from "./follow";
import { readLines, readTail } from "./read";

let t: TestServices;
let ctx: TeamContext;
beforeAll(async () => {
  t = await openTestServices();
  ctx = (await t.newTeam()).ctx;
});
afterAll(() => t.close());

async function collect(stream: string, from: number, until: number, onFirst?: () => Promise<void>): Promise<LogLine[]> {
  const stop = new AbortController();
  const lines: LogLine[] = [];
  for await (const batch of followLines(ctx, stream, from, stop.signal, async () => false)) {
    if (lines.length === 0) await onFirst?.();
    lines.push(...batch);
    if ((lines.at(-1)?.n ?? 0) >= until) stop.abort();
  }
  return lines;
}
const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

test("stored and live lines come once each and in order", async () => {
  const stream = `deployment:${crypto.randomUUID()}`;
  const writer = await openLogWriter(t.worker, ctx.team.id, stream);
  for (let n = 1; n <= 500; n++) writer.write({ at: n, step: "build", text: `line ${n}` });
  await writer.flush();
  const reading = collect(stream, 1, 2000, async () => {
    for (let n = 501; n <= 2000; n++) writer.write({ at: n, step: "build", text: `line ${n}` });
  });
  const lines = await reading;
  expect(lines.map((line) => line.n)).toEqual(numbers(1, 2000));
  expect(lines[1999]?.x).toBe("line 2000");
  await writer.close();
});

test("a reader resumes at a line, and Redis that was emptied costs none", async () => {
  const stream = `deployment:${crypto.randomUUID()}`;
  const writer = await openLogWriter(t.worker, ctx.team.id, stream);
  for (let n = 1; n <= 100; n++) writer.write({ at: n, step: "build", text: `line ${n}` });
  await writer.flush();
  await t.worker.redis.del(logStream(t.worker.env.DOKPLOY_HOME_ID, stream));
  const lines = await collect(stream, 51, 150, async () => {
    for (let n = 101; n <= 150; n++) writer.write({ at: n, step: "build", text: `line ${n}` });
  });
  expect(lines.map((line) => line.n)).toEqual(numbers(51, 150));
  await writer.close();
});

test("a writer that follows a killed one stores what only Redis had seen and goes on counting", async () => {
  const stream = `deployment:${crypto.randomUUID()}`;
  const lost: LogLine[] = numbers(1, 3).map((n) => ({ n, t: n, s: "build", x: `lost ${n}` }));
  await t.worker.redis.xadd(logStream(t.worker.env.DOKPLOY_HOME_ID, stream), "*", ...toEntry(lost));
  const writer = await openLogWriter(t.worker, ctx.team.id, stream);
  writer.write({ at: 9, step: "build", text: "after" });
  await writer.close();
  expect((await readLines(ctx, stream, 1, 100)).map((line) => `${line.n} ${line.x}`)).toEqual(["1 lost 1", "2 lost 2", "3 lost 3", "4 after"]);
});

test("secrets are masked, also those of several lines; the tail is the end", async () => {
  const stream = `deployment:${crypto.randomUUID()}`;
  const writer = await openLogWriter(t.worker, ctx.team.id, stream);
  writer.mask(["hunter2-hunter2", "-----BEGIN KEY-----\nabcdefgh\n-----END KEY-----"]);
  writer.write({ at: 1, step: "build", text: "password=hunter2-hunter2\nabcdefgh" });
  writer.write({ at: 2, step: "build", text: "plain" });
  await writer.close();
  const lines = await readLines(ctx, stream, 1, 10);
  expect(lines.map((line) => line.x)).toEqual(["password=[redacted]", "[redacted]", "plain"]);
  expect((await readTail(ctx, stream, 1)).map((line) => line.n)).toEqual([3]);
});
