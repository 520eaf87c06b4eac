import { Link } from "@remix-run/react";
import type { ReactNode } from "react";
import type { App, Slot } from "../../../server/apps/schema";
import type { Deployment } from "../../../server/deployments/schema";
import type { Traffic } from "../../../server/traffic/schema";
import { titleOf } from "../ui/states";
import { Ago } from "../ui/time";
import { Counted } from "./trial";

const SLOTS = ["a", "b"] as const;
export type SlotRun = Pick<Deployment, "id" | "number" | "release" | "slot" | "commit" | "kind" | "ref" | "changedKeys" | "liveAt" | "status" | "step">;

type Shown = Pick<App, "activeSlot" | "release" | "replicas" | "runningReplicas" | "status" | "strategy">;
const percent = (value: number) => `${value}\u202f%`;

/** Two slots, one edge: which takes the traffic, fanned out to what each holds. */
export function Slots({ app, runs, traffic, children }: { app: Shown; runs: SlotRun[]; traffic: Traffic; children?: ReactNode }) {
  const active = app.activeSlot;
  const { split } = traffic;
  const parts = (["a", "b"] as const).map((slot) => {
    const isTrial = split?.slot === slot;
    const isActive = slot === active;
    const mine = runs.filter((one) => one.slot === slot && (one.liveAt !== null || one.status === "running"));
    const run = isTrial ? (runs.find((one) => one.release === split.release && one.liveAt !== null) ?? undefined) : mine[0];
    return { slot, isActive, isTrial, run, share: isTrial ? split : isActive && split ? traffic.live : null };
  });
  return (
    <section>
      <div className="sect-head">
        <h2>Releases</h2>
        <span className="t2">two slots, one edge</span>
      </div>
      <Bar active={active} split={split} />
      <div className="slots">
        {parts.map(({ slot, isActive, isTrial, run, share }) => (
          <div className="slot" key={slot}>
            <h3>
              Slot {slot} {isActive && app.release !== null ? <span className="t2">release {app.release}</span> : null}
              {isTrial ? <span className="t2">release {split?.release}</span> : null}
              <SlotState isActive={isActive} split={isTrial ? split : null} run={run} isStopped={app.status === "stopped"} />
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
                {share ? (
                  <>
                    <dt>Answers</dt>
                    <dd>
                      <Counted {...share} />
                    </dd>
                  </>
                ) : null}
                <dt>Replicas</dt>
                <dd>
                  {isTrial
                    ? `${app.replicas}`
                    : isActive
                      ? `${app.runningReplicas} of ${app.replicas}`
                      : run.status === "running"
                        ? "starting"
                        : "0, kept for a rollback"}
                </dd>
              </dl>
            ) : isTrial && share ? (
              <dl>
                <dt>Answers</dt>
                <dd>
                  <Counted {...share} />
                </dd>
              </dl>
            ) : (
              <p className="t3">{app.strategy === "rolling" ? "Not used: rolling replaces tasks in one slot." : "Free: the next deployment starts here."}</p>
            )}
          </div>
        ))}
      </div>
      {children}
    </section>
  );
}

/** The traffic as it arrives, drawn to scale, and how it fans out into the slots. */
function Bar({ active, split }: { active: Slot | null; split: Traffic["split"] }) {
  const onTrial = split?.kind === "split" ? split.weight : 0;
  const shareOf = (slot: Slot) => (slot === active ? 100 - onTrial : slot === split?.slot ? onTrial : 0);
  const at = 10 * shareOf("a");
  const label = active
    ? `Slot ${active} takes ${onTrial > 0 ? `${100 - onTrial} per cent of the traffic, slot ${split?.slot} ${onTrial}` : "all traffic"}`
    : "No slot takes traffic";
  return (
    <>
      <div className="split" role="img" aria-label={label} style={{ gridTemplateColumns: `${shareOf("a")}fr ${shareOf("b")}fr` }}>
        {active === null ? <span className="is-none">no traffic yet</span> : null}
        {SLOTS.filter((slot) => shareOf(slot) > 0).map((slot) => (
          <span key={slot} className={slot === active ? "" : "is-trial"} style={{ gridColumn: slot === "a" ? 1 : 2 }}>
            <i>{slot}, </i>
            {percent(shareOf(slot))}
          </span>
        ))}
      </div>
      <svg className="fan" viewBox="0 0 1000 28" preserveAspectRatio="none" aria-hidden="true">
        {active && at > 0 ? <polygon className={active === "a" ? "a" : "b"} points={`0,0 ${at},0 500,28 0,28`} /> : null}
        {active && at < 1000 ? <polygon className={active === "b" ? "a" : "b"} points={`${at},0 1000,0 1000,28 500,28`} /> : null}
        <path d={`M0,0L${at === 0 ? 500 : 0},28M${at},0L500,28M1000,0L${at === 1000 ? 500 : 1000},28`} />
      </svg>
    </>
  );
}

type StateProps = { isActive: boolean; split: Traffic["split"]; run: SlotRun | undefined; isStopped: boolean };

function SlotState({ isActive, split, run, isStopped }: StateProps) {
  if (split)
    return (
      <span className="state g-canary">
        {split.phase === "ending" ? "ending" : split.kind === "mirror" ? `copies of ${percent(split.weight)}` : "on trial"}
      </span>
    );
  if (isActive) return <span className={`state ${isStopped ? "g-cancelled" : "g-succeeded"}`}>{isStopped ? "stopped" : "live"}</span>;
  if (run?.status === "running") return <span className="state g-running">{run.step ?? "starting"}</span>;
  return <span className="state g-queued">idle</span>;
}
