import { Link } from "@remix-run/react";
import type { Deployment } from "../../../server/deployments/schema";
import { ansiRuns, plainText } from "../log/ansi";
import { CopyButton } from "../ui/copy";
import { Glyph } from "../ui/icon";

/** Why a run did not go live: what, why, fix, the last lines and the code. */
export function FailureCard({ run }: { run: Deployment }) {
  const { reason } = run;
  if (!reason) return null;
  const lines = reason.lastLines ?? [];
  const report = [`${run.app} #${run.number}`, reason.code, reason.what, reason.why, reason.fix, ...lines.map(plainText)].filter(Boolean).join("\n");
  const isFailure = run.status === "failed";
  return (
    <article className={isFailure ? "errcard" : "note"} role={isFailure ? "alert" : undefined} aria-label="Why it ended">
      <h3>
        {isFailure ? <Glyph state="failed" /> : null}
        {reason.what}
      </h3>
      {reason.why || reason.fix ? (
        <dl>
          {reason.why ? (
            <>
              <dt>Why</dt>
              <dd>{reason.why}</dd>
            </>
          ) : null}
          {reason.fix ? (
            <>
              <dt>Fix</dt>
              <dd>{reason.fix}</dd>
            </>
          ) : null}
        </dl>
      ) : null}
      {lines.length > 0 ? (
        <pre className="code">
          {lines.map((line, at) => (
            <span key={at}>
              {ansiRuns(line).map((part, index) => (
                <span key={index} className={part.className || undefined}>
                  {part.text}
                </span>
              ))}
              {"\n"}
            </span>
          ))}
        </pre>
      ) : null}
      {isFailure ? (
        <p className="end">
          <Link className="btn" to={`/apps/${run.appId}/environment`}>
            Open environment
          </Link>
          <Link className="btn" to={`/apps/${run.appId}/settings`}>
            Open settings
          </Link>
          <span className="t3 small" style={{ marginLeft: "auto" }}>
            <code>{reason.code}</code> <CopyButton text={report} label="Copy report" />
          </span>
        </p>
      ) : null}
    </article>
  );
}
