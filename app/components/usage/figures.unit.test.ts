import { expect, test } from "vitest";
import type { UsagePoint, UsageReport } from "../../../server/usage/schema";
import { chartsOf, tableOf, timeText } from "./figures";

const MIB = 1024 ** 2;
const at = (minute: number) => `2026-03-20T10:${String(minute).padStart(2, "0")}:00.000000Z`;
const point = (minute: number, more: Partial<UsagePoint> = {}): UsagePoint => ({
  at: at(minute),
  cpu: 0.25,
  cpuMost: 0.5,
  memory: 60 * MIB,
  memoryMost: 61 * MIB,
  received: 1024,
  sent: 2048,
  read: 0,
  written: 0,
  disk: null,
  containers: 1,
  ...more,
});
const UNKNOWN = { cpu: null, cpuMost: null, memory: null, memoryMost: null, received: null, sent: null, read: null, written: null };
const report = (points: UsagePoint[], more: Partial<UsageReport> = {}): UsageReport => ({
  of: { kind: "app", id: "a", name: "web" },
  window: { from: at(0), to: at(59) },
  step: 60,
  asOf: at(30),
  sampledAt: at(30),
  unsampledNodes: 0,
  points,
  deployments: [],
  total: { cpu: null, cpuMost: null, memory: null, memoryMost: null, received: 0, sent: 0, read: 0, written: 0 },
  node: null,
  apps: [],
  ...more,
});
const NOTHING = { cpu: [], memory: [] };

test("what was last known is said, and what is not known is not 0", () => {
  const charts = chartsOf(report([point(0), point(1, { memory: 10 * MIB }), point(2, UNKNOWN)]), NOTHING, "utc");
  expect(charts.map(({ title, last }) => [title, last])).toEqual([
    ["Processor", "0.25 cores"],
    ["Memory", "10.0\u202fMiB"],
    ["Network", "1.0\u202fKiB/s in, 2.0\u202fKiB/s out"],
    ["Disk traffic", "0\u202fB/s written, 0\u202fB/s read"],
    ["Disk held", "not known"],
  ]);
  expect(charts[0]?.drawing.rows.at(-1)?.cpu).toBeNull();
  expect(tableOf(report([point(0), point(1, UNKNOWN)]), "utc").rows[0]?.cells).toEqual(["20 Mar, 10:01", "–", "–", "–", "–", "–", "–", "–", "–", "–", "–"]);
});

test("what is given is drawn where it does not press the rest flat", () => {
  const levels = (allowed: number) =>
    chartsOf(report([point(0)]), { cpu: [], memory: [{ at: allowed * MIB, label: "allowed" }] }, "utc").find(({ key }) => key === "memory")?.drawing.levels;
  expect(levels(128)).toMatchObject([{ at: 128 * MIB, label: "allowed" }]);
  expect(levels(4096)).toEqual([]);
});

test("a deployment stands at the point in which it went live, in the chart and in the table; close ones share a name's room", () => {
  const points = Array.from({ length: 60 }, (_, minute) => point(minute));
  const deployments = [3, 3, 4, 30].map((minute, n) => ({ id: `d${n}`, number: n + 1, liveAt: at(minute).replace("00.000", "41.123") }));
  const given = report(points, { deployments });
  const [cpu, , network] = chartsOf(given, NOTHING, "utc");
  expect(cpu?.drawing.happenings).toEqual([
    { x: at(3), label: "#1, #2" },
    { x: at(4), label: "" },
    { x: at(30), label: "#4" },
  ]);
  expect(network?.drawing.happenings?.every(({ label }) => label === "")).toBe(true);
  const { head, rows } = tableOf(given, "utc");
  expect(head.at(-1)).toBe("Went live");
  expect(rows.flatMap(({ cells }) => (cells.at(-1) === "–" ? [] : [cells.at(-1)]))).toEqual(["#4", "#3", "#1, #2"]);
});

test("a time is as short as its window allows", () => {
  const of = (from: string, to: string, step: number) => timeText({ window: { from, to }, step }, "utc")("2026-03-20T10:05:30Z");
  expect(of("2026-03-20T09:00:00Z", "2026-03-20T11:00:00Z", 10)).toBe("10:05:30");
  expect(of("2026-03-19T11:00:00Z", "2026-03-20T11:00:00Z", 300)).toBe("10:05");
  expect(of("2026-03-13T11:00:00Z", "2026-03-20T11:00:00Z", 3600)).toBe("20 Mar, 10:05");
  expect(of("2025-03-13T11:00:00Z", "2026-03-20T11:00:00Z", 86_400)).toBe("20 Mar");
});
