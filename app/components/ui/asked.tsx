import { Form } from "@remix-run/react";
import { type ReactNode, useEffect, useRef } from "react";
import { useBusy } from "~/lib/actions";
import { Icon } from "./icon";

type AskedProps = {
  intent: string;
  /** Its icon's name; the intent's unless given. */
  icon?: string;
  label: string;
  busy: string;
  className?: string;
  question: string;
  consequence: string;
  /** Where its form goes; the page itself unless given. */
  action?: string;
  children: ReactNode;
};

/** A button that opens a question; the answer is a plain form. Escape and a click elsewhere close it. */
export function Asked({ intent, icon = intent, label, busy, className = "btn", question, consequence, action, children }: AskedProps) {
  const box = useRef<HTMLDetailsElement>(null);
  const isBusy = useBusy(intent);
  useEffect(() => {
    const close = (event: Event) => {
      const { current } = box;
      if (!current?.open) return;
      if (event instanceof KeyboardEvent) {
        if (event.key !== "Escape") return;
        current.querySelector("summary")?.focus();
      } else if (current.contains(event.target as Node)) return;
      current.open = false;
    };
    document.addEventListener("keydown", close);
    document.addEventListener("click", close);
    return () => {
      document.removeEventListener("keydown", close);
      document.removeEventListener("click", close);
    };
  }, []);
  return (
    <details className="asked" ref={box}>
      <summary className={className} aria-busy={isBusy || undefined}>
        <Icon name={icon} />
        {isBusy ? busy : label}
      </summary>
      <Form method="post" {...(action === undefined ? {} : { action })} className="dialog" aria-label={question}>
        <h3>{question}</h3>
        <p className="t2">{consequence}</p>
        <p className="end">{children}</p>
      </Form>
    </details>
  );
}
