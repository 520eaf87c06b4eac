import { Form, Link } from "@remix-run/react";
import { useRefused } from "~/lib/actions";
import type { JoinToken } from "../../../server/cluster/schema";
import type { Explanation } from "../../../server/errors";
import { CopyButton } from "../ui/copy";
import { ProblemCard } from "../ui/problem";
import { Submit } from "../ui/submit";

const ROLES = [
  { value: "worker", label: "Worker: runs applications" },
  { value: "manager", label: "Manager: also decides, by majority; have three or five" },
];

/** How another machine joins. The command is shown once, as the answer to the form. */
export function Join({ problem, joined }: { problem: Explanation | null; joined: JoinToken | null }) {
  const refused = useRefused("join");
  return (
    <section className="panel" aria-labelledby="join-title" id="join">
      <h2 id="join-title">Add a node</h2>
      {refused ? <ProblemCard problem={refused.problem} /> : problem ? <ProblemCard problem={{ ...problem, code: "conflict" }} /> : null}
      {joined ? <Command joined={joined} /> : null}
      {problem ? null : (
        <>
          {joined ? null : (
            <p className="t2 said">
              The machine needs Docker 20.10 or later and must reach this one on the ports 2377 and 7946 (and 4789/udp between all), and be reached by it on
              7380 (DOKPLOY_AGENT_PORT), where its agent listens. It is shown here as soon as it has joined; images that are kept are then carried to the
              registry, so that every release runs on it.
            </p>
          )}
          <Form method="post" action="/nodes?join#join" className="form" preventScrollReset>
            <fieldset className="choices">
              <legend>It joins as</legend>
              {ROLES.map((role) => (
                <label className="choice" key={role.value}>
                  <input type="radio" name="role" value={role.value} defaultChecked={(joined?.role ?? "worker") === role.value} />
                  {role.label}
                </label>
              ))}
            </fieldset>
            <label className="check">
              <input type="checkbox" name="rotate" />
              Make earlier commands of that role worthless
            </label>
            <p className="end">
              <Submit intent="join" busy="Asking …">
                {joined ? "Show another command" : "Show the command"}
              </Submit>
              <Link to="/nodes" className="btn btn-quiet" preventScrollReset>
                Close
              </Link>
            </p>
          </Form>
        </>
      )}
    </section>
  );
}

function Command({ joined }: { joined: JoinToken }) {
  return (
    <div role="status" className="command">
      <p className="t2">
        Run this on the machine that joins as a {joined.role}. It is not shown again; whoever has it can join.
        <CopyButton text={joined.command} label="Copy the command" />
      </p>
      <pre className="code">{joined.command}</pre>
    </div>
  );
}
