import { Form } from "@remix-run/react";
import { useRefused } from "~/lib/actions";
import type { App } from "../../../server/apps/schema";
import type { Traffic } from "../../../server/traffic/schema";
import { count } from "../time/format";
import { Choice, Field, Fields } from "../ui/field";
import { Icon } from "../ui/icon";
import { ProblemCard } from "../ui/problem";
import { Submit } from "../ui/submit";
import { Ago } from "../ui/time";

type Split = NonNullable<Traffic["split"]>;
export type Candidate = { number: number; commit: string | null };
const PROMISE = "The live release keeps the rest. It goes on until you promote or end it, or until the next deployment.";

/** A second release beside the live one: how it does, and what can be done; without one, the form that starts it. */
export function Trial({ app, traffic, candidates }: { app: Pick<App, "strategy" | "status" | "name">; traffic: Traffic; candidates: Candidate[] }) {
  if (traffic.split && traffic.live) return <Running live={traffic.live.release} split={traffic.split} />;
  if (!traffic.live || candidates.length === 0 || app.strategy === "recreate" || app.status === "stopped") return null;
  return <Start candidates={candidates} />;
}

function Running({ live, split }: { live: number; split: Split }) {
  const refused = [useRefused("promote"), useRefused("end"), useRefused("share")].find(Boolean);
  const isEnding = split.phase === "ending";
  return (
    <div className="trial">
      {refused ? <ProblemCard problem={refused.problem} /> : null}
      <div className="gate">
        <p className="t2">
          <Words split={split} live={live} /> Since <Ago at={split.startedAt} />, by {split.actor}.
        </p>
        {isEnding ? (
          <p className="state g-running">ending: its slot is being emptied</p>
        ) : (
          <div className="act">
            <Form method="post" preventScrollReset>
              <Submit intent="end" busy="Ending …" title={`All traffic to release ${live}`}>
                End trial
              </Submit>
            </Form>
            <Form method="post" preventScrollReset>
              <Submit intent="promote" className="btn btn-primary" busy="Promoting …" title={`All traffic to release ${split.release}`}>
                <Icon name="promote" />
                Promote release {split.release}
              </Submit>
            </Form>
          </div>
        )}
      </div>
      {isEnding ? null : <Share split={split} />}
    </div>
  );
}

function Words({ split, live }: { split: Split; live: number }) {
  if (split.kind === "mirror")
    return (
      <>
        Release {live} answers every request; {split.weight}&#8239;% are copied to release {split.release}, whose answers are thrown away.
      </>
    );
  return (
    <>
      {split.weight > 0
        ? `Of all requests ${split.weight}\u202f% go to release ${split.release}${split.sticky ? "; a visitor stays where the first one went" : ""}. `
        : null}
      {split.header ? (
        <>
          With <code>{`${split.header.name}: ${split.header.value}`}</code> they go to release {split.release}.{" "}
        </>
      ) : null}
      {split.cookie ? (
        <>
          With the cookie <code>{`${split.cookie.name}=${split.cookie.value}`}</code> they go to release {split.release}.
        </>
      ) : null}
    </>
  );
}

/** Another share for the same release; what matches stays as it is. */
function Share({ split }: { split: Split }) {
  const refused = useRefused("share");
  const isMirror = split.kind === "mirror";
  return (
    <Form method="post" className="share" preventScrollReset key={`${split.weight} ${split.startedAt}`}>
      <Fields refused={refused} told>
        <input type="hidden" name="kind" value={split.kind} />
        <input type="hidden" name="release" value={split.release} />
        <input type="hidden" name="header.name" value={split.header?.name ?? ""} />
        <input type="hidden" name="header.value" value={split.header?.value ?? ""} />
        <input type="hidden" name="cookie.name" value={split.cookie?.name ?? ""} />
        <input type="hidden" name="cookie.value" value={split.cookie?.value ?? ""} />
        {split.sticky ? <input type="hidden" name="sticky" value="on" /> : null}
        <Field
          name={isMirror ? "percent" : "weight"}
          label={isMirror ? "Copied, per cent" : "Share, per cent"}
          type="number"
          min={1}
          max={isMirror ? 100 : 99}
          required={isMirror}
          defaultValue={split.weight || ""}
        />
        <Submit intent="share" busy="Changing …">
          Change
        </Submit>
      </Fields>
    </Form>
  );
}

const commitOf = ({ number, commit }: Candidate) => `release ${number}${commit ? `, ${commit.slice(0, 7)}` : ""}`;

function Start({ candidates }: { candidates: Candidate[] }) {
  const refused = useRefused("start");
  const isMirror = refused?.typed.kind === "mirror";
  return (
    <details className="trial trial-start" open={refused ? true : undefined}>
      <summary className="btn btn-small">Try a release on part of the traffic</summary>
      <Form method="post" className="form" preventScrollReset>
        <Fields refused={refused}>
          <Choice
            name="release"
            label="Release"
            defaultValue={String(candidates[0]?.number ?? "")}
            options={candidates.map((one) => ({ value: String(one.number), label: commitOf(one) }))}
          />
          <fieldset className="choices">
            <legend>It gets</legend>
            <label className="choice">
              <input type="radio" name="kind" value="split" defaultChecked={!isMirror} />
              Requests of visitors
            </label>
            <label className="choice">
              <input type="radio" name="kind" value="mirror" defaultChecked={isMirror} />
              Copies, answers thrown away
            </label>
          </fieldset>
          <div className="when" data-when="split">
            <div className="pair">
              <Field name="weight" label="Share of all requests, per cent" type="number" min={1} max={99} placeholder="20" />
              <label className="check check-low">
                <input type="checkbox" name="sticky" defaultChecked={refused?.typed.sticky === "on"} />A visitor stays where the first request went
              </label>
            </div>
            <div className="pair">
              <Field name="header.name" label="Always with the header" placeholder="X-Trial" spellCheck={false} autoComplete="off" />
              <Field name="header.value" label="The header’s value" placeholder="yes" spellCheck={false} autoComplete="off" />
            </div>
            <div className="pair">
              <Field name="cookie.name" label="Always with the cookie" placeholder="trial" spellCheck={false} autoComplete="off" />
              <Field name="cookie.value" label="The cookie’s value" placeholder="b" spellCheck={false} autoComplete="off" />
            </div>
          </div>
          <div className="when" data-when="mirror">
            <Field
              name="percent"
              label="Copied requests, per cent"
              type="number"
              min={1}
              max={100}
              placeholder="10"
              hint="Not those with a body over 1 MiB. Mind what a copied request writes."
            />
          </div>
          <p className="small t3">{PROMISE}</p>
          <p className="end">
            <Submit intent="start" className="btn btn-primary" busy="Starting: it must be healthy first …">
              Start trial
            </Submit>
          </p>
        </Fields>
      </Form>
    </details>
  );
}

/** Answers and errors of one release since the trial began, as the edge counts them. */
export function Counted({ answers, errors }: { answers: number | null; errors: number | null }) {
  if (answers === null) return <span className="t3">not counted yet</span>;
  const rate = answers === 0 ? null : (100 * (errors ?? 0)) / answers;
  return (
    <>
      {count(answers)}
      {rate === null ? null : <span className={rate > 0 ? "" : "t3"}>, {rate.toFixed(rate > 0 && rate < 10 ? 2 : 0)}&#8239;% errors</span>}
    </>
  );
}
