import type { Prediction } from "../../../server/metrics/predict";
import { count, duration } from "../time/format";

/** How long a deployment is expected to take, and what such expectations were worth so far. */
export function Expected({ prediction, subject }: { prediction: Prediction; subject: string }) {
  const { queue, duration: took, n, error } = prediction;
  if (took.p50 === null)
    return n === 0 ? null : (
      <p className="expected small t3">How long it takes is predicted from five good deployments on; there {n === 1 ? "is one" : `are ${n}`}.</p>
    );
  return (
    <p className="expected small t2">
      <span>
        {subject} usually takes <b>{duration(took.p50)}</b>
        {took.p90 === null ? "" : `, nine of ten at most ${duration(took.p90)}`}
      </span>{" "}
      {queue.p50 === null ? null : (
        <span>
          of it in the queue {duration(queue.p50)}
          {queue.p90 === null ? "" : `, nine of ten at most ${duration(queue.p90)}`}
        </span>
      )}{" "}
      <span className="t3">
        from {count(n)} deployments
        {error.median === null ? "" : `; such predictions were off by ${Math.round(error.median * 100)} % in the median`}
        {error.of < 5 ? "" : `, ${count(error.within)} of ${count(error.of)} ended within the longer time`}
      </span>
    </p>
  );
}
