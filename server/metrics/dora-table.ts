import type { Table } from "../csv";
import { METRIC_KEYS, type MetricKey } from "./constants";

type Metric = {
  n: number;
  excluded: object;
  value?: number | null;
  p50?: number | null;
  p90?: number | null;
  numerator?: number;
  denominator?: number;
  interval?: [number, number] | null;
};

/** DORA's answer as a table: a line a metric, times in seconds. */
export const doraTable = (answer: Record<MetricKey, Metric>): Table => ({
  header: ["metric", "value", "p50_s", "p90_s", "n", "numerator", "denominator", "interval_low", "interval_high", "excluded"],
  rows: METRIC_KEYS.map((key) => {
    const { value, p50, p90, n, numerator, denominator, interval, excluded } = answer[key];
    return [key, value, p50, p90, n, numerator, denominator, interval?.[0], interval?.[1], JSON.stringify(excluded)];
  }),
});
