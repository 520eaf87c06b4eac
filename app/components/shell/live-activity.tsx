import { Link } from "@remix-run/react";
import { useNow } from "~/lib/clock";
import { duration } from "../time/format";
import { vars } from "../time/mini";
import { Glyph } from "../ui/icon";

export type Running = { id: string; app: string; number: number; word: string; createdAt: string; expected: number | null };
export type Activity = { running: Running[]; queued: number };

/** What is being deployed now: the oldest run with its progress, the others as a number. */
export function LiveActivity({ activity, now: _served }: { activity: Activity; now: number }) {
  const [first] = activity.running;
  const now = useNow(first ? 1000 : null);
  const others = activity.running.length - 1 + activity.queued;
  if (!first) {
    return activity.queued > 0 ? (
      <Link className="live" to="/">
        <Glyph state="queued" />
        <span className="t2">{activity.queued} queued</span>
      </Link>
    ) : null;
  }
  const elapsed = Math.max(0, now - Date.parse(first.createdAt)) / 1000;
  const left = first.expected === null ? null : Math.max(0, first.expected - elapsed);
  const share = first.expected === null ? null : Math.min(98, Math.round((elapsed / first.expected) * 100));
  const title = activity.running.map((run) => `${run.app} #${run.number} ${run.word}`).join(", ");
  return (
    <Link className="live" to={`/deployments/${first.id}`} title={title} aria-label={`Live: ${title}`}>
      <i className="i g-running keep" aria-hidden="true" />
      <span>
        {first.app} #{first.number}
      </span>
      {share === null ? null : (
        <span className="bar keep" role="progressbar" aria-valuenow={share} aria-label={`${share} percent`}>
          <i className="on" style={vars({ "--v": share })} />
        </span>
      )}
      <span className="t2">{left === null ? first.word : left > 0 ? `${duration(left)} left` : "any moment"}</span>
      {others > 0 ? <span className="t3">+{others}</span> : null}
    </Link>
  );
}
