import { Link } from "@remix-run/react";
import { useNow } from "~/lib/clock";
import type { Deployment, SpanView } from "../../../server/deployments/schema";
import { duration, tick } from "../time/format";
import { MiniStream, tookOf } from "../time/mini";
import { niceScale } from "../time/scale";
import { DeploymentState, titleOf } from "../ui/states";
import { Ago } from "../ui/time";

export type TimedDeployment = Deployment & { spans: SpanView[] };

export function useDeploymentScale(items: TimedDeployment[]): { now: number; max: number; words: string } {
  const now = useNow(items.some((one) => one.finishedAt === null) ? 1000 : null);
  const { max } = niceScale(Math.max(1, ...items.map((one) => tookOf(one, now))));
  return { now, max, words: `one scale, 0–${tick(max)}` };
}

/** Deployments, newest first, each drawn to time on one scale. */
export function DeploymentsTable({ items, now, max }: { items: TimedDeployment[]; now: number; max: number }) {
  return (
    <table className="tbl dense stackable">
      <caption className="sr">Deployments</caption>
      <thead>
        <tr>
          <th>Number</th>
          <th>Outcome</th>
          <th>Change</th>
          <th>Time, drawn to scale</th>
          <th className="num">Took</th>
          <th className="num">By</th>
          <th className="num">At</th>
        </tr>
      </thead>
      <tbody>
        {items.map((one) => (
          <tr key={one.id}>
            <td>
              <Link className="strong" to={`/deployments/${one.id}`}>
                #{one.number}
              </Link>
            </td>
            <td>
              <DeploymentState run={one} />
            </td>
            <td className="cut full">{titleOf(one)}</td>
            <td className="mini-cell full">
              <MiniStream run={one} max={max} now={now} />
            </td>
            <td className="num">{duration(tookOf(one, now))}</td>
            <td className="num t3">{one.commit?.author || one.actor}</td>
            <td className="num t3">
              <Ago at={one.finishedAt ?? one.createdAt} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
