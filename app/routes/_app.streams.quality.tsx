import type { LinksFunction, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { Link, useLoaderData } from "@remix-run/react";
import { rate } from "~/components/streams/figure";
import { FilterForm } from "~/components/streams/filter-form";
import { queryOf } from "~/components/streams/filters";
import { StreamHead, windowText } from "~/components/streams/head";
import { METRIC_PAGES } from "~/components/streams/metrics";
import { NoDeployment } from "~/components/streams/nothing";
import { Tiles } from "~/components/streams/tiles";
import { leftText } from "~/components/streams/words";
import { count, counted } from "~/components/time/format";
import { ProblemCard } from "~/components/ui/problem";
import { Records } from "~/components/ui/records";
import { Unwell } from "~/components/ui/unwell";
import { apiQuery, readStreamPage } from "~/lib/streams.server";
import type { ExclusionReason } from "../../server/metrics/dora";
import metricStyles from "../styles/metric.css";
import styles from "../styles/streams.css";

export const links: LinksFunction = () => [
  { rel: "stylesheet", href: styles },
  { rel: "stylesheet", href: metricStyles },
];
export const meta: MetaFunction = () => [{ title: "Data quality · Value streams · Dokploy" }];
export const handle = { crumbs: () => [{ label: "Value streams", to: "/streams" }, { label: "Data quality" }] };
export { Unwell as ErrorBoundary };

export const loader = (args: LoaderFunctionArgs) =>
  readStreamPage(args, async (api, question) => ({ report: await api.metrics.quality(question), query: apiQuery(question) }));

const CLOCKS: Record<string, string> = {
  measured: "measured as it happened",
  derived: "derived from other times",
  imported: "as an import says",
  manual: "as people say",
};

export default function QualityPage() {
  const { filters, places, answer, problem } = useLoaderData<typeof loader>();
  const report = answer?.report;
  const isEmpty = report?.metrics.every((one) => one.n === 0 && Object.keys(one.excluded).length === 0);
  return (
    <>
      <StreamHead title="Data quality" filters={filters}>
        <span>how far the figures can be trusted</span>
        {report ? (
          <>
            <span>{windowText(report.window)}</span>
            <span className="t3">definition {report.definition}</span>
          </>
        ) : null}
      </StreamHead>
      <FilterForm action="/streams/quality" filters={filters} places={places} />
      {problem ? <ProblemCard problem={problem} /> : null}
      {isEmpty ? (
        <NoDeployment
          title="Nothing to judge in this period"
          what="This page says what is missing behind the figures: commits whose time nobody knows, clocks that disagree, and what was left out and why."
        />
      ) : null}
      {answer && report && !isEmpty ? <Report report={report} query={answer.query} to={queryOf(filters)} /> : null}
    </>
  );
}

type Page = NonNullable<ReturnType<typeof useLoaderData<typeof loader>>["answer"]>;

function Report({ report, query, to }: { report: Page["report"]; query: string; to: string }) {
  const { coverage, unknownCommits, clockSkew } = report.quality;
  const spans = report.clocks.reduce((sum, one) => sum + one.n, 0);
  return (
    <>
      <Tiles
        label="Quality in numbers"
        tiles={[
          { label: "Coverage", value: coverage === null ? null : (coverage * 100).toFixed(1), unit: "%", how: "live deployments whose commits are all known" },
          { label: "Unknown commits", value: String(unknownCommits), how: "no time is known of them: import them, or deploy from Git" },
          { label: "Clock skew", value: String(clockSkew), how: "commits that were live before they were written" },
          {
            label: "Times of steps",
            value: String(spans),
            how: report.clocks.map((one) => `${count(one.n)} ${CLOCKS[one.quality] ?? one.quality}`).join(", ") || "no steps are recorded",
          },
        ]}
      />
      <section aria-labelledby="metrics">
        <div className="sect-head">
          <h2 id="metrics">What was left out, and why?</h2>
          <p className="answer">
            The score is the share that could be counted of what should have been. A merge or a rollback is left out by definition and lowers nothing.
          </p>
          <a className="aside link small" href={`/api/v1/metrics/quality?${query}&format=csv`} download>
            CSV
          </a>
        </div>
        <Records
          caption="Quality of each metric"
          items={report.metrics.map((one) => ({ ...one, id: one.metric }))}
          columns={[
            {
              head: "Metric",
              cell: (one) => {
                const page = METRIC_PAGES.find((it) => it.key === one.metric);
                return (
                  <Link className="strong" to={`/streams/${page?.slug}${to}#rows`}>
                    {page?.name}
                  </Link>
                );
              },
            },
            { head: "Score", isNamedOnPhone: true, className: "num", cell: (one) => (one.score === null ? "–" : rate(one.score)) },
            { head: "Counted", isNamedOnPhone: true, className: "num", cell: (one) => count(one.n) },
            { head: "Not known", isNamedOnPhone: true, className: "num", cell: (one) => count(one.lacking) },
            {
              head: "Left out",
              className: "full wrap-cell t2",
              cell: (one) =>
                (Object.entries(one.excluded) as [ExclusionReason, number][]).map(([reason, n]) => `${count(n)} × ${leftText(reason)}`).join("; ") || "nothing",
            },
          ]}
        />
      </section>
      <section aria-labelledby="apps">
        <div className="sect-head">
          <h2 id="apps">Which applications?</h2>
          <p className="answer">{counted(report.apps.length, "application")} went live; those with the least coverage first.</p>
        </div>
        <Records
          caption="Quality of each application"
          items={report.apps.map((one) => ({ ...one, id: `${one.project}/${one.app}` }))}
          empty="Nothing went live in this period."
          columns={[
            { head: "Application", cell: (one) => <span className="strong">{one.id}</span> },
            { head: "Live", isNamedOnPhone: true, className: "num", cell: (one) => count(one.live) },
            { head: "Coverage", isNamedOnPhone: true, className: "num", cell: (one) => (one.coverage === null ? "–" : rate(one.coverage)) },
            { head: "Unknown commits", isNamedOnPhone: true, className: "num", cell: (one) => count(one.unknownCommits) },
            { head: "Clock skew", isNamedOnPhone: true, className: "num", cell: (one) => count(one.clockSkew) },
            { head: "Commits computed from parents", isNamedOnPhone: true, className: "num", cell: (one) => count(one.computed) },
          ]}
        />
      </section>
    </>
  );
}
