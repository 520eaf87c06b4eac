import { useNavigate } from "@remix-run/react";
import { useEffect, useRef } from "react";

const KEYS = [
  ["?", "This list"],
  ["g then o", "Overview"],
  ["g then p", "Projects"],
  ["g then s", "Settings"],
  ["/", "Search on this page"],
  ["n, N", "Next and previous find in the log"],
  ["↑ ↓", "From line to line in the log, from a line's number"],
  ["⇧ Enter", "On a line's number: link all lines up to it"],
  ["Esc", "Close what is open, leave the search"],
  ["Tab", "Next control; the first one skips to the content"],
] as const;

/** Keys that work everywhere. They rest while somebody types. */
export function Keys() {
  const dialog = useRef<HTMLDialogElement>(null);
  const navigate = useNavigate();
  useEffect(() => {
    let wasG = false;
    const onKey = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      const isTyping = target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
      if (event.metaKey || event.ctrlKey || event.altKey) return;
      if (isTyping) {
        if (event.key === "Escape") target.blur();
        return;
      }
      if (event.key === "?") dialog.current?.showModal();
      else if (event.key === "/") {
        const search = document.querySelector<HTMLInputElement>("input[type=search]");
        if (search) {
          event.preventDefault();
          search.focus();
        }
      } else if (wasG && event.key === "o") navigate("/");
      else if (wasG && event.key === "p") navigate("/projects");
      else if (wasG && event.key === "s") navigate("/settings");
      wasG = event.key === "g";
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [navigate]);
  return (
    <dialog className="keys" ref={dialog} aria-labelledby="keys-title">
      <h2 id="keys-title">Keys</h2>
      <dl>
        {KEYS.map(([key, what]) => (
          <div key={key} style={{ display: "contents" }}>
            <dt>
              <span className="kbd">{key}</span>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <form method="dialog">
        <button type="submit" className="btn">
          Close
        </button>
      </form>
    </dialog>
  );
}
