import { Link } from "@remix-run/react";
import type { NamedFailure } from "../../../server/metrics/names";
import { counted, duration } from "../time/format";
import { Ago } from "../ui/time";

/** The deployments behind the change fail rate's numerator: why each counts, and what made it good. */
export function FailedTable({ failed, of }: { failed: NamedFailure[]; of: number }) {
  const open = failed.filter((one) => one.recoveryS === null).length;
  return (
    <section id="failed" aria-labelledby="failed-title">
      <div className="sect-head">
        <h2 id="failed-title">What failed after going live?</h2>
        <p className="answer">
          {failed.length === 0 ? (
            of === 0 ? (
              "Nothing went live that could have."
            ) : (
              `None of ${counted(of, "change")}.`
            )
          ) : (
            <>
              <b>
                {failed.length} of {of}.
              </b>{" "}
              {open === 0 ? "All are remedied." : `${open} not remedied yet.`}
            </>
          )}
        </p>
      </div>
      {failed.length === 0 ? null : (
        <table className="tbl stackable failures">
          <caption className="sr">Deployments that failed after going live</caption>
          <thead>
            <tr>
              <th>Deployment</th>
              <th>Live</th>
              <th>Why it counts as failed</th>
              <th>Method</th>
              <th>Remedy</th>
              <th className="num">Took</th>
            </tr>
          </thead>
          <tbody>
            {failed.map((one) => (
              <Failure key={one.id} one={one} />
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function Failure({ one }: { one: NamedFailure }) {
  return (
    <tr>
      <td>
        <Link to={`/deployments/${one.id}`}>
          <span className="strong">{one.app}</span> <span className="t3">#{one.number}</span>
        </Link>
      </td>
      <td className="t2">
        <Ago at={one.liveAt} />
      </td>
      <td className="full wrap-cell t2">{one.reason}</td>
      <td>
        <span className="badge">{one.method}</span>
      </td>
      <td>
        {one.remedy ? (
          <Link className="link" to={`/deployments/${one.remedy.id}`}>
            {one.remedy.app} #{one.remedy.number}
          </Link>
        ) : one.recoveryS === null ? (
          <span className="state state-12 g-failed">open</span>
        ) : (
          "incidents verified"
        )}
      </td>
      <td className="num">{one.recoveryS === null ? "–" : duration(one.recoveryS)}</td>
    </tr>
  );
}
