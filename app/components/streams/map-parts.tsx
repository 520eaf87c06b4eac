import { Form, Link } from "@remix-run/react";
import { useRefused } from "~/lib/actions";
import type { ManualStep } from "../../../server/improvement/manual-steps";
import { typedText } from "../../../server/improvement/notation";
import type { MapRows } from "../../../server/metrics/map-rows";
import type { MapAnswer } from "../../../server/metrics/streams";
import { count, counted, duration } from "../time/format";
import { Choice, Field, Fields } from "../ui/field";
import { acts, Records } from "../ui/records";
import { Submit } from "../ui/submit";
import { Ago } from "../ui/time";
import { rate } from "./figure";
import { windowText } from "./head";
import { compareSteps } from "./map-model";

const signed = (seconds: number): string => (Math.abs(seconds) < 0.05 ? "unchanged" : `${seconds > 0 ? "+" : "−"}${duration(Math.abs(seconds))}`);

/** Two periods side by side, a mean run of each. */
export function MapCompare({ answer }: { answer: MapAnswer }) {
  const { before } = answer;
  if (!before || before.total.runs === 0) return null;
  const rows = compareSteps(answer, before);
  const mean = (map: Pick<MapAnswer, "total">) => map.total.leadTime / Math.max(1, map.total.runs);
  const pce = (value: number | null) => (value === null ? "–" : rate(value));
  return (
    <section aria-labelledby="compare">
      <div className="sect-head">
        <h2 id="compare">What has changed since the period before?</h2>
        <p className="answer">
          {counted(answer.total.runs, "run")} against {count(before.total.runs)} of {windowText(before.window)}, a mean run of each; process cycle efficiency{" "}
          {pce(before.total.pce)} → {pce(answer.total.pce)}.
        </p>
      </div>
      <table className="tbl stackable">
        <caption className="sr">Steps of two periods</caption>
        <thead>
          <tr>
            <th>Step</th>
            <th className="num">Before</th>
            <th className="num">Now</th>
            <th className="num">Difference</th>
            <th className="num">%C/A before</th>
            <th className="num">%C/A now</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.key}>
              <td className="strong">{row.title}</td>
              <td className="num" data-head="Before">
                {row.before === null ? "–" : duration(row.before)}
              </td>
              <td className="num" data-head="Now">
                {row.now === null ? "–" : duration(row.now)}
              </td>
              <td className="num" data-head="Difference">
                {row.now === null || row.before === null ? "–" : signed(row.now - row.before)}
              </td>
              <td className="num t2" data-head="%C/A before">
                {pce(row.accurateBefore)}
              </td>
              <td className="num t2" data-head="%C/A now">
                {pce(row.accurateNow)}
              </td>
            </tr>
          ))}
          <tr className="sum">
            <td className="strong">Lead time</td>
            <td className="num" data-head="Before">
              {duration(mean(before))}
            </td>
            <td className="num" data-head="Now">
              {duration(mean(answer))}
            </td>
            <td className="num" data-head="Difference">
              {signed(mean(answer) - mean(before))}
            </td>
            <td />
            <td />
          </tr>
        </tbody>
      </table>
    </section>
  );
}

type StepProps = { rows: MapRows; title: string; close: string; csv: string };
/** The runs behind one box, the longest first; their sums are the box's. */
export function StepRuns({ rows, title, close, csv }: StepProps) {
  const isOwn = rows.stream === "deployment";
  return (
    <section id="step" aria-labelledby="step-title">
      <div className="sect-head">
        <h2 id="step-title">What is behind {title}?</h2>
        <p className="answer">
          {counted(rows.total, "run")}, the longest first{rows.total > rows.items.length ? `; these are the first ${rows.items.length}` : ""}.
        </p>
        <span className="aside small">
          <a className="link" href={csv} download>
            CSV of all
          </a>{" "}
          <Link className="link" to={close} preventScrollReset>
            Close
          </Link>
        </span>
      </div>
      <Records
        caption={`Runs of ${title}`}
        items={rows.items.map((row) => ({ ...row, id: row.subject }))}
        empty="No run of this period had this step."
        columns={[
          {
            head: "Run",
            cell: (row) =>
              isOwn ? (
                <Link to={`/deployments/${row.subject}`}>
                  <span className="strong">{row.name}</span> <span className="t3">#{row.number ?? "?"}</span>
                </Link>
              ) : (
                <span className="strong cut">{row.name}</span>
              ),
          },
          { head: "Began", cell: (row) => <Ago at={row.startedAt} />, className: "t2" },
          { head: "Process", isNamedOnPhone: true, className: "num", cell: (row) => duration(row.process) },
          { head: "Wait", isNamedOnPhone: true, className: "num", cell: (row) => duration(row.wait) },
          { head: "Lead", isNamedOnPhone: true, className: "num", cell: (row) => duration(row.lead) },
          { head: "Attempts", isNamedOnPhone: true, className: "num", cell: (row) => count(row.attempts) },
          { head: "Outcome", cell: (row) => row.outcome, className: "t2" },
        ]}
      />
    </section>
  );
}

/** Steps that the platform does not see, with the times that people say they usually take. */
export function ManualSteps({ steps, lead, project, action }: { steps: ManualStep[]; lead: number; project: string; action: string }) {
  const refused = useRefused("add-step");
  const added = steps.reduce((sum, step) => sum + step.processS + step.waitS, 0);
  const hasField = refused && Object.keys(refused.problem.fields).length > 0;
  return (
    <section id="manual" aria-labelledby="manual-title">
      <div className="sect-head">
        <h2 id="manual-title">What does the platform not see?</h2>
        <p className="answer">
          {steps.length === 0
            ? "An idea waits, a review takes a day, somebody approves. Add such steps with the times that people say: roughly is enough."
            : `${duration(added)} as people say, beside ${duration(lead)} measured: ${duration(added + lead)} in all.`}
        </p>
      </div>
      {steps.length > 0 ? (
        <Records
          caption="Steps that people added"
          items={steps}
          columns={[
            { head: "Step", cell: (step) => <span className="strong">{step.title}</span> },
            { head: "Where", cell: (step) => (step.place === "before" ? "before the commit" : "after it is live"), className: "t2" },
            { head: "Times", className: "full", cell: (step) => <StepTimes step={step} action={action} /> },
            { head: "Said by", cell: (step) => step.setBy, className: "t3 small" },
            acts((step: ManualStep) => (
              <Form method="post" action={action} preventScrollReset>
                <input type="hidden" name="step" value={step.id} />
                <Submit intent="remove-step" className="btn btn-small btn-quiet">
                  Remove<span className="sr"> {step.title}</span>
                </Submit>
              </Form>
            )),
          ]}
        />
      ) : null}
      <details key={steps.length} className="add-step" open={refused ? true : undefined}>
        <summary className="btn btn-small">Add a step</summary>
        <Form method="post" action={action} className="form" preventScrollReset>
          <Fields refused={refused}>
            <div className="pair">
              <Field name="title" label="Step" required maxLength={60} autoComplete="off" hint="Such as review, or approval." />
              <Choice
                name="place"
                label="Where"
                defaultValue="before"
                options={[
                  { value: "before", label: "before the commit" },
                  { value: "after", label: "after it is live" },
                ]}
              />
            </div>
            <div className="pair">
              <Field name="processS" label="Worked on it" autoComplete="off" defaultValue="" hint="1h, 2d; empty for none" />
              <Field name="waitS" label="Waited for it" autoComplete="off" defaultValue="" hint="1h, 2d; empty for none" />
            </div>
            <Choice
              name="class"
              label="The work"
              defaultValue="va"
              options={[
                { value: "va", label: "adds value" },
                { value: "nnva", label: "is necessary, adds none" },
              ]}
            />
            <p className="end">
              <Submit intent="add-step" className="btn btn-primary" busy="Adding …">
                Add step {project ? `to ${project}` : "for every project"}
              </Submit>
            </p>
          </Fields>
        </Form>
      </details>
    </section>
  );
}

function StepTimes({ step, action }: { step: ManualStep; action: string }) {
  return (
    <Form method="post" action={action} className="step-times" preventScrollReset>
      <input type="hidden" name="step" value={step.id} />
      <label>
        <span className="small t3">work</span>
        <input className="input" name="processS" aria-label={`Work on ${step.title}`} defaultValue={typedText("s", step.processS)} autoComplete="off" />
      </label>
      <label>
        <span className="small t3">wait</span>
        <input className="input" name="waitS" aria-label={`Wait for ${step.title}`} defaultValue={typedText("s", step.waitS)} autoComplete="off" />
      </label>
      <Submit intent="change-step" className="btn btn-small">
        Save<span className="sr"> the times of {step.title}</span>
      </Submit>
    </Form>
  );
}
