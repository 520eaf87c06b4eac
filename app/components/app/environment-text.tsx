import { Form } from "@remix-run/react";
import { dotenvLine } from "~/lib/environment-form";
import { Submit } from "../ui/submit";
import type { VariableRow } from "./environment-table";

/** The same keys as `.env` text. Masked secrets stand as comments, so that saving the text leaves them alone. */
export function EnvironmentText({ variables }: { variables: VariableRow[] }) {
  const text = variables.map((one) => dotenvLine(one.key, one.value)).join("\n");
  const isMasked = variables.some((one) => one.value === null);
  return (
    <Form method="post" className="form" style={{ maxWidth: 960 }}>
      <div className="field">
        <label htmlFor="env-text">.env text</label>
        <textarea
          className="input"
          id="env-text"
          name="text"
          rows={Math.min(30, Math.max(10, variables.length + 3))}
          defaultValue={text}
          spellCheck={false}
          placeholder={"# one KEY=value a line\nDATABASE_URL=postgres://…"}
        />
        <span className="hint">
          Comments, export, quotes and values over several lines are understood.
          {isMasked ? " Secrets are masked as comments; a line KEY=value replaces one." : ""}
        </span>
      </div>
      <label className="check">
        <input type="checkbox" name="secret" />
        Mark every key of the text as secret
      </label>
      {isMasked ? null : (
        <label className="check">
          <input type="checkbox" name="replace" />
          Remove keys that the text does not name
        </label>
      )}
      <div className="end">
        <label className="check">
          <input type="checkbox" name="deploy" defaultChecked />
          Deploy the change
        </label>
        <Submit intent="import" className="btn btn-primary" busy="Saving …">
          Save
        </Submit>
      </div>
    </Form>
  );
}
