import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { connectDocker, credentialFor, engineError, parseDockerHost } from "./docker-client";
import { demultiplex, jsonLines, lineCutter, microseconds, timestampedLine } from "./docker-stream";
import { parseTraffic } from "./edge/metrics";
import { splitReference } from "./images";
import { createLineBatch } from "./line-batch";
import { parseTcpTable } from "./listeners";
import { waitUntil } from "./wait-until";

async function* parts(data: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < data.length; at += size) yield data.subarray(at, at + size);
}
async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of source) items.push(item);
  return items;
}

describe("streams of the engine", () => {
  it("are cut into JSON values wherever the parts end", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.jsonValue()), fc.integer({ min: 1, max: 7 }), async (values, size) => {
        const data = Buffer.from(values.map((value) => `${JSON.stringify(value)}\r\n`).join(""));
        expect(await all(jsonLines(parts(data, size)))).toEqual(values.map((value) => JSON.parse(JSON.stringify(value))));
      }),
    );
  });
  it("are taken apart into output and errors", async () => {
    const frame = (kind: number, text: string) => Buffer.concat([Buffer.from([kind, 0, 0, 0, 0, 0, 0, Buffer.byteLength(text)]), Buffer.from(text)]);
    const data = Buffer.concat([frame(1, "one"), frame(2, ""), frame(2, "two")]);
    for (const size of [1, 3, 100]) {
      const frames = await all(demultiplex(parts(data, size)));
      expect(frames.map((item) => [item.stream, item.data.toString()])).toEqual([
        ["stdout", "one"],
        ["stderr", ""],
        ["stderr", "two"],
      ]);
    }
  });
  it("become lines with whole characters", () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: "grapheme" }).filter((line) => !/[\n\r]/.test(line) && !/\p{Surrogate}/u.test(line))),
        fc.integer({ min: 1, max: 5 }),
        (lines, size) => {
          const seen: string[] = [];
          const cutter = lineCutter((line) => seen.push(line));
          const data = Buffer.from(lines.map((line) => `${line}\n`).join(""));
          for (let at = 0; at < data.length; at += size) cutter.push(data.subarray(at, at + size));
          cutter.flush();
          expect(seen).toEqual(lines);
        },
      ),
    );
  });
  it("carry times to the microsecond", () => {
    expect(microseconds("2026-01-02T03:04:05.123456789Z")).toBe(Date.UTC(2026, 0, 2, 3, 4, 5) * 1000 + 123_456);
    expect(microseconds("2026-01-02T03:04:05Z")).toBe(Date.UTC(2026, 0, 2, 3, 4, 5) * 1000);
    expect(timestampedLine("2026-01-02T03:04:05.5Z a b", "stderr")).toEqual({
      at: Date.UTC(2026, 0, 2, 3, 4, 5) * 1000 + 500_000,
      stream: "stderr",
      text: "a b",
    });
  });
});

it("reads where the kernel says that something listens", () => {
  const table = ["  sl  local_address rem_address   st", "   0: 0100007F:0BB8 00000000:0000 0A 0", "   1: 0200000A:8000 0300000A:0BB8 01 0"].join("\n");
  expect(parseTcpTable(table)).toEqual([
    { local: { address: "127.0.0.1", port: 3000 }, remote: { address: "0.0.0.0", port: 0 }, state: "0A" },
    { local: { address: "10.0.0.2", port: 32768 }, remote: { address: "10.0.0.3", port: 3000 }, state: "01" },
  ]);
  const six = (hex: string) => parseTcpTable(`h\n 0: ${hex}:0050 ${"0".repeat(32)}:0000 0A`)[0]?.local.address;
  expect(six("0".repeat(32))).toBe("::");
  expect(six("00000000000000000000000001000000")).toBe("::1");
  expect(six("0000000000000000FFFF00000100007F")).toBe("127.0.0.1");
  expect(six("B80D0120000000000000000001000000")).toBe("2001:db8:0:0:0:0:0:1");
});

it("adds up a service's finished requests, its errors and its times", () => {
  const text =
    'x 1\ntraefik_service_requests_total{code="200",method="GET",protocol="http",service="app-a-a@file"} 3\ntraefik_service_requests_total{code="200",method="POST",protocol="http",service="app-a-a@file"} 2\n' +
    'traefik_service_requests_total{code="502",method="GET",protocol="http",service="app-a-a@file"} 1\n' +
    'traefik_service_requests_total{code="200",method="GET",protocol="http",service="app-a-b@file"} 9\n' +
    'traefik_service_request_duration_seconds_bucket{code="200",method="GET",protocol="http",service="app-a-a@file",le="0.1"} 4\n' +
    'traefik_service_request_duration_seconds_bucket{code="502",method="GET",protocol="http",service="app-a-a@file",le="0.1"} 1\n' +
    'traefik_service_request_duration_seconds_bucket{code="200",method="GET",protocol="http",service="app-a-a@file",le="+Inf"} 6\n';
  expect(parseTraffic(text, "app-a-a@file")).toEqual({
    answers: 6,
    errors: 1,
    buckets: [
      [0.1, 5],
      [Number.POSITIVE_INFINITY, 6],
    ],
  });
});

describe("image names", () => {
  it.each([
    ["nginx", { name: "nginx", tag: "latest", digest: null }],
    ["127.0.0.1:5000/a/b", { name: "127.0.0.1:5000/a/b", tag: "latest", digest: null }],
    ["127.0.0.1:5000/a/b:v1", { name: "127.0.0.1:5000/a/b", tag: "v1", digest: null }],
    ["a/b@sha256:ff", { name: "a/b", tag: "latest", digest: "sha256:ff" }],
  ])("%s", (reference, expected) => expect(splitReference(reference)).toEqual(expected));
  it("get the registry's credential only when they are the registry's", () => {
    const registry = { address: "127.0.0.1:5000", username: "u", password: "p" };
    expect(credentialFor("127.0.0.1:5000/a", registry)).toMatchObject({ username: "u" });
    expect(credentialFor("127.0.0.1:50001/a", registry)).toBeNull();
    expect(credentialFor("nginx", registry)).toBeNull();
  });
});

describe("the engine's address and errors", () => {
  it("does not depend on the environment", () => {
    expect(parseDockerHost("unix:///a/b.sock")).toEqual({ socketPath: "/a/b.sock" });
    expect(parseDockerHost("tcp://10.0.0.1:2375")).toEqual({ host: "10.0.0.1", port: 2375 });
    expect(() => parseDockerHost("ssh://x")).toThrow();
    expect((connectDocker(parseDockerHost("unix:///a/b.sock")).modem as unknown as { socketPath: string }).socketPath).toBe("/a/b.sock");
  });
  it("has agents that are not written out with each call, however many sockets are open", () => {
    const tls = { ca: "", cert: "", key: "", servername: "x" };
    for (const address of [parseDockerHost("unix:///a/b.sock"), parseDockerHost("tcp://10.0.0.1:2375"), { host: "10.0.0.1", port: 7380, tls }]) {
      const { agent } = connectDocker(address).modem as unknown as { agent: object };
      expect(inspect(agent, { showHidden: true, depth: null })).toBe("Agent");
    }
  });
  it("tells an engine that is away from one that refuses", () => {
    expect(engineError(Object.assign(new Error("connect"), { code: "ECONNREFUSED" }), "x")).toMatchObject({ code: "engine_unavailable", kind: "temporary" });
    expect(engineError(Object.assign(new Error("(HTTP code 500) server error - odd "), { statusCode: 500 }), "x")).toMatchObject({
      code: "internal",
      explanation: { why: "odd" },
    });
  });
  it.each(["connect ETIMEDOUT: no connection in 3 s", "connect EHOSTUNREACH 10.0.0.2:7380", "read ECONNRESET", "socket hang up"])(
    "knows one that is away by %j alone: an error that comes out of a thread has lost its code",
    (message) => expect(engineError(structuredClone(new Error(message)), "build")).toMatchObject({ code: "engine_unavailable", kind: "temporary" }),
  );
});

it("hands lines on together, in the order of their times", () => {
  const batches: { at: number; text: string }[][] = [];
  const batch = createLineBatch<{ at: number; text: string }>((lines) => batches.push(lines));
  batch.push({ at: 2, text: "b" });
  batch.push({ at: 1, text: "a" });
  expect(batches).toEqual([]);
  batch.push({ at: 3, text: "x".repeat(64 * 1024) });
  expect(batches.map((lines) => lines.map((line) => line.at))).toEqual([[1, 2, 3]]);
  batch.flush();
  expect(batches).toHaveLength(1);
});

describe("waiting", () => {
  it("asks again when it is woken, and stops being woken", async () => {
    let wake = () => {};
    let woken = 0;
    let isSubscribed = false;
    const found = waitUntil({
      signal: new AbortController().signal,
      wake(onChange) {
        isSubscribed = true;
        wake = onChange;
        return () => {
          isSubscribed = false;
        };
      },
      check: () => Promise.resolve(woken > 0 ? "found" : undefined),
    });
    woken = 1;
    wake();
    expect(await found).toBe("found");
    expect(isSubscribed).toBe(false);
  });
  it("ends on abort, at its time, and with what the question throws", async () => {
    const never = { wake: () => () => {}, check: () => Promise.resolve(undefined) };
    const controller = new AbortController();
    const waiting = waitUntil({ ...never, signal: controller.signal });
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ code: "cancelled" });
    const { signal } = new AbortController();
    await expect(waitUntil({ ...never, signal, timeoutMs: 1, onTimeout: () => new Error("late") })).rejects.toThrow("late");
    await expect(waitUntil({ ...never, signal, check: () => Promise.reject(new Error("odd")) })).rejects.toThrow("odd");
  });
});
