import type { ReactNode } from "react";

export type Column<T> = { head: string; cell: (one: T) => ReactNode; className?: string; isHeadHidden?: boolean; isNamedOnPhone?: boolean };

/** Things of one kind, one a row: on a phone a row becomes a small card. Without any, `empty` says what would be here and what to do next. */
export function Records<T extends { id: string }>({
  caption,
  items,
  columns,
  empty,
  isDense = false,
}: {
  caption: string;
  items: T[];
  columns: Column<T>[];
  empty?: ReactNode;
  isDense?: boolean;
}) {
  if (items.length === 0) return <div className="note">{empty}</div>;
  return (
    <table className={`tbl stackable ${isDense ? "dense" : ""}`.trimEnd()}>
      <caption className="sr">{caption}</caption>
      <thead>
        <tr>
          {columns.map(({ head, className = "", isHeadHidden }) => (
            <th key={head} className={/\bnum\b/.test(className) ? "num" : undefined}>
              {isHeadHidden ? <span className="sr">{head}</span> : head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {items.map((one) => (
          <tr key={one.id}>
            {columns.map(({ head, cell, className, isNamedOnPhone }) => (
              <td key={head} className={className} data-head={isNamedOnPhone ? head : undefined}>
                {cell(one)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** The last column: what can be done with a row. */
export const acts = <T,>(cell: (one: T) => ReactNode): Column<T> => ({ head: "Actions", cell, className: "acts", isHeadHidden: true });
