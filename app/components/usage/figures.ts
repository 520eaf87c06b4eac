import { cores } from "../../../server/usage/notation";
import type { UsagePoint, UsageReport } from "../../../server/usage/schema";
import type { ChartTable } from "../charts/chart";
import type { Drawing, Happening, Level } from "../charts/draw";
import { size } from "../time/size";

type Zone = "local" | "utc";
const zoned = (zone: Zone, options: Intl.DateTimeFormatOptions) =>
  new Intl.DateTimeFormat("en-GB", { ...options, ...(zone === "utc" ? { timeZone: "UTC" } : {}) });
const HOUR = { hour: "2-digit", minute: "2-digit" } as const;
const DATE = { day: "numeric", month: "short" } as const;

/** How a point's time is written: as short as the window allows. */
export function timeText({ window, step }: Pick<UsageReport, "window" | "step">, zone: Zone, isFull = false): (at: string) => string {
  const isOneDay = Date.parse(window.to) - Date.parse(window.from) <= 86_400_000 * 1.5;
  const seconds = step < 60 ? { second: "2-digit" as const } : {};
  const format = zoned(zone, step >= 86_400 ? DATE : isOneDay && !isFull ? { ...HOUR, ...seconds } : { ...DATE, ...HOUR, ...seconds });
  return (at) => format.format(new Date(at));
}

const HEIGHT = 168;
/** A line that lies far above all that was used would press the rest flat: it is said in words. */
const HIGHEST_LEVEL = 4;

export type Given = { cpu: { at: number; label: string }[]; memory: { at: number; label: string }[] };
const levelsOf = (given: Given["cpu"], most: number): Level[] =>
  given.filter(({ at }) => at <= Math.max(most, 0) * HIGHEST_LEVEL).map(({ at, label }) => ({ at, label, look: "limit" as const, isInside: true }));

/** The four charts of a page, in the order in which they are read. */
export function chartsOf(
  report: UsageReport,
  given: Given,
  zone: Zone,
): { key: string; title: string; last: string; legend: [string, string] | null; drawing: Drawing }[] {
  const text = timeText(report, zone);
  const rows = report.points.map(({ at, ...point }) => ({ ...point, x: at }));
  const most = (pick: (one: UsagePoint) => number | null) => Math.max(0, ...report.points.map((one) => pick(one) ?? 0));
  const last = (pick: (one: UsagePoint) => number | null) => report.points.map(pick).findLast((value) => value !== null) ?? null;
  const said = (value: number | null, say: (value: number) => string) => (value === null ? "not known" : say(value));
  const rate = (value: number) => `${size(Math.round(value))}/s`;
  const line = (key: string, name: string, look: "work" | "support", dash = false) => ({ key, name, look, shape: "line" as const, dash });
  const lived = deploymentsByPoint(report);
  const happenings = named(report, lived);
  const drawing = (name: string, unit: Drawing["unit"], marks: Drawing["marks"], levels: Level[] = []): Drawing => ({
    name,
    height: HEIGHT,
    unit,
    rows,
    marks,
    levels,
    happenings: NAMING.has(name) ? happenings : happenings.map(({ x }) => ({ x, label: "" })),
    nameOf: text,
  });
  const isNode = report.of.kind === "node";
  return [
    {
      key: "cpu",
      title: "Processor",
      last: said(
        last((one) => one.cpu),
        cores,
      ),
      legend: ["mean", "busiest ten seconds"],
      drawing: drawing(
        "cpu",
        "cores",
        [line("cpuMost", "busiest ten seconds", "support", true), line("cpu", "mean", "work")],
        levelsOf(
          given.cpu,
          most((one) => one.cpuMost),
        ),
      ),
    },
    {
      key: "memory",
      title: "Memory",
      last: said(
        last((one) => one.memory),
        size,
      ),
      legend: ["mean", "most"],
      drawing: drawing(
        "memory",
        "bytes",
        [line("memoryMost", "most", "support", true), line("memory", "mean", "work")],
        levelsOf(
          given.memory,
          most((one) => one.memoryMost),
        ),
      ),
    },
    {
      key: "network",
      title: "Network",
      last: `${said(
        last((one) => one.received),
        rate,
      )} in, ${said(
        last((one) => one.sent),
        rate,
      )} out`,
      legend: ["in", "out"],
      drawing: drawing("network", "rate", [line("sent", "out", "support", true), line("received", "in", "work")]),
    },
    {
      key: "io",
      title: "Disk traffic",
      last: `${said(
        last((one) => one.written),
        rate,
      )} written, ${said(
        last((one) => one.read),
        rate,
      )} read`,
      legend: ["written", "read"],
      drawing: drawing("io", "rate", [line("read", "read", "support", true), line("written", "written", "work")]),
    },
    {
      key: "disk",
      title: isNode ? "Disk in use" : "Disk held",
      last: said(
        last((one) => one.disk),
        size,
      ),
      legend: null,
      drawing: drawing("disk", "bytes", [line("disk", isNode ? "in use" : "volumes, images and what containers wrote", "work")]),
    },
  ];
}

/** The wide charts; in the others names would lie over each other. */
const NAMING = new Set(["cpu", "memory"]);
/** A name takes about so much of a chart's width. */
const NAME_SHARE = 0.05;

/** A line each; one that follows closely on a named one goes without a name. */
function named({ points }: UsageReport, lived: Map<string, string>): Happening[] {
  let last = Number.NEGATIVE_INFINITY;
  return points.flatMap(({ at }, index) => {
    const numbers = lived.get(at);
    if (numbers === undefined) return [];
    const isRoomy = index - last >= points.length * NAME_SHARE;
    if (isRoomy) last = index;
    return [{ x: at, label: isRoomy ? numbers : "" }];
  });
}

/** By the point in which they went live: `#12`, `#12, #13`. */
function deploymentsByPoint({ points, deployments }: UsageReport): Map<string, string> {
  const byPoint = new Map<string, string>();
  for (const { number, liveAt } of deployments) {
    const at = points.findLast((point) => point.at <= liveAt)?.at;
    if (at !== undefined) byPoint.set(at, [byPoint.get(at), `#${number}`].filter(Boolean).join(", "));
  }
  return byPoint;
}

/** What all charts show, a line a point, the latest first. */
export function tableOf(report: UsageReport, zone: Zone): ChartTable {
  const text = timeText(report, zone, true);
  const say = (value: number | null, write: (value: number) => string) => (value === null ? "–" : write(value));
  const rate = (value: number | null) => say(value, (bytes) => `${size(Math.round(bytes))}/s`);
  const lived = deploymentsByPoint(report);
  const isApp = report.of.kind === "app";
  return {
    head: [
      zone === "utc" ? "From (UTC)" : "From",
      "Processor",
      "most",
      "Memory",
      "most held",
      "In",
      "Out",
      "Read",
      "Written",
      "Disk",
      ...(isApp ? ["Went live"] : []),
    ],
    rows: report.points
      .map((point) => ({
        key: point.at,
        cells: [
          text(point.at),
          say(point.cpu, cores),
          say(point.cpuMost, cores),
          say(point.memory, (bytes) => size(Math.round(bytes))),
          say(point.memoryMost, (bytes) => size(Math.round(bytes))),
          rate(point.received),
          rate(point.sent),
          rate(point.read),
          rate(point.written),
          say(point.disk, size),
          ...(isApp ? [lived.get(point.at) ?? "–"] : []),
        ],
      }))
      .reverse(),
  };
}
