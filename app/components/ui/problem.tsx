import type { Problem } from "~/lib/types";
import { CopyButton } from "./copy";
import { Glyph } from "./icon";

/** What, why, fix, code: the order that every error on every page keeps. */
export function ProblemCard({ problem, lines }: { problem: Pick<Problem, "code" | "what" | "why" | "fix">; lines?: string[] }) {
  const report = [problem.code, problem.what, problem.why, problem.fix, ...(lines ?? [])].filter(Boolean).join("\n");
  return (
    <section className="errcard" role="alert">
      <h3>
        <Glyph state="failed" />
        {problem.what}
      </h3>
      {problem.why || problem.fix ? (
        <dl>
          {problem.why ? (
            <>
              <dt>Why</dt>
              <dd>{problem.why}</dd>
            </>
          ) : null}
          {problem.fix ? (
            <>
              <dt>Fix</dt>
              <dd>{problem.fix}</dd>
            </>
          ) : null}
        </dl>
      ) : null}
      {lines && lines.length > 0 ? <pre className="code">{lines.join("\n")}</pre> : null}
      <p className="end">
        <code className="t3">{problem.code}</code>
        <CopyButton text={report} label="Copy report" />
      </p>
    </section>
  );
}
