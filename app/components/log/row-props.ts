import type { ReactNode } from "react";
import type { Row } from "./model";

export type RowsProps = { rows: Row[]; isWrapped: boolean; target: { row: number; at: number } | null; follow: boolean; render: (row: Row) => ReactNode };

export const keyOf = (row: Row) => (row.kind === "line" ? row.line.n : `${row.kind} ${row.group.key}`);
