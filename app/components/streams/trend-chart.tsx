import { Link } from "@remix-run/react";
import type { MetricDetail } from "../../../server/metrics/detail";
import { Chart } from "../charts/chart";
import { duration } from "../time/format";
import { interval } from "./figure";
import type { MetricPage } from "./metrics";
import { dayText, figureOf } from "./words";

type Props = { page: MetricPage; detail: MetricDetail; csv: string; target: number | null; grainHref: (grain: string) => string };

/** The figure by day, week or month, the period before beneath it on the same axis. */
export function TrendChart({ page, detail, csv, target, grainHref }: Props) {
  const { series, seriesBefore, grain } = detail;
  const say = figureOf(page);
  const rows = series.map((point, at) => ({ x: dayText(point.date), now: point.value, before: seriesBefore[at]?.value ?? null }));
  const shape = page.kind === "frequency" ? ("bar" as const) : ("line" as const);
  const known = series.filter((point) => point.value !== null).length;
  return (
    <section aria-labelledby="trend">
      <div className="sect-head">
        <h2 id="trend">How does it move?</h2>
        <p className="answer">
          By {grain}
          {known < series.length ? `; ${series.length - known} of ${series.length} have too few to say` : ""}.
        </p>
        <nav className="btn-group aside" aria-label="By">
          {["day", "week", "month"].map((one) => (
            <Link key={one} className="btn btn-small" to={grainHref(one)} aria-current={one === grain ? "true" : undefined} preventScrollReset>
              {one}
            </Link>
          ))}
        </nav>
      </div>
      <Chart
        label={`${page.name} by ${grain}`}
        height={220}
        csv={csv}
        drawings={[
          {
            name: "trend",
            height: 220,
            unit: page.unit,
            rows,
            marks: [
              { key: "before", name: "period before", look: "support", shape },
              { key: "now", name: "this period", look: "work", shape },
            ],
            levels: target === null ? [] : [{ at: target, label: `target ${say(target)}`, look: "target" }],
          },
        ]}
        table={{
          head: [
            `${grain} from`,
            "Figure",
            ...(page.kind === "times" ? ["p90"] : page.kind === "rate" ? ["Of", "95 %"] : []),
            "n",
            "Period before",
            "n before",
          ],
          rows: series.map((point, at) => {
            const before = seriesBefore[at];
            return {
              key: point.from,
              cells: [
                `${dayText(point.date)}${point.isWhole ? "" : " (cut short)"}`,
                point.value === null ? "not known" : say(point.value),
                ...(page.kind === "times"
                  ? [point.p90 === null ? "–" : duration(point.p90)]
                  : page.kind === "rate"
                    ? [`${point.numerator ?? 0} of ${point.n}`, point.interval ? interval(point.interval) : "–"]
                    : []),
                point.n,
                before?.value == null ? "–" : say(before.value),
                before?.n ?? "–",
              ],
            };
          }),
        }}
      />
      <p className="legend">
        <span>
          <i className="swatch nnva" />
          period before
        </span>
        <span>
          <i className="swatch va" />
          this period
        </span>
      </p>
    </section>
  );
}
