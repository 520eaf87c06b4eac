import { Link } from "@remix-run/react";
import type { Report } from "../../../server/metrics/report";
import { slugOf } from "./metrics";
import { type MetricRow, trendOf } from "./rows";
import { Sparkline } from "./sparkline";

/** One metric a row: name, figure, change, sample, and on request how it is computed. */
export function MetricList({ rows, trend, failed, query }: { rows: MetricRow[]; trend: Report["trend"]; failed: number; query: string }) {
  return (
    <ul className="ms">
      {rows.map((row) => (
        <li key={row.key} className="m" id={row.key}>
          <div className="m-name">
            <h3>
              <Link to={`/streams/${slugOf(row.key)}${query}`}>{row.name}</Link>
            </h3>
            <p className="small t2">{row.about}</p>
            {row.key === "changeFailRate" && failed > 0 ? (
              <a className="link small" href="#failed">
                What failed: {failed}
              </a>
            ) : null}
          </div>
          <Figure row={row} />
          <Sparkline name={row.name} points={trendOf(trend, row.key)} />
          <div className="m-change">
            {row.change.text === null ? null : (
              <p className={`change strong ${row.change.look}`}>
                {row.change.text}
                {row.change.look === "same" ? "" : `, ${row.change.look}`}
              </p>
            )}
            <p className="small t2">{row.change.why}</p>
            <p className="small t3">before: {row.before}</p>
          </div>
          <dl className="ex">
            {row.sample.map(({ label, value, isStrong }) => (
              <div key={label} className={isStrong ? "strong" : undefined}>
                <dt>{label}</dt>
                <dd>{value}</dd>
              </div>
            ))}
          </dl>
          <How row={row} query={query} />
        </li>
      ))}
    </ul>
  );
}

function Figure({ row: { figure } }: { row: MetricRow }) {
  if (figure.main === null)
    return (
      <div className="m-fig">
        <p className="fig unknown">not known</p>
        <p className="small t2">{figure.second}</p>
      </div>
    );
  return (
    <div className="m-fig">
      <p className="fig">
        {figure.main}
        <small>{figure.unit}</small>
      </p>
      <p className="small t2">{figure.second}</p>
      {figure.third ? <p className="small t3">{figure.third}</p> : null}
    </div>
  );
}

function How({ row, query }: { row: MetricRow; query: string }) {
  return (
    <details className="how plain-details">
      <summary>
        <span className="link small">
          How is this computed<span className="sr">: {row.name}</span>
        </span>
      </summary>
      <div className="how-body small">
        <p>{row.definition}</p>
        <ul>
          {row.arithmetic.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
        <p className="t3">
          Source: {row.source}.{" "}
          <Link className="link" to={`/streams/${slugOf(row.key)}${query}#rows`}>
            Every row behind it
          </Link>
        </p>
      </div>
    </details>
  );
}
