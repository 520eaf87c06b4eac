import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { type RefObject, useCallback, useEffect, useLayoutEffect, useState } from "react";
import { useRefocus } from "./keep-focus";
import { keyOf, type RowsProps } from "./row-props";

const HEIGHT = { head: 26, gap: 18, line: 18 };

/** A long log: only what is in sight is in the document. */
export default function LongRows({
  rows,
  isWrapped,
  target,
  render,
  box,
  focused,
}: RowsProps & { box: RefObject<HTMLDivElement>; focused: RefObject<string | null> }) {
  useRefocus(focused);
  const [margin, setMargin] = useState(0);
  useLayoutEffect(() => {
    if (box.current) setMargin(box.current.getBoundingClientRect().top + window.scrollY);
  }, [box]);
  // Stable, so that a scroll does not measure every row again.
  const getItemKey = useCallback(
    (index: number) => {
      const row = rows[index];
      return row ? keyOf(row) : index;
    },
    [rows],
  );
  const estimateSize = useCallback((index: number) => HEIGHT[rows[index]?.kind ?? "line"], [rows]);
  const list = useWindowVirtualizer({
    count: rows.length,
    estimateSize,
    getItemKey,
    overscan: 24,
    scrollMargin: margin,
  });
  useEffect(() => list.measure(), [isWrapped]);
  useEffect(() => {
    if (target) list.scrollToIndex(target.row, { align: "center" });
  }, [target?.at]);
  return (
    <div style={{ height: list.getTotalSize(), position: "relative" }}>
      {list.getVirtualItems().map((item) => {
        const row = rows[item.index];
        if (!row) return null;
        return (
          <div
            key={item.key}
            ref={isWrapped || row.kind !== "line" ? list.measureElement : undefined}
            data-index={item.index}
            style={{ position: "absolute", top: 0, left: 0, right: 0, transform: `translateY(${item.start - margin}px)` }}
          >
            {render(row)}
          </div>
        );
      })}
    </div>
  );
}
