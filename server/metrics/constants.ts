/** How many values a quantile needs before it is said. */
export const NEEDED = { p50: 5, p90: 10 } as const;
/** How many samples each side needs before two periods are tested against one another. */
export const TESTED_FROM = 20;
/** Below this p a change is called significant. */
export const SIGNIFICANT_BELOW = 0.05;

export const METRIC_KEYS = ["deploymentFrequency", "leadTime", "changeFailRate", "recoveryTime", "reworkRate", "successRate"] as const;
export type MetricKey = (typeof METRIC_KEYS)[number];
