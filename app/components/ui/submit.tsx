import type { ReactNode } from "react";
import { useBusy } from "~/lib/actions";

/** The button of a form with one intent; a second press while the first is on its way does nothing. */
export function Submit({
  intent,
  className = "btn",
  busy,
  disabled = false,
  title,
  children,
}: {
  intent: string;
  className?: string;
  busy?: string;
  disabled?: boolean;
  title?: string;
  children: ReactNode;
}) {
  const isBusy = useBusy(intent);
  return (
    <button
      type="submit"
      name="intent"
      value={intent}
      className={className}
      disabled={disabled}
      aria-disabled={isBusy || undefined}
      title={title}
      onClick={(event) => (isBusy ? event.preventDefault() : undefined)}
    >
      {isBusy && busy ? busy : children}
    </button>
  );
}
