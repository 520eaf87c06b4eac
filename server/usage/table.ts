import type { Table } from "../csv";
import type { UsageReport } from "./schema";

const POINT = ["at", "cpu", "cpuMost", "memory", "memoryMost", "received", "sent", "read", "written", "disk", "containers"] as const;

/** A chart's points, or the applications with what they are given and use. Cores, bytes, bytes a second. */
export function usageTable({ points, apps }: UsageReport, table: "points" | "apps"): Table {
  if (table === "points")
    return {
      header: [
        "at",
        "cpu_cores",
        "cpu_most",
        "memory_bytes",
        "memory_most",
        "received_per_s",
        "sent_per_s",
        "read_per_s",
        "written_per_s",
        "disk_bytes",
        "containers",
      ],
      rows: points.map((point) => POINT.map((key) => point[key])),
    };
  const use = ["mean", "p95", "most", "reserved", "limit", "spare"] as const;
  return {
    header: [
      "project",
      "app",
      "environment",
      "replicas",
      "n",
      "n_seconds",
      "looks",
      ...use.map((key) => `cpu_${key}`),
      ...use.map((key) => `memory_${key}`),
      "memory_most_one",
      "received_bytes",
      "sent_bytes",
      "read_bytes",
      "written_bytes",
      "volume_bytes",
      "image_bytes",
    ],
    rows: apps.map((one) => [
      one.project,
      one.name,
      one.environment,
      one.replicas,
      one.n,
      one.grain,
      one.looks,
      ...use.map((key) => one.cpu[key]),
      ...use.map((key) => one.memory[key]),
      one.memory.mostOne,
      one.received,
      one.sent,
      one.read,
      one.written,
      one.disk?.volumes,
      one.disk?.images,
    ]),
  };
}
