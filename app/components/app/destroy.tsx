import { Form } from "@remix-run/react";
import { useId, useState } from "react";
import { useRefused } from "~/lib/actions";
import { useHydrated } from "~/lib/clock";
import { ProblemCard } from "../ui/problem";
import { Submit } from "../ui/submit";

/** Destruction says what goes and what stays, and asks for the name to be typed. */
export function Destroy({ intent, name, what, said, action }: { intent: string; name: string; what: string; said: string; action?: string }) {
  const id = useId();
  const [typed, setTyped] = useState("");
  const hydrated = useHydrated();
  const refused = useRefused(intent);
  return (
    <details className="plain-details" open={refused !== undefined || undefined}>
      <summary className="btn btn-danger">{what} …</summary>
      <div className="panel" style={{ marginTop: 12, maxWidth: 560 }}>
        <h2>{what}</h2>
        <p className="t2" style={{ marginBottom: 12 }}>
          {said}
        </p>
        {refused ? <ProblemCard problem={refused.problem} /> : null}
        <Form method="post" action={action} className="form">
          <div className="field">
            <label htmlFor={id}>
              Type <code>{name}</code> to delete it
            </label>
            <input
              className="input"
              id={id}
              name="confirm"
              autoComplete="off"
              spellCheck={false}
              value={typed}
              onChange={(event) => setTyped(event.target.value)}
            />
          </div>
          <p className="end">
            <Submit intent={intent} className="btn btn-danger-solid" busy="Deleting …" disabled={hydrated && typed.trim() !== name}>
              {what}
            </Submit>
          </p>
        </Form>
      </div>
    </details>
  );
}
