import { createContext, type InputHTMLAttributes, type ReactNode, useContext, useId } from "react";
import type { Refused } from "~/lib/types";
import { ProblemCard } from "./problem";

type Refusal = { refused: Refused | undefined; wrong?: Record<string, string> };
const LastRefusal = createContext<Refusal>({ refused: undefined });

/**
 * A form's fields, with what its last sending was refused for: they keep what was typed and say what is wrong; what concerns none of them
 * stands above, unless it is `told` elsewhere. `wrong`: what the browser found by itself.
 */
export function Fields({ refused, wrong = {}, told = false, children }: Refusal & { told?: boolean; children: ReactNode }) {
  return (
    <LastRefusal.Provider value={{ refused, wrong }}>
      {refused && !told && Object.keys(refused.problem.fields).length === 0 ? <ProblemCard problem={refused.problem} /> : null}
      {children}
    </LastRefusal.Provider>
  );
}

type FieldProps = Omit<InputHTMLAttributes<HTMLInputElement>, "name"> & {
  name: string;
  label: ReactNode;
  hint?: ReactNode;
  wrong?: string | undefined;
};

/** A labelled input that keeps what was typed and says what is wrong beside it. */
export function Field({ name, label, hint, wrong: own, defaultValue, ...input }: FieldProps) {
  const id = useId();
  const { refused, wrong: found } = useContext(LastRefusal);
  const wrong = own ?? found?.[name] ?? refused?.problem.fields[name];
  const said = [hint ? `${id}-hint` : "", wrong ? `${id}-wrong` : ""].filter(Boolean).join(" ");
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input
        className="input"
        id={id}
        name={name}
        defaultValue={refused?.typed[name] ?? defaultValue}
        aria-invalid={wrong ? true : undefined}
        aria-describedby={said || undefined}
        {...input}
      />
      {hint ? (
        <span className="hint" id={`${id}-hint`}>
          {hint}
        </span>
      ) : null}
      <Wrong id={`${id}-wrong`} text={wrong} />
    </div>
  );
}

export function Wrong({ id, text }: { id?: string; text: string | undefined }) {
  return text ? (
    <span className="wrong" id={id}>
      <i className="i i-12 g-failed" aria-hidden="true" />
      {text}
    </span>
  ) : null;
}

export function Choice({
  name,
  label,
  options,
  hint,
  defaultValue,
}: {
  name: string;
  label: string;
  options: readonly { value: string; label: string }[];
  hint?: string;
  defaultValue: string;
}) {
  const id = useId();
  const { refused } = useContext(LastRefusal);
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <select className="input" id={id} name={name} defaultValue={refused?.typed[name] ?? defaultValue}>
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
      {hint ? <span className="hint">{hint}</span> : null}
      <Wrong text={refused?.problem.fields[name]} />
    </div>
  );
}
