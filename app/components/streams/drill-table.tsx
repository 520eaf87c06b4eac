import { Link } from "@remix-run/react";
import type { MetricRows } from "../../../server/metrics/detail";
import { count, duration } from "../time/format";
import { CopyButton } from "../ui/copy";
import { Ago } from "../ui/time";
import type { MetricPage } from "./metrics";
import { leftText } from "./words";

type Props = { page: MetricPage; rows: MetricRows; csv: string; call: string; next: string | null; first: string | null };

/** The rows that the figure is made of: what counts, and what does not with its reason. Together they are all that was looked at. */
export function DrillTable({ page, rows, csv, call, next, first }: Props) {
  const left = rows.total - rows.n;
  return (
    <section id="rows" aria-labelledby="rows-title">
      <div className="sect-head">
        <h2 id="rows-title">What is it made of?</h2>
        <p className="answer">
          <b>
            {count(rows.n)} {page.of} counted
          </b>
          {left > 0 ? `, ${count(left)} looked at and left out` : ", none left out"}.
        </p>
        <a className="aside link small" href={csv} download>
          CSV of all {count(rows.total)}
        </a>
      </div>
      {rows.items.length === 0 ? (
        <p className="note">Nothing in this period.</p>
      ) : (
        <table className="tbl stackable drill">
          <caption className="sr">Deployments behind {page.name}</caption>
          <thead>
            <tr>
              <th>Deployment</th>
              {page.key === "leadTime" ? <th>Commit</th> : null}
              <th>Live</th>
              <th className="num">{page.kind === "times" ? "Took" : "Counts as"}</th>
              <th>Why</th>
            </tr>
          </thead>
          <tbody>
            {rows.items.map((row) => (
              <tr key={`${row.deployment} ${row.commit}`} className={row.value === null ? "is-left" : undefined}>
                <td>
                  <Link to={`/deployments/${row.deployment}`}>
                    <span className="strong">{row.app}</span> <span className="t3">#{row.number ?? "?"}</span>
                  </Link>
                </td>
                {page.key === "leadTime" ? (
                  <td>
                    <code title={row.commit ?? undefined}>{row.commit?.slice(0, 10)}</code>
                  </td>
                ) : null}
                <td className="t2">{row.liveAt === null ? "–" : <Ago at={row.liveAt} />}</td>
                <td className="num">{valueText(page, row.value)}</td>
                <td className="full wrap-cell t2">
                  {row.reason !== null
                    ? `left out: ${leftText(row.reason)}`
                    : (page.kind === "rate" || page.key === "recoveryTime") && row.failure
                      ? row.failure
                      : "counted"}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {next || first ? (
        <p className="pager">
          {first ? (
            <Link className="btn btn-small" to={first}>
              First rows
            </Link>
          ) : null}
          {next ? (
            <Link className="btn btn-small" to={next}>
              More rows
            </Link>
          ) : null}
        </p>
      ) : null}
      <div className="ask small">
        <span className="t3">The same from a terminal, every sample of it:</span>
        <code className="call">{call}</code>
        <CopyButton text={call} label="Copy the query" />
      </div>
    </section>
  );
}

function valueText(page: MetricPage, value: number | null): string {
  if (value === null) return "–";
  if (page.kind === "times") return duration(value);
  if (page.kind === "frequency") return "1";
  const hit = { changeFailRate: "failed", reworkRate: "rework", successRate: "succeeded" }[page.key as "changeFailRate"];
  return value === 1 ? hit : page.key === "successRate" ? "not succeeded" : page.key === "changeFailRate" ? "did not fail" : "planned";
}
