import type { ActionFunctionArgs, LinksFunction, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { Form, Link, useLoaderData } from "@remix-run/react";
import { ControlChart } from "~/components/streams/control-chart";
import { pText } from "~/components/streams/figure";
import { windowText } from "~/components/streams/head";
import { METRIC_PAGES, type MetricPage } from "~/components/streams/metrics";
import { metricRows } from "~/components/streams/rows";
import { Tiles } from "~/components/streams/tiles";
import { VerdictState } from "~/components/streams/verdict";
import { Field, Fields } from "~/components/ui/field";
import { Submit } from "~/components/ui/submit";
import { Ago } from "~/components/ui/time";
import { Unwell } from "~/components/ui/unwell";
import { useRefused } from "~/lib/actions";
import { done } from "~/lib/flash.server";
import { apiQuery } from "~/lib/streams.server";
import { act, load } from "~/lib/trpc.server";
import metricStyles from "../styles/metric.css";
import styles from "../styles/streams.css";

export const links: LinksFunction = () => [
  { rel: "stylesheet", href: styles },
  { rel: "stylesheet", href: metricStyles },
];
export const meta: MetaFunction<typeof loader> = ({ data }) => [{ title: `${data?.one.hypothesis ?? "Experiment"} · Dokploy` }];
export const handle = {
  crumbs: () => [{ label: "Value streams", to: "/streams" }, { label: "Experiments", to: "/streams/experiments" }, { label: "Experiment" }],
};
export { Unwell as ErrorBoundary };

export const loader = (args: LoaderFunctionArgs) =>
  load(args, async (api) => {
    const one = await api.experiments.read({ experiment: args.params.experiment ?? "" });
    const { from, to, tz } = one.detail?.window ?? { from: one.startsOn, to: one.endsOn, tz: one.tz };
    const scope = { project: one.project ?? undefined, app: one.app ?? undefined, environment: one.environment ?? undefined };
    const days = { period: "dates", from: one.startsOn, to: one.endsOn, tz };
    return {
      one,
      csv: `/api/v1/metrics/detail/${one.metric}?${apiQuery({ ...scope, from, to, tz, grain: "week", table: "control", format: "csv" })}`,
      rows: apiQuery({ ...scope, ...(one.app ? { app: `${one.project}/${one.app}` } : {}), ...days }),
    };
  });

export const action = (args: ActionFunctionArgs) =>
  act(args, async (api, form) => {
    const experiment = args.params.experiment ?? "";
    if (form.get("intent") === "remove") {
      await api.experiments.remove({ experiment });
      return done("/streams/experiments", "The experiment was removed.");
    }
    await api.experiments.conclude({ experiment, conclusion: String(form.get("conclusion") ?? "") });
    return done(`/streams/experiments/${experiment}`, "The conclusion is kept.");
  });

export default function ExperimentPage() {
  const { one, csv, rows } = useLoaderData<typeof loader>();
  const page = METRIC_PAGES.find((it) => it.key === one.metric) as MetricPage;
  const { detail } = one;
  return (
    <>
      <header className="head">
        <div>
          <h1>{one.hypothesis}</h1>
          <p className="meta">
            <VerdictState verdict={one.verdict} />
            <span>changed: {one.change}</span>
            <span>{one.app ? `${one.project}/${one.app}` : (one.project ?? "the whole team")}</span>
            <span className="t3">
              by {one.createdBy}, <Ago at={one.createdAt} />
            </span>
            {one.outcome ? <span>for: {one.outcome.title}</span> : null}
          </p>
        </div>
      </header>
      <section aria-labelledby="verdict">
        <div className="sect-head">
          <h2 id="verdict">Did it come true?</h2>
        </div>
        <p className="verdict-said">{one.verdict.said}</p>
      </section>
      {detail ? <Evidence page={page} one={one} detail={detail} csv={csv} /> : null}
      {detail ? (
        <p className="small">
          <Link className="link" to={`/streams/${page.slug}?${rows}`}>
            {page.name} of these days, with every deployment behind it
          </Link>
        </p>
      ) : null}
      <section aria-labelledby="conclusion">
        <div className="sect-head">
          <h2 id="conclusion">What did we make of it?</h2>
        </div>
        {one.conclusion ? <p className="verdict-said">{one.conclusion}</p> : null}
        <Conclude conclusion={one.conclusion} />
      </section>
    </>
  );
}

type Page = ReturnType<typeof useLoaderData<typeof loader>>;

/** The period of the change against the one of equal length before it. */
function Evidence({ page, one, detail, csv }: { page: MetricPage; one: Page["one"]; detail: NonNullable<Page["one"]["detail"]>; csv: string }) {
  const row = metricRows(detail).find((it) => it.key === one.metric);
  const change = detail.changes[one.metric];
  if (!row) return null;
  return (
    <>
      <Tiles
        label="Before and since"
        tiles={[
          { label: "Before", value: null, words: row.before, how: windowText(detail.windowBefore) },
          {
            label: one.state === "running" ? "Since, so far" : "Since",
            value: row.figure.main,
            unit: row.figure.unit,
            how: `${row.figure.second}; ${windowText(detail.window)}`,
          },
          { label: "Change", value: row.change.text, look: row.change.look, how: row.change.why },
          {
            label: "Chance",
            value: change.p === null ? null : pText(change.p),
            words: "not tested",
            how: change.test === null ? "20 samples are needed on each side" : `${change.test}, two-sided`,
          },
        ]}
      />
      <ControlChart
        page={page}
        control={detail.control}
        csv={csv}
        target={null}
        change={{ from: detail.window.from, to: detail.window.to, label: one.change }}
      />
    </>
  );
}

function Conclude({ conclusion }: { conclusion: string | null }) {
  const refused = useRefused("conclude");
  return (
    <Form method="post" className="form">
      <Fields refused={refused} told>
        <Field
          name="conclusion"
          label={conclusion ? "Another conclusion" : "Conclusion"}
          required
          maxLength={2000}
          autoComplete="off"
          hint="Keep it, take it back, or look again; in your own words."
        />
        <div className="end">
          <Submit intent="conclude" className="btn" busy="Keeping …">
            Keep conclusion
          </Submit>
          <details className="asked">
            <summary className="btn btn-danger">Remove</summary>
            <div className="dialog">
              <h3>Remove this experiment?</h3>
              <p className="t2">The deployments it looked at stay; what was concluded goes.</p>
              <p className="end">
                <button type="submit" name="intent" value="remove" formNoValidate className="btn btn-danger-solid">
                  Remove experiment
                </button>
              </p>
            </div>
          </details>
        </div>
      </Fields>
    </Form>
  );
}
