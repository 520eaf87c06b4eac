import { Link } from "@remix-run/react";
import type { Offers } from "../../../server/deployments/offers";
import type { DeploymentWithSpans } from "../../../server/deployments/schema";
import { Icon } from "../ui/icon";
import { deploymentState, titleOf } from "../ui/states";
import { Ago } from "../ui/time";
import { Actions } from "./actions";

/** What this deployment is, where it stands, and what can be done about it. */
export function DeploymentHead({ run, offers }: { run: DeploymentWithSpans; offers: Offers }) {
  const { glyph, word } = deploymentState(run);
  const isCancelling = run.finishedAt === null && run.cancelRequestedAt !== null && run.liveAt === null;
  const said = isCancelling ? "cancelling" : offers.isLive && !run.failed ? "live" : word;
  return (
    <header className="head">
      <div>
        <h1>{titleOf(run)}</h1>
        <p className="meta">
          <b className={`state g-${glyph}`} role="status">
            {said.charAt(0).toUpperCase() + said.slice(1)}
          </b>
          <span>#{run.number}</span>
          {run.commit ? (
            <span>
              <Icon name="commit" /> <code title={run.commit.sha}>{run.commit.sha.slice(0, 7)}</code>
            </span>
          ) : null}
          <Place run={run} isLive={offers.isLive} />
          {run.url ? (
            <a className="link" href={run.url}>
              {run.url.replace(/^https?:\/\//, "")}
            </a>
          ) : null}
          <Ago at={run.finishedAt ?? run.createdAt} />
          <Link className="link" to={`/apps/${run.appId}`}>
            {run.app}
          </Link>
        </p>
      </div>
      <Actions key={run.id} run={run} offers={offers} />
    </header>
  );
}

function Place({ run, isLive }: { run: DeploymentWithSpans; isLive: boolean }) {
  if (run.release === null) return run.slot ? <span>to slot {run.slot}</span> : null;
  const words = [
    `release ${run.release}`,
    run.slot ? `slot ${run.slot}` : "",
    isLive ? "all traffic" : run.liveAt === null && run.finishedAt !== null ? "took no traffic" : "",
  ];
  return <span>{words.filter(Boolean).join(", ")}</span>;
}
