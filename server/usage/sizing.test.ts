import { expect, test } from "vitest";
import { cores, memory, observed, saidOf, spareOf } from "./notation";
import type { AppSums } from "./read";
import { byWaste, sizeOf } from "./sizing";

const MIB = 1024 ** 2;
const app = (name: string, resources: object = {}, replicas = 1) => ({ id: name, name, project: "shop", environment: "production", replicas, resources });
const sums = (n: number, more: Partial<AppSums> = {}): AppSums => ({
  app: "a",
  n,
  looks: n * 6,
  cpu: 0.1,
  cpuP95: 0.2,
  cpuMost: 0.5,
  memory: 40 * MIB,
  memoryP95: 50 * MIB,
  memoryMost: 61 * MIB,
  mostOne: 61 * MIB,
  received: 1,
  sent: 2,
  read: 3,
  written: 4,
  ...more,
});
const WEEK = 7 * 24 * 60;

test("waste is said in words", () => {
  const one = sizeOf(app("a", { memoryBytes: 512 * MIB }), sums(WEEK), 60, null);
  expect(saidOf(one, "memory")).toBe("512\u202fMiB allowed, at most 61\u202fMiB used in 7 days.");
  expect(spareOf(one, "memory")).toBe("451\u202fMiB spare");
  expect(saidOf(one, "cpu")).toBe("No limit, at most 0.5 cores used in 7 days.");
  expect(spareOf(one, "cpu")).toBeNull();
});

test("limits and reservations are those of one replica times the replicas; what is reserved goes before what is allowed", () => {
  const one = sizeOf(app("a", { memoryBytes: 512 * MIB, reservedMemoryBytes: 128 * MIB, cpus: 0.5, reservedCpus: 0.1 }, 3), sums(WEEK), 60, null);
  expect(one.memory).toMatchObject({ limit: 1536 * MIB, reserved: 384 * MIB, spare: (384 - 61) * MIB });
  expect(one.cpu.limit).toBeCloseTo(1.5, 9);
  // more was used than is reserved: nothing is spare, and nothing less than nothing
  expect(one.cpu.spare).toBe(0);
  expect(spareOf(one, "cpu")).toBe("none spare");
});

test("below enough samples nothing is said of quantiles or of what is spare; below any, of nothing", () => {
  const given = app("a", { memoryBytes: 512 * MIB });
  expect(sizeOf(given, sums(19), 60, null).memory).toMatchObject({ p95: null, spare: null, most: 61 * MIB });
  expect(sizeOf(given, sums(20), 60, null).memory).toMatchObject({ p95: 50 * MIB, spare: null });
  expect(sizeOf(given, sums(60), 60, null).memory.spare).toBe(451 * MIB);
  const none = sizeOf(given, undefined, 60, null);
  expect(none).toMatchObject({ n: 0, memory: { p95: null, spare: null, limit: 512 * MIB } });
  expect(saidOf(none, "memory")).toBe("Nothing was looked at yet.");
  expect(saidOf(sizeOf(app("a", {}, 0), undefined, 60, null), "memory")).toBe("Not running.");
});

test("the most wasteful come first, those of which nothing can be said last", () => {
  const of = (name: string, limit: number | undefined, n = WEEK) =>
    sizeOf(app(name, limit === undefined ? {} : { memoryBytes: limit * MIB }), sums(n), 60, null);
  const sorted = [of("unlimited", undefined), of("new", 4096, 5), of("small", 128), of("large", 2048), of("tight", 61)].sort(byWaste);
  expect(sorted.map((one) => one.name)).toEqual(["large", "small", "tight", "new", "unlimited"]);
});

test("sizes and times are written as people set and say them", () => {
  expect([0, 0.0004, 0.004, 0.25, 1, 1.5].map(cores)).toEqual(["0 cores", "under 0.001 cores", "0.004 cores", "0.25 cores", "1 core", "1.5 cores"]);
  expect([300, 1.25 * MIB, 512 * MIB, 1536 * MIB].map(memory)).toEqual(["1\u202fKiB", "1.3\u202fMiB", "512\u202fMiB", "1.5\u202fGiB"]);
  expect([3, 6, 119 * 6, 300 * 6, 72 * 360].map((looks) => observed({ looks }))).toEqual(["1 minute", "1 minute", "119 minutes", "5 hours", "3 days"]);
});
