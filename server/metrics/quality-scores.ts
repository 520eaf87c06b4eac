import { METRIC_KEYS, type MetricKey } from "./constants";
import type { Dora, ExclusionReason } from "./dora";

/** Reasons that mean that something is not known; the others are the definition's own. */
const LACKING: ReadonlySet<ExclusionReason> = new Set(["unknown_commit", "negative_span", "imported_without_time"]);

export type MetricQuality = { metric: MetricKey; n: number; excluded: Dora["leadTime"]["excluded"]; lacking: number; score: number | null };
/** Of what should have counted, the share that could; null without anything. */
export function scoresOf(result: Dora): MetricQuality[] {
  return METRIC_KEYS.map((metric) => {
    const { n, excluded } = result[metric];
    const lacking = (Object.entries(excluded) as [ExclusionReason, number][]).reduce((sum, [reason, some]) => sum + (LACKING.has(reason) ? some : 0), 0);
    return { metric, n, excluded, lacking, score: n + lacking === 0 ? null : n / (n + lacking) };
  });
}
