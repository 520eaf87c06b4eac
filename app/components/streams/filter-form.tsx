import { Form, Link } from "@remix-run/react";
import { type ReactNode, useId } from "react";
import { useHydrated } from "~/lib/clock";
import { type Filters, type NamedPlace, type Option, optionsOf, queryOf } from "./filters";

const PERIODS: Option[] = [
  { value: "7", label: "last 7 days" },
  { value: "28", label: "last 28 days" },
  { value: "90", label: "last 90 days" },
  { value: "dates", label: "from … to …" },
];

/** A GET form: the address says what the page is about, with and without scripts. */
export function FilterForm({ action, filters, places, children }: { action: string; filters: Filters; places: NamedPlace[]; children?: ReactNode }) {
  const options = optionsOf(places, filters);
  return (
    <Form method="get" action={action} className="filters stream-filters" aria-label="Filters">
      <Pick name="project" label="Project" all="all" chosen={filters.project} options={options.projects} />
      <Pick name="app" label="Application" all="all" chosen={filters.app} options={options.apps} />
      <Pick name="environment" label="Environment" all="production tier" chosen={filters.environment} options={options.environments} />
      <Pick name="period" label="Period" chosen={filters.period} options={PERIODS} />
      <Day name="from" label="From" chosen={filters.from} />
      <Day name="to" label="To, that day included" chosen={filters.to} />
      {children}
      <input type="hidden" name="tz" value={filters.tz} />
      <button type="submit" className="btn">
        Show
      </button>
      <Zone action={action} filters={filters} />
    </Form>
  );
}

export function Pick({ name, label, all, chosen, options }: { name: string; label: string; all?: string; chosen: string; options: Option[] }) {
  const id = useId();
  return (
    <div className="pick">
      <label htmlFor={id}>{label}</label>
      <select key={chosen} className="input" id={id} name={name} defaultValue={chosen}>
        {all === undefined ? null : <option value="">{all}</option>}
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    </div>
  );
}

function Day({ name, label, chosen }: { name: string; label: string; chosen: string }) {
  const id = useId();
  return (
    <div className="pick day">
      <label htmlFor={id}>{label}</label>
      <input key={chosen} className="input" id={id} type="date" name={name} defaultValue={chosen} />
    </div>
  );
}

/** Days begin at midnight somewhere. The server cannot know the viewer's zone; one click tells it. */
function Zone({ action, filters }: { action: string; filters: Filters }) {
  const hydrated = useHydrated();
  const own = hydrated ? Intl.DateTimeFormat().resolvedOptions().timeZone : filters.tz;
  return (
    <span className="end small t3">
      days in {filters.tz}
      {own && own !== filters.tz ? (
        <>
          {" · "}
          <Link className="link" to={`${action}${queryOf(filters, { tz: own })}`}>
            in {own}
          </Link>
        </>
      ) : null}
    </span>
  );
}
