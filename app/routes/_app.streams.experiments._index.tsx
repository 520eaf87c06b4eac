import type { ActionFunctionArgs, LinksFunction, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { Form, Link, useLoaderData } from "@remix-run/react";
import { readFilters } from "~/components/streams/filters";
import { StreamHead } from "~/components/streams/head";
import { valueText } from "~/components/streams/target-text";
import { VerdictState } from "~/components/streams/verdict";
import { dayText } from "~/components/streams/words";
import { Icon } from "~/components/ui/icon";
import { Records } from "~/components/ui/records";
import { Submit } from "~/components/ui/submit";
import { Unwell } from "~/components/ui/unwell";
import { done } from "~/lib/flash.server";
import { act, load } from "~/lib/trpc.server";
import { TARGET_METRICS, type TargetKey, type TargetMetric } from "../../server/improvement/constants";
import metricStyles from "../styles/metric.css";
import styles from "../styles/streams.css";

export const links: LinksFunction = () => [
  { rel: "stylesheet", href: styles },
  { rel: "stylesheet", href: metricStyles },
];
export const meta: MetaFunction = () => [{ title: "Experiments · Value streams · Dokploy" }];
export const handle = { crumbs: () => [{ label: "Value streams", to: "/streams" }, { label: "Experiments" }] };
export { Unwell as ErrorBoundary };

export const loader = (args: LoaderFunctionArgs) =>
  load(args, async (api) => {
    const params = new URL(args.request.url).searchParams;
    const cursor = /^\d{1,6}$/.test(params.get("after") ?? "") ? (params.get("after") as string) : undefined;
    const [experiments, outcomes] = await Promise.all([api.experiments.list(cursor ? { cursor } : {}), api.outcomes.list()]);
    return { filters: readFilters(params), experiments: experiments.items, next: experiments.nextCursor, outcomes: outcomes.items };
  });

export const action = (args: ActionFunctionArgs) =>
  act(args, async (api, form) => {
    const isClosed = form.get("intent") === "close";
    const outcome = await api.outcomes.close({ outcome: String(form.get("outcome")), closed: isClosed });
    return done("/streams/experiments", `${isClosed ? "Closed" : "Opened again"}: ${outcome.title}`);
  });

const metricOf = (key: TargetKey): TargetMetric => TARGET_METRICS.find((one) => one.key === key) as TargetMetric;
const placeText = ({ project, app }: { project: string | null; app: string | null }) => (app ? `${project}/${app}` : (project ?? "the whole team"));

export default function ExperimentsPage() {
  const { filters, experiments, next, outcomes } = useLoaderData<typeof loader>();
  return (
    <>
      <StreamHead
        title="Experiments"
        filters={filters}
        actions={
          <>
            <Link className="btn" to="/streams/outcomes/new">
              <Icon name="plus" />
              New outcome
            </Link>
            <Link className="btn btn-primary" to="/streams/experiments/new">
              <Icon name="plus" />
              New experiment
            </Link>
          </>
        }
      >
        <span>one change at a time, and what it did</span>
      </StreamHead>
      <section aria-labelledby="outcomes">
        <div className="sect-head">
          <h2 id="outcomes">What do we want to reach?</h2>
          <a className="aside link small" href="/api/v1/outcomes?format=csv" download>
            CSV
          </a>
        </div>
        <Records
          caption="Outcomes"
          items={outcomes}
          empty="No outcome yet. An outcome is measurable and dated, such as “under 10 % of changes fail by the end of June”; experiments are how one gets there."
          columns={[
            {
              head: "Outcome",
              className: "full wrap-cell",
              cell: (one) => (
                <>
                  <span className="strong">{one.title}</span>
                  {one.why ? <span className="small t3"> {one.why}</span> : null}
                </>
              ),
            },
            { head: "Where", cell: placeText, className: "t2" },
            {
              head: "Wanted",
              isNamedOnPhone: true,
              cell: (one) =>
                `${metricOf(one.metric).name} ${metricOf(one.metric).wanted === "less" ? "≤" : "≥"} ${valueText(metricOf(one.metric).unit, one.target)}`,
            },
            {
              head: "Now",
              isNamedOnPhone: true,
              className: "num",
              cell: (one) => (one.current === null ? `not known, n ${one.n}` : valueText(metricOf(one.metric).unit, one.current)),
            },
            { head: "By", isNamedOnPhone: true, cell: (one) => <span title={one.dueOn}>{dayText(one.dueOn)}</span> },
            {
              head: "State",
              cell: (one) => (
                <span className={`state g-${one.isMet ? "succeeded" : one.state === "overdue" ? "failed" : one.state === "closed" ? "cancelled" : "queued"}`}>
                  {one.isMet ? "reached" : one.state}
                </span>
              ),
            },
            {
              head: "Experiments",
              isNamedOnPhone: true,
              className: "num",
              cell: (one) =>
                one.experiments.length === 0
                  ? "none"
                  : one.experiments.map((it, at) => (
                      <Link key={it.id} className="link" to={`/streams/experiments/${it.id}`} title={it.hypothesis}>{`${at > 0 ? " " : ""}#${at + 1}`}</Link>
                    )),
            },
            {
              head: "Actions",
              isHeadHidden: true,
              className: "acts",
              cell: (one) => (
                <Form method="post" action="/streams/experiments?index">
                  <input type="hidden" name="outcome" value={one.id} />
                  <Submit intent={one.state === "closed" ? "reopen" : "close"} className="btn btn-small btn-quiet">
                    {one.state === "closed" ? "Open again" : "Close"}
                    <span className="sr"> {one.title}</span>
                  </Submit>
                </Form>
              ),
            },
          ]}
        />
      </section>
      <section aria-labelledby="experiments">
        <div className="sect-head">
          <h2 id="experiments">What have we tried?</h2>
          <a className="aside link small" href="/api/v1/experiments?format=csv" download>
            CSV
          </a>
        </div>
        <Records
          caption="Experiments"
          items={experiments}
          empty="No experiment yet. Say what you expect before you change something: then a figure can tell whether it came true, and chance is told from effect."
          columns={[
            {
              head: "Hypothesis",
              className: "full wrap-cell",
              cell: (one) => (
                <>
                  <Link className="strong" to={`/streams/experiments/${one.id}`}>
                    {one.hypothesis}
                  </Link>
                  <span className="small t3"> {one.change}</span>
                </>
              ),
            },
            { head: "Measured by", cell: (one) => metricOf(one.metric).name },
            { head: "Where", cell: placeText, className: "t2" },
            { head: "Days", cell: (one) => `${dayText(one.startsOn)} – ${dayText(one.endsOn)}${one.state === "running" ? ", running" : ""}`, className: "t2" },
            { head: "Verdict", cell: (one) => <VerdictState verdict={one.verdict} /> },
          ]}
        />
        {next === null ? null : (
          <p className="pager">
            <Link className="btn btn-small" to={`?after=${next}`}>
              Older experiments
            </Link>
          </p>
        )}
      </section>
    </>
  );
}
