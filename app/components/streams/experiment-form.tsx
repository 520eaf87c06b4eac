import { Form } from "@remix-run/react";
import { useRefused } from "~/lib/actions";
import { Choice, Field, Fields } from "../ui/field";
import { Submit } from "../ui/submit";
import type { NamedPlace } from "./filters";
import { METRIC_PAGES } from "./metrics";

type Props = { places: NamedPlace[]; outcomes: { id: string; title: string }[]; today: string; until: string; tz: string };

/** Where a change is looked at: all, a project, or one application. */
export function placeOptions(places: readonly NamedPlace[]): { value: string; label: string }[] {
  const projects = [...new Set(places.map((place) => place.project))].sort();
  const apps = [...new Set(places.map((place) => `${place.project}/${place.app}`))].sort();
  return [{ value: "", label: "the whole team" }, ...projects.map((one) => ({ value: one, label: one })), ...apps.map((one) => ({ value: one, label: one }))];
}

/** `shop` or `shop/api` as a question's fields. */
export const readPlace = (text: string): { project?: string; app?: string } => (text === "" ? {} : text.includes("/") ? { app: text } : { project: text });

export function ExperimentForm({ places, outcomes, today, until, tz }: Props) {
  const refused = useRefused("create");
  return (
    <Form method="post" className="form">
      <Fields refused={refused}>
        <Field
          name="hypothesis"
          label="Hypothesis"
          required
          maxLength={1000}
          hint="What you expect, and why: “Two build slots halve the wait, so commits go live sooner.”"
        />
        <Field
          name="change"
          label="The change"
          required
          maxLength={500}
          hint="What is done differently from the first day on. One change only, or nobody can say which did it."
        />
        <Choice name="metric" label="Measured by" defaultValue="leadTime" options={METRIC_PAGES.map((page) => ({ value: page.key, label: page.name }))} />
        <Choice name="place" label="Where" defaultValue="" options={placeOptions(places)} />
        <div className="pair">
          <Field name="startsOn" label="First day of the change" type="date" required defaultValue={today} />
          <Field name="endsOn" label="Last day looked at" type="date" required defaultValue={until} />
        </div>
        <p className="small t3">
          It is compared with as many days before the first one, in {tz}. A change can be told from chance with 20 samples on each side.
        </p>
        {outcomes.length > 0 ? (
          <Choice
            name="outcome"
            label="For the outcome"
            defaultValue=""
            options={[{ value: "", label: "none" }, ...outcomes.map((one) => ({ value: one.id, label: one.title }))]}
          />
        ) : null}
        <input type="hidden" name="tz" value={tz} />
        <p className="end">
          <Submit intent="create" className="btn btn-primary" busy="Beginning …">
            Begin experiment
          </Submit>
        </p>
      </Fields>
    </Form>
  );
}
