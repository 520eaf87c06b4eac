import { Link } from "@remix-run/react";
import type { App } from "../../../server/apps/schema";
import type { Deployment } from "../../../server/deployments/schema";
import { titleOf } from "../ui/states";
import { Ago } from "../ui/time";

export type SlotRun = Pick<Deployment, "id" | "number" | "release" | "slot" | "commit" | "kind" | "ref" | "changedKeys" | "liveAt" | "status" | "step">;

/** Two slots, one edge: which takes the traffic, fanned out to what each holds. */
export function Slots({ app, runs }: { app: Pick<App, "activeSlot" | "release" | "replicas" | "runningReplicas" | "status" | "strategy">; runs: SlotRun[] }) {
  const active = app.activeSlot;
  const parts = (["a", "b"] as const).map((slot) => ({
    slot,
    isActive: slot === active,
    run: runs.find((one) => one.slot === slot && (one.liveAt !== null || one.status === "running")),
  }));
  const edge = active === "b" ? 0 : 1000;
  return (
    <section>
      <div className="sect-head">
        <h2>Releases</h2>
        <span className="t2">two slots, one edge</span>
      </div>
      <div className="split" role="img" aria-label={active ? `Slot ${active} takes all traffic` : "No slot takes traffic"}>
        <span className={active ? "" : "is-none"}>{active ? `${active}, 100\u202f%` : "no traffic yet"}</span>
      </div>
      <svg className="fan" viewBox="0 0 1000 28" preserveAspectRatio="none" aria-hidden="true">
        {active ? <polygon className="a" points={active === "a" ? "0,0 1000,0 500,28 0,28" : "0,0 1000,0 1000,28 500,28"} /> : null}
        <path d={`M0,0L${active === "b" ? 500 : 0},28M1000,0L${active === "b" ? 1000 : 500},28M${edge},0`} />
      </svg>
      <div className="slots">
        {parts.map(({ slot, isActive, run }) => (
          <div className="slot" key={slot}>
            <h3>
              Slot {slot} {isActive && app.release !== null ? <span className="t2">release {app.release}</span> : null}
              <SlotState isActive={isActive} run={run} isStopped={app.status === "stopped"} />
            </h3>
            {run ? (
              <dl>
                <dt>Change</dt>
                <dd className="cut">
                  {run.commit ? <code>{run.commit.sha.slice(0, 7)} </code> : null}
                  {titleOf(run)}
                </dd>
                <dt>Deployment</dt>
                <dd>
                  <Link className="link" to={`/deployments/${run.id}`}>
                    #{run.number}
                  </Link>
                  {run.liveAt ? (
                    <span className="t3">
                      {" "}
                      live <Ago at={run.liveAt} />
                    </span>
                  ) : null}
                </dd>
                <dt>Replicas</dt>
                <dd>{isActive ? `${app.runningReplicas} of ${app.replicas}` : run.status === "running" ? "starting" : "0, kept for a rollback"}</dd>
              </dl>
            ) : (
              <p className="t3">{app.strategy === "rolling" ? "Not used: rolling replaces tasks in one slot." : "Free: the next deployment starts here."}</p>
            )}
          </div>
        ))}
      </div>
    </section>
  );
}

function SlotState({ isActive, run, isStopped }: { isActive: boolean; run: SlotRun | undefined; isStopped: boolean }) {
  if (isActive) return <span className={`state ${isStopped ? "g-cancelled" : "g-succeeded"}`}>{isStopped ? "stopped" : "live"}</span>;
  if (run?.status === "running") return <span className="state g-running">{run.step ?? "starting"}</span>;
  return <span className="state g-queued">idle</span>;
}
