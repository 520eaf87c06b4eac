import type { MetricKey } from "../metrics/constants";
import { TESTED_FROM } from "../metrics/constants";
import type { MetricDetail } from "../metrics/detail";
import { targetMetric } from "./constants";

export type Verdict = { state: "waiting" | "too_small" | "better" | "worse" | "noise" | "untested"; said: string };

/** What an experiment has shown, for somebody who knows no statistics. Pure. @param state whether its period has begun and ended */
export function verdictOf(metric: MetricKey, detail: Pick<MetricDetail, "now" | "before" | "changes">, state: "ahead" | "running" | "ended"): Verdict {
  const name = targetMetric(metric).name;
  const change = detail.changes[metric];
  const [now, before] = [detail.now[metric].n, detail.before[metric].n];
  if (state === "ahead") return { state: "waiting", said: "It has not begun yet: there is nothing to compare." };
  if (change.verdict === "untested")
    return { state: "untested", said: `${name} went from ${before} to ${now} in as many days. A count is not tested: nobody can say whether chance did it.` };
  if (change.verdict === "too_small") {
    const lacking = [before < TESTED_FROM ? `${before} before` : null, now < TESTED_FROM ? `${now} since` : null].filter(Boolean).join(" and ");
    const hope = state === "running" ? "It may come while the experiment runs." : "A longer experiment, or one on more applications, would be needed.";
    return { state: "too_small", said: `Not enough data: ${lacking}, and ${TESTED_FROM} are needed on each side. ${hope}` };
  }
  const chance = change.p === null ? "" : change.p < 0.001 ? "less than 1 in 1,000" : `about ${Math.max(1, Math.round(change.p * 100))} in 100`;
  if (change.verdict === "noise")
    return { state: "noise", said: `No difference that one could tell: chance alone makes one as large as this in ${chance} cases (${change.test}).` };
  const isBetter = change.by !== null && change.by > 0 === (targetMetric(metric).wanted === "more");
  const already = state === "running" ? " so far" : "";
  return {
    state: isBetter ? "better" : "worse",
    said: `${name} is ${isBetter ? "better" : "worse"}${already}, and it is unlikely to be chance: that makes such a difference in ${chance} cases (${change.test}). Other things that changed at the same time are not ruled out.`,
  };
}
