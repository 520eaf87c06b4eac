import { useHydrated } from "~/lib/clock";
import type { UsageReport } from "../../../server/usage/schema";
import { ChartFoot, ChartRoom } from "../charts/chart";
import { chartsOf, type Given, tableOf } from "./figures";

/** Small multiples on one axis of time, and one table of them all. */
export function UsageCharts({ report, given, csv }: { report: UsageReport; given: Given; csv: string }) {
  const zone = useHydrated() ? "local" : "utc";
  const when = Date.parse(report.window.to) >= Date.parse(report.asOf) ? "now" : "at the end";
  const charts = chartsOf(report, given, zone);
  return (
    <section aria-labelledby="over-time">
      <div className="sect-head">
        <h2 id="over-time">How much, and when?</h2>
        <p className="answer">
          A point is {stepText(report.step)}.{report.deployments.length > 0 ? " Upright dotted lines are deployments that went live." : ""}{" "}
          {zone === "utc" ? "Times are UTC." : null}
        </p>
      </div>
      <div className="usage-charts">
        {charts.map(({ key, title, last, legend, drawing }) => (
          <figure key={key} className="chart" aria-label={`${title}: ${when} ${last}. The table below the charts says the same as they do.`}>
            <figcaption>
              <b>{title}</b>
              <span className="small t2">
                {when} {last}
              </span>
            </figcaption>
            <ChartRoom height={drawing.height} drawings={[drawing]} />
            <p className="legend">
              {(legend ?? [drawing.marks[0]?.name ?? ""]).map((name, at) => (
                <span key={name}>
                  <i className={`swatch ${at === 0 ? "line-a" : "line-b"}`} />
                  {name}
                </span>
              ))}
            </p>
          </figure>
        ))}
      </div>
      <p className="note no-scripts">Charts are drawn by scripts. The table says the same.</p>
      <div className="chart-foot small">
        <ChartFoot label={`What ${report.of.name} used`} csv={csv} table={tableOf(report, zone)} />
      </div>
    </section>
  );
}

/** `10 seconds`, `5 minutes`, `3 hours`, `1 day`. */
export function stepText(step: number): string {
  const [amount, unit] = step < 60 ? [step, "second"] : step < 3600 ? [step / 60, "minute"] : step < 86_400 ? [step / 3600, "hour"] : [step / 86_400, "day"];
  return `${amount} ${unit}${amount === 1 ? "" : "s"}`;
}
