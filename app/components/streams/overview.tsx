import { Link } from "@remix-run/react";
import type { Report } from "../../../server/metrics/report";
import { slugOf } from "./metrics";
import { metricRows, trendOf } from "./rows";
import { Sparkline } from "./sparkline";
import { valueText } from "./target-text";

type Shown = Pick<Report, "now" | "before" | "changes" | "places" | "trend"> & {
  targets: Partial<Record<string, { value: number; unit: "s" | "share" | "per_day" | "number" }>>;
};

/** Are we getting faster? DORA's five of the last 28 days, each with its target, its weeks and the change against the 28 days before. */
export function DoraTiles({ report }: { report: Shown }) {
  const rows = metricRows(report).slice(0, 5);
  return (
    <section className="dora-tiles" aria-labelledby="faster">
      <div className="sect-head">
        <h2 id="faster">Are we getting faster?</h2>
        <p className="answer">The last 28 days against the 28 before, production.</p>
        <Link className="aside link small" to="/streams">
          Value streams
        </Link>
      </div>
      <ul className="tiles" style={{ "--n": rows.length } as React.CSSProperties}>
        {rows.map((row) => {
          const target = report.targets[row.key];
          const isLess = row.key !== "deploymentFrequency";
          return (
            <li key={row.key}>
              <Link className="label" to={`/streams/${slugOf(row.key)}`}>
                {row.name}
              </Link>
              {row.figure.main === null ? (
                <b className="unknown">not known</b>
              ) : (
                <b>
                  {row.figure.main}
                  <small> {row.figure.unit}</small>
                </b>
              )}
              <Sparkline name={row.name} points={trendOf(report.trend, row.key)} />
              <span className="small t2">
                {row.change.text === null || row.figure.main === null ? (
                  row.figure.second
                ) : (
                  <>
                    <span className={`change ${row.change.look}`}>
                      {row.change.text}
                      {row.change.look === "same" ? "" : `, ${row.change.look}`}
                    </span>{" "}
                    {row.change.look === "same" ? row.change.why : ""}
                  </>
                )}
              </span>
              {target ? (
                <span className="small t3">
                  target {isLess ? "≤" : "≥"} {valueText(target.unit, target.value)}
                </span>
              ) : null}
            </li>
          );
        })}
      </ul>
    </section>
  );
}
