import type { MetricDetail } from "../../../server/metrics/detail";
import { Chart } from "../charts/chart";
import type { Drawing } from "../charts/draw";
import type { MetricPage } from "./metrics";
import { dayText, figureOf } from "./words";

type Control = MetricDetail["control"];

type Props = {
  page: MetricPage;
  control: Control;
  csv: string;
  target: number | null;
  /** A change that was made, from one instant to another. */
  change?: { from: string; to: string; label: string };
};

/** Weekly figures with the limits of chance: what lies outside is worth asking about, what lies inside is not. */
export function ControlChart({ page, control, csv, target, change }: Props) {
  const { points, limits, baseline } = control;
  const known = points.filter((point) => point.value !== null);
  const say = figureOf(page);
  return (
    <section aria-labelledby="control">
      <div className="sect-head">
        <h2 id="control">Is a change more than noise?</h2>
        <p className="answer">{verdictOf(page, control)}</p>
      </div>
      {limits === null ? null : (
        <Chart
          label={`Control chart of ${page.name}, by week`}
          height={HEIGHT + RANGES}
          csv={csv}
          drawings={drawingsOf(page, control, target, change)}
          table={{
            head: ["Week from", "Figure", "n", "Moving range", "Signal"],
            rows: points.map((point) => ({
              key: point.from,
              cells: [
                dayText(point.date),
                point.value === null ? "not known" : say(point.value),
                point.n,
                point.range === null ? "–" : say(point.range),
                point.signal ? "signal" : "–",
              ],
            })),
          }}
        />
      )}
      {limits === null ? null : (
        <p className="small t3">
          Individuals chart after Wheeler. Limits are the mean ± 2.66 × the mean moving range of {baseline.n} weeks
          {baseline.of === "before" ? " before this period" : ", all that are known"}: {say(limits.mean)} ± 2.66 × {say(limits.meanRange)}. A signal is a week
          outside them, a step larger than the range limit, or the eighth in a row on one side.
          {known.length < points.length ? " A week with too few to say has no point." : ""}
        </p>
      )}
    </section>
  );
}

const HEIGHT = 250;
const RANGES = 90;

function verdictOf(page: MetricPage, { points, limits, baseline }: Control) {
  const known = points.filter((point) => point.value !== null).length;
  if (limits === null)
    return (
      <>
        <b>Too early to say.</b> A control chart needs six weeks with a figure; {known === 0 ? "none is" : `${known} of them are`} known.
      </>
    );
  const signals = points.filter((point) => point.signal && (baseline.of === "all" || !point.isBefore));
  const first = signals[0];
  if (!first) return <b>No: each week lies within what chance alone does.</b>;
  const isBelow = (first.value ?? 0) < limits.mean;
  return (
    <>
      <b>Yes, from the week of {dayText(first.date)}.</b> {signals.length === 1 ? "One week is a signal" : `${signals.length} weeks are signals`},{" "}
      {isBelow ? "below" : "above"} the mean of {figureOf(page)(limits.mean)}.
    </>
  );
}

function drawingsOf(page: MetricPage, { points, limits }: Control, target: number | null, change: Props["change"]): Drawing[] {
  if (limits === null) return [];
  const say = figureOf(page);
  const rows = points.map((point, at) => ({
    x: dayText(point.date),
    before: point.isBefore || points[at - 1]?.isBefore ? point.value : null,
    now: point.isBefore ? null : point.value,
    range: point.range,
    signal: point.signal,
  }));
  const changed = change ? points.filter((point) => point.from >= change.from && point.from < change.to) : [];
  return [
    {
      name: "figures",
      height: HEIGHT,
      unit: page.unit,
      rows,
      ...(change && changed.length > 0
        ? { change: { from: dayText(changed[0]?.date ?? ""), to: dayText(changed.at(-1)?.date ?? ""), label: change.label } }
        : {}),
      marks: [
        { key: "before", name: page.name, look: "support", shape: "line" },
        { key: "now", name: page.name, look: "work", shape: "line" },
      ],
      levels: [
        { at: limits.upper, label: `upper ${say(limits.upper)}`, look: "limit" },
        { at: limits.mean, label: `mean ${say(limits.mean)}`, look: "mean" },
        ...(limits.lower > 0 ? [{ at: limits.lower, label: `lower ${say(limits.lower)}`, look: "limit" as const }] : []),
        ...(target === null ? [] : [{ at: target, label: `target ${say(target)}`, look: "target" as const }]),
      ],
    },
    {
      name: "ranges",
      height: RANGES,
      unit: page.unit,
      rows: rows.map(({ x, range }) => ({ x, range })),
      marks: [{ key: "range", name: "moving range", look: "support", shape: "line" }],
      levels: [{ at: limits.rangeUpper, label: `range ${say(limits.rangeUpper)}`, look: "limit" }],
      hasAxis: false,
    },
  ];
}
