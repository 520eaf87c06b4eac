import { Form } from "@remix-run/react";
import { Pick } from "../streams/filter-form";
import { PERIODS, type UsageFilters } from "./periods";

const CHOICES = [...PERIODS.map(({ value, label }) => ({ value, label: `last ${label}` })), { value: "dates", label: "from … to …" }];

/** A GET form: the address says which time the page is about, with and without scripts. */
export function UsageForm({ action, filters }: { action: string; filters: UsageFilters }) {
  return (
    <Form method="get" action={action} className="filters stream-filters" aria-label="Filters">
      <Pick name="period" label="Period" chosen={filters.period} options={CHOICES} />
      <Day name="from" label="From" chosen={filters.from} />
      <Day name="to" label="To, that day included" chosen={filters.to} />
      <button type="submit" className="btn">
        Show
      </button>
    </Form>
  );
}

function Day({ name, label, chosen }: { name: "from" | "to"; label: string; chosen: string }) {
  return (
    <div className="pick day">
      <label htmlFor={`usage-${name}`}>{label}</label>
      <input key={chosen} className="input" id={`usage-${name}`} type="date" name={name} defaultValue={chosen} />
    </div>
  );
}
