import type { ReactNode } from "react";
import { Tabs } from "../ui/tabs";
import { type Filters, queryOf } from "./filters";

const VIEWS = [
  { path: "/streams/map", label: "Map" },
  { path: "/streams", label: "DORA", end: true },
  { path: "/streams/targets", label: "Targets" },
  { path: "/streams/experiments", label: "Experiments" },
  { path: "/streams/builds", label: "Builds" },
  { path: "/streams/quick-check", label: "Quick check" },
  { path: "/streams/quality", label: "Data quality" },
] as const;

/** The title of a page of value streams and the way to the others, which are asked the same. */
export function StreamHead({ title, filters, actions, children }: { title: string; filters: Filters; actions?: ReactNode; children: ReactNode }) {
  const query = queryOf(filters);
  return (
    <>
      <Tabs label="Views" tabs={VIEWS.map(({ path, label, ...end }) => ({ to: `${path}${query}`, label, ...end }))} />
      <header className="head">
        <div>
          <h1>{title}</h1>
          <p className="meta">{children}</p>
        </div>
        {actions ? <div className="actions">{actions}</div> : null}
      </header>
    </>
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
