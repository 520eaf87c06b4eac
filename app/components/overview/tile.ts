import type { MetricKey } from "../../../server/metrics/constants";
import type { Faster, Goal } from "../../../server/overview/faster";
import { interval } from "../streams/figure";
import { metricRows } from "../streams/rows";
import { count, tick } from "../time/format";

const NNBSP = "\u202f";
export type TileText = {
  key: MetricKey;
  name: string;
  main: string | null;
  unit: string;
  change: { text: string | null; look: "better" | "worse" | "same"; why: string };
  /** What the figure is made of. */
  sample: string;
  target: { word: string; isMet: boolean | null; value: number } | null;
};

/** A target in as few signs as it takes: `5m`, `10 %`, `1 a day`. */
export function goalText({ unit, value }: Goal): string {
  if (unit === "s") return value >= 86_400 && value % 86_400 === 0 ? `${value / 86_400}${NNBSP}d` : tick(value);
  if (unit === "share") return `${Number((value * 100).toFixed(1))}${NNBSP}%`;
  return unit === "per_day" ? `${Number(value.toFixed(2))} a day` : String(Number(value.toFixed(2)));
}

/** DORA's five as tiles: each figure in the words of the DORA page, held against its target. */
export function tilesOf(faster: Faster): TileText[] {
  return metricRows(faster)
    .slice(0, 5)
    .map(({ key, name, figure, change }) => {
      const wanted = key === "deploymentFrequency" ? "more" : "less";
      return {
        key,
        name,
        main: figure.main,
        unit: unitOf(faster, key, figure.unit),
        change: { ...change, why: change.why.replace(/ \((?:Mann.Whitney|Fisher)\)$/, "").replace(/p ([<=]) /, "p\u00a0$1\u00a0") },
        sample: figure.main === null ? figure.second : sampleOf(faster, key),
        target: targetOf(faster, key, wanted),
      };
    });
}

function unitOf({ now }: Faster, key: MetricKey, unit: string): string {
  if (key === "leadTime" || key === "recoveryTime") return "median";
  if (key === "deploymentFrequency") return unit;
  const range = now[key].interval;
  return range === null ? unit : `${unit} (${interval(range).replace(`${NNBSP}%`, "")})`;
}

function sampleOf({ now }: Faster, key: MetricKey): string {
  if (key === "deploymentFrequency") return `n ${count(now.deploymentFrequency.n)}`;
  if (key === "leadTime") return `n ${count(now.leadTime.n)} commits`;
  if (key === "recoveryTime") return `n ${count(now.recoveryTime.n)}, ${count(now.recoveryTime.open)} open`;
  return `${count(now[key].numerator)} of ${count(now[key].denominator)}`;
}

function targetOf({ now, targets }: Faster, key: MetricKey, wanted: "more" | "less"): TileText["target"] {
  const goal = targets[key];
  if (!goal) return null;
  const metric = now[key];
  const figure = "p50" in metric ? metric.p50 : metric.value;
  return {
    word: `${wanted === "more" ? "≥" : "≤"} ${goalText(goal)}`,
    isMet: figure === null ? null : wanted === "more" ? figure >= goal.value : figure <= goal.value,
    value: goal.value,
  };
}
