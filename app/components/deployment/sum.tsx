import type { DeploymentWithSpans } from "../../../server/deployments/schema";
import { addends, duration, percent, tenths } from "../time/format";
import type { StreamModel } from "../time/stream-model";

/** The run in figures: what was work, what was necessary, what was wait, and that they add up to the lead time. */
export function Sum({ run, model }: { run: DeploymentWithSpans; model: StreamModel }) {
  if (model.isRunning) {
    const left = model.predicted === null ? null : model.predicted - model.elapsed;
    return (
      <p className="sum">
        <b>{left === null ? duration(model.elapsed) : left > 0.5 ? `${duration(left)} left` : "any moment"}</b>
        <span>
          {model.predicted === null ? "so far; nothing to compare it with yet" : `${tenths(model.elapsed)} of about ${tenths(model.predicted)}\u202fs`}
        </span>
        <span className="t2">the page may be closed; the run goes on</span>
      </p>
    );
  }
  const { totals } = run;
  const figures = addends(totals);
  const before = totals.lead - model.elapsed;
  const over = model.predicted === null || run.status !== "succeeded" ? null : model.elapsed - model.predicted;
  const off = model.columns.filter((column) => column.phase === "off").map((column) => column.step);
  return (
    <p className="sum">
      <b>{duration(model.elapsed)}</b>
      <span>
        <span className="strong">{figures.va}</span> work + <span className="strong">{figures.nnva}</span> necessary +{" "}
        <span className="strong">{figures.wait}</span> wait = {figures.lead}&#8239;s{before > 1 ? " lead" : ""}
      </span>
      {before > 1 ? <span className="t2">{duration(before)} of it before the run, from commit to request</span> : null}
      <span className="t2">{percent(totals.va, totals.lead)} of it adds value</span>
      {over !== null && Math.abs(over) > 1 ? (
        <span className="t2">{over > 0 ? `${tenths(over)}\u202fs longer than usual` : `${tenths(-over)}\u202fs shorter than usual`}</span>
      ) : null}
      {off.length > 0 && run.status === "failed" ? <span className="t2">{listed(off)} did not run</span> : null}
    </p>
  );
}

const listed = (words: string[]) => (words.length < 2 ? (words[0] ?? "") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`);
