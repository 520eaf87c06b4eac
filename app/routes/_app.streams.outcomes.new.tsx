import type { ActionFunctionArgs, LinksFunction, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { Form, useLoaderData } from "@remix-run/react";
import { DateTime } from "luxon";
import { placeOptions, readPlace } from "~/components/streams/experiment-form";
import { Choice, Field, Fields } from "~/components/ui/field";
import { Submit } from "~/components/ui/submit";
import { Unwell } from "~/components/ui/unwell";
import { useRefused } from "~/lib/actions";
import { done } from "~/lib/flash.server";
import { act, load, refused as refuse } from "~/lib/trpc.server";
import { NOT_MEASURED, TARGET_METRICS, type TargetKey } from "../../server/improvement/constants";
import { readValue, valueHint } from "../../server/improvement/notation";
import styles from "../styles/streams.css";

export const links: LinksFunction = () => [{ rel: "stylesheet", href: styles }];
export const meta: MetaFunction = () => [{ title: "New outcome · Value streams · Dokploy" }];
export const handle = {
  crumbs: () => [{ label: "Value streams", to: "/streams" }, { label: "Experiments", to: "/streams/experiments" }, { label: "New outcome" }],
};
export { Unwell as ErrorBoundary };

const USUAL_DAYS = 90;
const MEASURED = TARGET_METRICS.filter((metric) => !(metric.key in NOT_MEASURED));

export const loader = (args: LoaderFunctionArgs) =>
  load(args, async (api) => ({ places: await api.metrics.places(), due: DateTime.utc().plus({ days: USUAL_DAYS }).toISODate() ?? "" }));

export const action = (args: ActionFunctionArgs) =>
  act(args, async (api, form) => {
    const text = (name: string) => String(form.get(name) ?? "");
    const metric = TARGET_METRICS.find((one) => one.key === text("metric"));
    const target = metric ? readValue(metric.unit, text("target")) : null;
    if (!metric || target === null) {
      const wrong = metric ? `Write it ${valueHint[metric.unit]}.` : "Choose a metric first.";
      return refuse(
        { code: "bad_request", what: "Some fields are not right yet.", fix: "See the sentences beside them.", status: 400, fields: { target: wrong } },
        form,
      );
    }
    const made = await api.outcomes.create({
      title: text("title"),
      why: text("why"),
      metric: metric.key as TargetKey,
      ...readPlace(text("place")),
      target,
      dueOn: text("dueOn"),
    });
    return done("/streams/experiments", `The outcome is kept: ${made.title}`);
  });

export default function NewOutcome() {
  const { places, due } = useLoaderData<typeof loader>();
  const refused = useRefused("create");
  return (
    <>
      <header className="head">
        <div>
          <h1>New outcome</h1>
          <p className="meta">
            <span>measurable and dated, so that one can see whether it was reached</span>
          </p>
        </div>
      </header>
      <Form method="post" className="form">
        <Fields refused={refused}>
          <Field name="title" label="Outcome" required maxLength={300} hint="Such as: under 10 % of our changes fail after they are live." />
          <Field name="why" label="Why it matters" maxLength={1000} />
          <Choice name="metric" label="Measured by" defaultValue="changeFailRate" options={MEASURED.map((one) => ({ value: one.key, label: one.name }))} />
          <div className="pair">
            <Field name="target" label="To reach" required autoComplete="off" hint="A time such as 5m or 2h 30m; a share in percent, such as 10." />
            <Field name="dueOn" label="By the end of" type="date" required defaultValue={due} />
          </div>
          <Choice name="place" label="Where" defaultValue="" options={placeOptions(places)} />
          <p className="end">
            <Submit intent="create" className="btn btn-primary" busy="Keeping …">
              Keep outcome
            </Submit>
          </p>
        </Fields>
      </Form>
    </>
  );
}
