import { Link } from "@remix-run/react";
import type { EndedRun } from "../../../server/overview/schema";
import { duration, tick } from "../time/format";
import { MiniStream, tookOf } from "../time/mini";
import { niceScale } from "../time/scale";
import { DeploymentState, titleOf } from "../ui/states";
import { Ago } from "../ui/time";

/** The newest deployments that have ended, drawn to time on one scale. */
export function Recent({ runs }: { runs: EndedRun[] }) {
  if (runs.length === 0) return null;
  const { max } = niceScale(Math.max(1, ...runs.map((run) => tookOf(run, 0))));
  return (
    <section aria-labelledby="recent">
      <div className="sect-head">
        <h2 id="recent">Recent deployments</h2>
        <span className="small t3 hide-phone">one scale, 0–{tick(max)}</span>
      </div>
      <table className="tbl dense stackable rec">
        <caption className="sr">The newest deployments that have ended</caption>
        <thead>
          <tr>
            <th>Deployment</th>
            <th>Outcome</th>
            <th>Change</th>
            <th>Time, drawn to scale</th>
            <th className="num">Took</th>
            <th className="num">At</th>
          </tr>
        </thead>
        <tbody>
          {runs.map((run) => (
            <tr key={run.id}>
              <td className="cut name">
                <Link to={`/deployments/${run.id}`}>
                  <span className="strong">{run.app}</span> <span className="t3">#{run.number}</span>
                  {run.environment === "production" ? null : <span className="t3">{run.environment}</span>}
                </Link>
              </td>
              <td>
                <DeploymentState run={run} />
              </td>
              <td className="cut t2 full">{titleOf(run)}</td>
              <td className="mini-cell full">
                <MiniStream run={{ ...run, spans: [] }} max={max} now={0} />
              </td>
              <td className="num">{duration(tookOf(run, 0))}</td>
              <td className="num t3">
                <Ago at={run.finishedAt ?? run.createdAt} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
