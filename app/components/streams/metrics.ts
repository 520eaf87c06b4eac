import type { MetricKey } from "../../../server/metrics/constants";
import type { Unit } from "../charts/units";

export type MetricPage = { key: MetricKey; slug: string; name: string; unit: Unit; kind: "times" | "rate" | "frequency"; wanted: "more" | "less"; of: string };

/** The metrics as pages: address, name, and what a figure of theirs is. */
export const METRIC_PAGES: readonly MetricPage[] = [
  {
    key: "deploymentFrequency",
    slug: "deployment-frequency",
    name: "Deployment frequency",
    unit: "number",
    kind: "frequency",
    wanted: "more",
    of: "deployments",
  },
  { key: "leadTime", slug: "lead-time", name: "Change lead time", unit: "seconds", kind: "times", wanted: "less", of: "commits" },
  { key: "changeFailRate", slug: "change-fail-rate", name: "Change fail rate", unit: "share", kind: "rate", wanted: "less", of: "live changes" },
  { key: "recoveryTime", slug: "recovery-time", name: "Recovery time", unit: "seconds", kind: "times", wanted: "less", of: "failed deployments" },
  { key: "reworkRate", slug: "rework-rate", name: "Rework rate", unit: "share", kind: "rate", wanted: "less", of: "live deployments" },
  { key: "successRate", slug: "success-rate", name: "Deployment success rate", unit: "share", kind: "rate", wanted: "more", of: "attempts" },
];

export const pageOf = (slug: string | undefined): MetricPage | undefined => METRIC_PAGES.find((page) => page.slug === slug);
export const slugOf = (key: MetricKey): string => METRIC_PAGES.find((page) => page.key === key)?.slug ?? key;
