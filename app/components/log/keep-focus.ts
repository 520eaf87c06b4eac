import { type RefObject, useEffect, useRef } from "react";

/** Where in the box the focus is, as a selector that also finds it after the rows were drawn anew. */
export function useFocused(box: RefObject<HTMLElement>): RefObject<string | null> {
  const focused = useRef<string | null>(null);
  useEffect(() => {
    const look = (event: FocusEvent) => {
      const target = event.target as HTMLElement;
      const owner = box.current?.contains(target) ? target.closest("[id]") : null;
      focused.current = owner === null ? null : `#${CSS.escape(owner.id)}${owner === target ? "" : " > a"}`;
    };
    document.addEventListener("focusin", look);
    return () => document.removeEventListener("focusin", look);
  }, [box]);
  return focused;
}

/** Rows that take the place of others take over the focus that went with them. */
export function useRefocus(focused: RefObject<string | null>): void {
  useEffect(() => {
    const frame = requestAnimationFrame(() => {
      if (focused.current !== null && document.activeElement === document.body)
        document.querySelector<HTMLElement>(focused.current)?.focus({ preventScroll: true });
    });
    return () => cancelAnimationFrame(frame);
  }, [focused]);
}
