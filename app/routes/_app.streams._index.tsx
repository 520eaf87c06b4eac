import type { LinksFunction, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import { FailedTable } from "~/components/streams/failed-table";
import { FilterForm } from "~/components/streams/filter-form";
import { queryOf } from "~/components/streams/filters";
import { StreamHead, windowText } from "~/components/streams/head";
import { MetricList } from "~/components/streams/metric-list";
import { NoDeployment, NothingInPeriod } from "~/components/streams/nothing";
import { fasterText, metricRows } from "~/components/streams/rows";
import { counted } from "~/components/time/format";
import { ProblemCard } from "~/components/ui/problem";
import { Unwell } from "~/components/ui/unwell";
import { apiQuery, readStreamPage } from "~/lib/streams.server";
import styles from "../styles/streams.css";

export const links: LinksFunction = () => [{ rel: "stylesheet", href: styles }];
export const meta: MetaFunction = () => [{ title: "DORA · Value streams · Dokploy" }];
export const handle = { crumbs: () => [{ label: "Value streams", to: "/streams" }, { label: "DORA" }] };
export { Unwell as ErrorBoundary };

export const loader = (args: LoaderFunctionArgs) =>
  readStreamPage(args, async (api, question) => ({ ...(await api.metrics.report(question)), query: apiQuery(question) }));

export default function DoraPage() {
  const { filters, places, answer, problem } = useLoaderData<typeof loader>();
  const isEmpty = answer !== null && answer.deployments === 0;
  return (
    <>
      <StreamHead title="DORA" filters={filters}>
        <span>five metrics and the deployment success rate</span>
        {answer ? (
          <>
            <span>
              {windowText(answer.window)}, {counted(answer.now.days, "day")}, {counted(answer.apps, "application")}
            </span>
            <span className="t3">against {windowText(answer.windowBefore)}</span>
            <span className="t3">definition {answer.definition}</span>
          </>
        ) : null}
      </StreamHead>
      <FilterForm action="/streams" filters={filters} places={places} />
      {problem ? <ProblemCard problem={problem} /> : null}
      {isEmpty ? (
        <NoDeployment what="This page answers whether you are getting faster without breaking more: how often changes go live, how long a commit takes to get there, how many fail afterwards, and how soon that is put right. Each figure says what it is made of." />
      ) : null}
      {answer && !isEmpty ? <Answer answer={answer} filters={filters} /> : null}
    </>
  );
}

type Page = ReturnType<typeof useLoaderData<typeof loader>>;

function Answer({ answer, filters }: { answer: NonNullable<Page["answer"]>; filters: Page["filters"] }) {
  const rows = metricRows(answer);
  const { said, rest } = fasterText(rows);
  const isQuiet = answer.now.deploymentFrequency.n === 0 && answer.now.successRate.n === 0;
  return (
    <>
      {isQuiet ? <NothingInPeriod path="/streams" filters={filters} lastLiveAt={answer.lastLiveAt} /> : null}
      <section aria-labelledby="faster">
        <div className="sect-head">
          <h2 id="faster">Are we getting faster?</h2>
          <p className="answer">
            <b>{said}</b> {rest}
          </p>
          <a className="aside link small" href={`/api/v1/metrics/dora?${answer.query}&format=csv`} download>
            CSV
          </a>
        </div>
        <MetricList rows={rows} trend={answer.trend} failed={answer.failed.length} query={queryOf(filters)} />
        <p className="legend trend-legend">
          <span>
            <i className="swatch nnva" />
            period before, by week
          </span>
          <span>
            <i className="swatch va" />
            this period
          </span>
          <span className="t3">weeks begin on the period’s first day; a week with too few to say has no point; intervals are Wilson’s, 95 %</span>
        </p>
      </section>
      <FailedTable failed={answer.failed} of={answer.now.changeFailRate.denominator} />
    </>
  );
}
