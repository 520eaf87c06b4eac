import { Link } from "@remix-run/react";
import type { ReactNode } from "react";
import { type Filters, queryOf } from "./filters";

/** The title of a page of value streams and the way to the other one, which is asked the same. */
export function StreamHead({ page, title, filters, children }: { page: "dora" | "map"; title: string; filters: Filters; children: ReactNode }) {
  const query = queryOf(filters);
  return (
    <header className="head">
      <div>
        <h1>{title}</h1>
        <p className="meta">{children}</p>
      </div>
      <nav className="actions btn-group" aria-label="Views">
        <Link className="btn" to={`/streams/map${query}`} aria-current={page === "map" ? "page" : undefined}>
          Map
        </Link>
        <Link className="btn" to={`/streams${query}`} aria-current={page === "dora" ? "page" : undefined}>
          DORA
        </Link>
      </nav>
    </header>
  );
}

const format = (tz: string, withYear: boolean) =>
  new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", ...(withYear ? { year: "numeric" } : {}), timeZone: tz });

/** `1 Mar – 31 Mar 2026`: the days that a half-open window touches. */
export function windowText({ from, to, tz }: { from: string; to: string; tz: string }): string {
  const begin = Date.parse(from);
  const last = Math.max(begin, Date.parse(to) - 1);
  const isOneYear = format(tz, true).format(begin).slice(-4) === format(tz, true).format(last).slice(-4);
  return `${format(tz, !isOneYear).format(begin)} – ${format(tz, true).format(last)}`;
}
