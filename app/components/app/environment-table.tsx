import { Form } from "@remix-run/react";
import { useState } from "react";
import { useRefused } from "~/lib/actions";
import { useHydrated } from "~/lib/clock";
import { Icon } from "../ui/icon";
import { Submit } from "../ui/submit";

export type VariableRow = { key: string; value: string | null; secret: boolean; build: boolean; updatedAt: string };

/** One row a key; what is changed, added and removed is saved together. */
export function EnvironmentTable({ variables }: { variables: VariableRow[] }) {
  const [added, setAdded] = useState(() => [0, ...(variables.length === 0 ? [1, 2] : [])]);
  const hydrated = useHydrated();
  const typed = useRefused("change")?.typed ?? {};
  return (
    <Form method="post" className="env-form">
      {variables.length === 0 ? (
        <p className="note">
          Keys set here reach the program as environment variables. Those marked “build” reach the build too. Secrets are encrypted, masked in every log and
          shown only on demand.
        </p>
      ) : null}
      <table className="tbl env">
        <caption className="sr">Environment variables</caption>
        <thead>
          <tr>
            <th>Key</th>
            <th>Value</th>
            <th>Secret</th>
            <th>Build</th>
            <th>Remove</th>
          </tr>
        </thead>
        <tbody>
          {variables.map((one, index) => (
            <Row key={one.key} row={String(index)} variable={one} typed={typed} />
          ))}
          {added.map((number) => (
            <Row key={`new-${number}`} row={`new${number}`} typed={typed} />
          ))}
        </tbody>
      </table>
      <div className="form env-end">
        {hydrated ? (
          <button type="button" className="btn" onClick={() => setAdded((before) => [...before, (before.at(-1) ?? 0) + 1])}>
            <Icon name="plus" />
            Add a key
          </button>
        ) : null}
        <label className="check">
          <input type="checkbox" name="deploy" defaultChecked />
          Deploy the change
        </label>
        <Submit intent="change" className="btn btn-primary" busy="Saving …">
          Save
        </Submit>
      </div>
    </Form>
  );
}

/** `typed` is what was refused: it stands in the fields again, except the values of secrets. */
function Row({ row, variable, typed }: { row: string; variable?: VariableRow; typed: Record<string, string> }) {
  const isTyped = `key.${row}` in typed;
  const isSecret = isTyped ? typed[`secret.${row}`] === "on" : (variable?.secret ?? false);
  const name = variable?.key ?? "new key";
  const isMasked = variable !== undefined && variable.value === null;
  return (
    <tr>
      <td>
        <input type="hidden" name="row" value={row} />
        <input type="hidden" name={`was.${row}`} value={variable?.key ?? ""} />
        {isMasked ? <input type="hidden" name={`masked.${row}`} value="on" /> : null}
        <input
          className="input mono"
          name={`key.${row}`}
          defaultValue={typed[`key.${row}`] ?? variable?.key ?? ""}
          aria-label={variable ? `Key ${name}` : "New key"}
          placeholder="KEY"
          autoComplete="off"
          spellCheck={false}
          readOnly={isMasked}
        />
      </td>
      <td>
        <textarea
          className="input mono"
          rows={1}
          name={`value.${row}`}
          defaultValue={(isSecret ? undefined : typed[`value.${row}`]) ?? variable?.value ?? ""}
          aria-label={variable ? `Value of ${name}` : "New value"}
          placeholder={isMasked ? "•••••••• (type to replace)" : "value"}
          autoComplete="off"
          spellCheck={false}
        />
      </td>
      <td>
        <input type="checkbox" name={`secret.${row}`} defaultChecked={isSecret} aria-label={`${name} is secret`} />
      </td>
      <td>
        <input
          type="checkbox"
          name={`build.${row}`}
          defaultChecked={isTyped ? typed[`build.${row}`] === "on" : (variable?.build ?? false)}
          aria-label={`${name} reaches the build`}
        />
      </td>
      <td>{variable ? <input type="checkbox" name={`remove.${row}`} aria-label={`Remove ${name}`} /> : null}</td>
    </tr>
  );
}
