import { isRouteErrorResponse, useRouteError } from "@remix-run/react";
import type { Problem } from "~/lib/types";
import { ProblemCard } from "./problem";

/** The page that stands in for one that could not be shown. */
export function Unwell() {
  const problem = explain(useRouteError());
  return (
    <div className="unwell">
      <ProblemCard problem={problem} />
      <p style={{ marginTop: 16 }}>
        <a className="link" href="/projects">
          To the projects
        </a>
      </p>
    </div>
  );
}

function explain(error: unknown): Pick<Problem, "code" | "what" | "why" | "fix"> {
  if (isRouteErrorResponse(error)) {
    const body = error.data as Partial<Problem> | string | null;
    if (body && typeof body === "object" && typeof body.what === "string")
      return { code: body.code ?? String(error.status), what: body.what, ...(body.why ? { why: body.why } : {}), ...(body.fix ? { fix: body.fix } : {}) };
    if (error.status === 404)
      return {
        code: "not_found",
        what: "There is no page at this address.",
        why: "It may have been moved or deleted.",
        fix: "Check the address, or begin at the projects.",
      };
    return { code: String(error.status), what: error.statusText || "The page could not be shown.", fix: "Load the page again." };
  }
  if (error instanceof TypeError && /fetch/i.test(error.message))
    return {
      code: "unreachable",
      what: "The server did not answer.",
      why: "It may be restarting, or the network is away.",
      fix: "Load the page again in a few seconds.",
    };
  return {
    code: "internal",
    what: "This page failed on our side.",
    why: "The details are in the log of the web process.",
    fix: "Load the page again; if it stays, report the code with the time.",
  };
}
