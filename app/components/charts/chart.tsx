import { lazy, type ReactNode, Suspense } from "react";
import { useHydrated } from "~/lib/clock";
import type { Drawing } from "./draw";

const Draw = lazy(() => import("./draw"));

export type ChartTable = { head: string[]; rows: { key: string; cells: ReactNode[] }[] };

/**
 * A chart, the same as a table, and as CSV. The library that draws comes after the page is there; until then, and without scripts,
 * the table says all of it.
 */
export function Chart({ label, height, csv, drawings, table }: { label: string; height: number; csv: string; drawings: Drawing[]; table: ChartTable }) {
  return (
    <figure className="chart" aria-label={label}>
      <ChartRoom height={height} drawings={drawings} />
      <p className="note no-scripts">Charts are drawn by scripts. The table below says the same.</p>
      <figcaption className="chart-foot small">
        <ChartFoot label={label} csv={csv} table={table} />
      </figcaption>
    </figure>
  );
}

/** Where drawings come: of fixed height, so that nothing moves when they do. */
export function ChartRoom({ height, drawings }: { height: number; drawings: Drawing[] }) {
  const hydrated = useHydrated();
  return (
    <div className="chart-room" style={{ height }} aria-hidden="true">
      {hydrated ? (
        <Suspense fallback={null}>
          {drawings.map((drawing) => (
            <Draw key={drawing.name} drawing={drawing} />
          ))}
        </Suspense>
      ) : null}
    </div>
  );
}

/** The same as a table, and as CSV. */
export function ChartFoot({ label, csv, table }: { label: string; csv: string; table: ChartTable }) {
  return (
    <>
      <details className="plain-details">
        <summary>
          <span className="link">
            Table<span className="sr">: {label}</span>
          </span>
        </summary>
        <div className="chart-table">
          <table className="tbl dense">
            <caption className="sr">{label}</caption>
            <thead>
              <tr>
                {table.head.map((head, at) => (
                  <th key={head} className={at === 0 ? undefined : "num"}>
                    {head}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {table.rows.map(({ key, cells }) => (
                <tr key={key}>
                  {cells.map((cell, at) => (
                    <td key={at} className={at === 0 ? undefined : "num"}>
                      {cell}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
      <a className="link" href={csv} download>
        CSV<span className="sr">: {label}</span>
      </a>
    </>
  );
}
