import { type InputHTMLAttributes, type ReactNode, useId } from "react";
import type { Refused } from "~/lib/types";

type FieldProps = Omit<InputHTMLAttributes<HTMLInputElement>, "name"> & {
  name: string;
  label: ReactNode;
  hint?: ReactNode;
  refused?: Refused | undefined;
  wrong?: string | undefined;
};

/** A labelled input that keeps what was typed and says what is wrong beside it. */
export function Field({ name, label, hint, refused, wrong: own, defaultValue, ...input }: FieldProps) {
  const id = useId();
  const wrong = own ?? refused?.problem.fields[name];
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
  refused,
  defaultValue,
}: {
  name: string;
  label: string;
  options: readonly { value: string; label: string }[];
  hint?: string;
  refused?: Refused | undefined;
  defaultValue: string;
}) {
  const id = useId();
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
