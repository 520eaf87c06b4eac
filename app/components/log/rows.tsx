import { lazy, type RefObject, Suspense, useEffect, useLayoutEffect, useRef } from "react";
import { useFocused, useRefocus } from "./keep-focus";
import { keyOf, type RowsProps } from "./row-props";

export const VIRTUAL_FROM = 600;

/** Fetched when a log is long enough to need it. */
const LongRows = lazy(() => import("./long-rows"));

/** Short logs as they are; long ones with only what is in sight in the document. */
export function Rows(props: RowsProps) {
  const box = useRef<HTMLDivElement>(null);
  const focused = useFocused(box);
  const isLong = props.rows.length > VIRTUAL_FROM;
  useFollow(box, props.follow, props.rows.length);
  return (
    <div ref={box}>
      {isLong ? (
        <Suspense fallback={<p className="log-none t3">Laying out {props.rows.length} rows …</p>}>
          <LongRows {...props} box={box} focused={focused} />
        </Suspense>
      ) : (
        <ShortRows {...props} focused={focused} />
      )}
    </div>
  );
}

function ShortRows({ rows, target, render, focused }: RowsProps & { focused: RefObject<string | null> }) {
  useRefocus(focused);
  useEffect(() => {
    const row = target ? rows[target.row] : undefined;
    if (row?.kind === "line") document.getElementById(`L${row.line.n}`)?.scrollIntoView({ block: "center" });
    // Only a new wish moves the page, not a new line.
  }, [target?.at]);
  return rows.map((row) => <div key={keyOf(row)}>{render(row)}</div>);
}

/** While lines come and the log's end is in sight, it stays in sight. */
function useFollow(box: RefObject<HTMLDivElement>, follow: boolean, length: number): void {
  const wasAtEnd = useRef(false);
  useEffect(() => {
    if (!follow) return;
    const look = () => {
      const end = box.current?.getBoundingClientRect().bottom ?? 0;
      wasAtEnd.current = window.scrollY > 0 && end > 0 && end <= window.innerHeight + 60;
    };
    look();
    window.addEventListener("scroll", look, { passive: true });
    return () => window.removeEventListener("scroll", look);
  }, [box, follow]);
  useLayoutEffect(() => {
    if (follow && wasAtEnd.current && box.current)
      window.scrollTo({ top: box.current.getBoundingClientRect().bottom + window.scrollY - window.innerHeight + 24 });
  }, [box, follow, length]);
}
