import { useEffect } from "react";

const STOPS = ".log-rows .line > a, .log-rows .log-head, .log-rows .log-gap";

/**
 * `n` and `N` go from find to find wherever the focus is; arrow keys go from line to line and head to head, so that a log of
 * thousands of lines has few Tab stops. All rest while somebody types.
 * @param step null while there is nothing to go to
 */
export function useLogKeys(step: ((by: 1 | -1) => void) | null): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      if (event.metaKey || event.ctrlKey || event.altKey || target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) return;
      if (step && (event.key === "n" || event.key === "N")) step(event.key === "n" ? 1 : -1);
      else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && target.matches(STOPS)) {
        event.preventDefault();
        const stops = [...document.querySelectorAll<HTMLElement>(STOPS)];
        stops[stops.indexOf(target) + (event.key === "ArrowDown" ? 1 : -1)]?.focus();
      }
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [step]);
}
