import { Form } from "@remix-run/react";
import { useRefused } from "~/lib/actions";
import type { DeploymentWithSpans } from "../../../server/deployments/schema";
import { Field, Fields } from "../ui/field";
import { Submit } from "../ui/submit";

/** Whether what went live failed, as the figures have it, and a person's word on it. */
export function Mark({ run }: { run: DeploymentWithSpans }) {
  const { mark } = run;
  return (
    <section className="mark" id="mark" aria-labelledby="mark-title">
      <h2 id="mark-title">Did it fail?</h2>
      <p>
        <span className={`state g-${run.failed ? "failed" : "succeeded"}`}>{run.failed ? "counts as failed" : "does not count as failed"}</span>
      </p>
      <p className="t2">
        {mark
          ? `A person said so: ${mark.reason}`
          : run.failed
            ? `${run.failedReason ?? "It failed after it was live."} (${run.failedMethod ?? "measured"})`
            : "Nothing says that it needed intervention."}
      </p>
      <div className="mark-forms">
        {mark ? <Say key="unmark" intent="unmark" label="Take that back" what="What is measured counts again." run={run} /> : null}
        {run.failed ? (
          <Say key="mark-ok" intent="mark-ok" label="Mark as not failed" what="It no longer counts in the change fail rate." run={run} />
        ) : (
          <Say
            key="mark-failed"
            intent="mark-failed"
            label="Mark as failed"
            what="It counts in the change fail rate, from now on and for its own day."
            run={run}
          />
        )}
      </div>
    </section>
  );
}

function Say({ intent, label, what, run }: { intent: string; label: string; what: string; run: DeploymentWithSpans }) {
  const refused = useRefused(intent);
  return (
    <details className="asked" open={refused ? true : undefined}>
      <summary className="btn btn-small">{label}</summary>
      <Form method="post" className="dialog" aria-label={`${label}: #${run.number}`}>
        <Fields refused={refused} told>
          <h3>{label}?</h3>
          <p className="t2">{what} The reason is kept and shown beside the figure.</p>
          <Field
            name="reason"
            label="Why"
            required
            maxLength={1000}
            autoComplete="off"
            wrong={refused?.problem.fields.reason ?? (refused ? refused.problem.what : undefined)}
          />
          <p className="end">
            <Submit intent={intent} className="btn btn-primary" busy="Saving …">
              {label}
            </Submit>
          </p>
        </Fields>
      </Form>
    </details>
  );
}
