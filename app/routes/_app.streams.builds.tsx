import type { LinksFunction, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import { pText, rate } from "~/components/streams/figure";
import { FilterForm } from "~/components/streams/filter-form";
import { StreamHead, windowText } from "~/components/streams/head";
import { Tiles } from "~/components/streams/tiles";
import { count, counted, duration } from "~/components/time/format";
import { ProblemCard } from "~/components/ui/problem";
import { Records } from "~/components/ui/records";
import { Unwell } from "~/components/ui/unwell";
import { apiQuery, readStreamPage } from "~/lib/streams.server";
import metricStyles from "../styles/metric.css";
import styles from "../styles/streams.css";

export const links: LinksFunction = () => [
  { rel: "stylesheet", href: styles },
  { rel: "stylesheet", href: metricStyles },
];
export const meta: MetaFunction = () => [{ title: "Builds · Value streams · Dokploy" }];
export const handle = { crumbs: () => [{ label: "Value streams", to: "/streams" }, { label: "Builds" }] };
export { Unwell as ErrorBoundary };

const SHOWN = 50;

export const loader = (args: LoaderFunctionArgs) =>
  readStreamPage(args, async (api, question) => ({ report: await api.metrics.builds(question), query: apiQuery(question) }));

export default function BuildsPage() {
  const { filters, places, answer, problem } = useLoaderData<typeof loader>();
  const report = answer?.report;
  return (
    <>
      <StreamHead title="Builds" filters={filters}>
        <span>where builds spend their time</span>
        {report ? (
          <>
            <span>
              {windowText(report.window)}, {counted(report.builds, "build")}
            </span>
            <span className="t3">against {windowText(report.windowBefore)}</span>
          </>
        ) : null}
      </StreamHead>
      <FilterForm action="/streams/builds" filters={filters} places={places} />
      {problem ? <ProblemCard problem={problem} /> : null}
      {answer && report ? report.builds === 0 ? <NoBuild /> : <Report report={report} query={answer.query} /> : null}
    </>
  );
}

function NoBuild() {
  return (
    <section className="none-yet empty" aria-labelledby="none">
      <h2 id="none">Nothing was built in this period</h2>
      <p>
        This page shows which steps of your builds take longest, how often the cache spares them, and which have become slower. It is of builds that Dokploy
        ran; choose a longer period, or deploy from a repository.
      </p>
    </section>
  );
}

type Page = NonNullable<ReturnType<typeof useLoaderData<typeof loader>>["answer"]>;

function Report({ report, query }: { report: Page["report"]; query: string }) {
  const { duration: took, hitRate, steps, regressions } = report;
  const total = steps.reduce((sum, step) => sum + step.total, 0);
  const slower = regressions.filter((one) => one.verdict === "slower");
  return (
    <>
      <Tiles
        label="Builds in numbers"
        tiles={[
          {
            label: "p50",
            value: took.p50 === null ? null : duration(took.p50),
            how: took.p50 === null ? `n too small: ${took.n} of 5` : counted(took.n, "build"),
          },
          {
            label: "p90",
            value: took.p90 === null ? null : duration(took.p90),
            how: took.p90 === null ? `n too small: ${took.n} of 10` : "nine of ten are as fast",
          },
          {
            label: "Cache hit rate",
            value: hitRate.value === null ? null : (hitRate.value * 100).toFixed(1),
            unit: "%",
            how: `${count(hitRate.numerator)} of ${counted(hitRate.denominator, "step")}`,
          },
        ]}
      />
      <section aria-labelledby="changed">
        <div className="sect-head">
          <h2 id="changed">What has become slower?</h2>
          <p className="answer">
            {slower.length === 0 ? <b>Nothing that one could tell.</b> : <b>{counted(slower.length, "step")}.</b>} A median that moved by a fifth, of five and
            more on each side; of twenty and more it must be significant.
          </p>
        </div>
        {regressions.length > 0 ? (
          <Records
            caption="Steps that have changed"
            items={regressions.map((one) => ({ ...one, id: one.name }))}
            columns={[
              { head: "Step", className: "full wrap-cell", cell: (one) => <code>{one.name}</code> },
              { head: "Before", isNamedOnPhone: true, className: "num", cell: (one) => duration(one.before) },
              { head: "Now", isNamedOnPhone: true, className: "num", cell: (one) => duration(one.now) },
              {
                head: "Change",
                isNamedOnPhone: true,
                className: "num",
                cell: (one) => (
                  <span className={`change ${one.p === null ? "same" : one.verdict === "slower" ? "worse" : "better"}`}>
                    {one.by > 0 ? "↑" : "↓"} {rate(Math.abs(one.by))}
                  </span>
                ),
              },
              { head: "Chance", cell: (one) => (one.p === null ? "n too small to test" : pText(one.p)), className: "t2" },
            ]}
          />
        ) : null}
      </section>
      <section aria-labelledby="slowest">
        <div className="sect-head">
          <h2 id="slowest">Which steps take longest?</h2>
          <p className="answer">By what they took in all builds together{steps.length > SHOWN ? `; the first ${SHOWN} of ${steps.length}` : ""}.</p>
          <a className="aside link small" href={`/api/v1/metrics/builds?${query}&format=csv`} download>
            CSV
          </a>
        </div>
        <Records
          caption="Steps of builds"
          items={steps.slice(0, SHOWN).map((one) => ({ ...one, id: one.name }))}
          empty="No step of a build was recorded."
          columns={[
            { head: "Step", className: "full wrap-cell", cell: (one) => <code>{one.name}</code> },
            { head: "In all", isNamedOnPhone: true, className: "num", cell: (one) => duration(one.total) },
            { head: "Share", isNamedOnPhone: true, className: "num", cell: (one) => (total === 0 ? "–" : rate(one.total / total)) },
            { head: "p50", isNamedOnPhone: true, className: "num", cell: (one) => (one.p50 === null ? "–" : duration(one.p50)) },
            { head: "Longest", isNamedOnPhone: true, className: "num", cell: (one) => duration(one.longest) },
            { head: "Cached", isNamedOnPhone: true, className: "num", cell: (one) => `${count(one.cached)} of ${count(one.n)}` },
          ]}
        />
      </section>
    </>
  );
}
