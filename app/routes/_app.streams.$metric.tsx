import type { LinksFunction, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import { ControlChart } from "~/components/streams/control-chart";
import { Distribution } from "~/components/streams/distribution";
import { DrillTable } from "~/components/streams/drill-table";
import { FilterForm, Pick } from "~/components/streams/filter-form";
import { queryOf } from "~/components/streams/filters";
import { StreamHead, windowText } from "~/components/streams/head";
import { METRIC_PAGES, type MetricPage, pageOf } from "~/components/streams/metrics";
import { NoDeployment, NothingInPeriod } from "~/components/streams/nothing";
import { metricRows } from "~/components/streams/rows";
import { type Tile, Tiles } from "~/components/streams/tiles";
import { TrendChart } from "~/components/streams/trend-chart";
import { figureOf } from "~/components/streams/words";
import { counted } from "~/components/time/format";
import { ProblemCard } from "~/components/ui/problem";
import { Clock } from "~/components/ui/time";
import { Unwell } from "~/components/ui/unwell";
import { apiQuery, readStreamPage } from "~/lib/streams.server";
import metricStyles from "../styles/metric.css";
import styles from "../styles/streams.css";

export const links: LinksFunction = () => [
  { rel: "stylesheet", href: styles },
  { rel: "stylesheet", href: metricStyles },
];
export const meta: MetaFunction<typeof loader> = ({ data }) => [{ title: `${data ? data.page.name : "Metric"} · Value streams · Dokploy` }];
export const handle = { crumbs: ({ page }: { page: MetricPage }) => [{ label: "Value streams", to: "/streams" }, { label: page.name }] };
export { Unwell as ErrorBoundary };

const GRAINS = ["day", "week", "month"] as const;
const ROWS = 100;

export const loader = async (args: LoaderFunctionArgs) => {
  const page = pageOf(args.params.metric);
  if (!page) throw new Response(null, { status: 404 });
  const params = new URL(args.request.url).searchParams;
  const grain = GRAINS.find((one) => one === params.get("grain")) ?? "week";
  const options = { fromPush: params.get("start") === "pushed", withRollbacks: params.get("rollbacks") === "in" };
  const cursor = /^\d{1,9}$/.test(params.get("rows") ?? "") ? (params.get("rows") as string) : undefined;
  const asked = { page, grain, ...options, cursor: cursor ?? null };
  return readStreamPage(
    args,
    async (api, question) => {
      const [detail, rows, targets] = await Promise.all([
        api.metrics.detail({ ...question, metric: page.key, grain, ...options }),
        api.metrics.rows({ ...question, metric: page.key, ...options, limit: ROWS, ...(cursor ? { cursor } : {}) }),
        api.targets.of({ ...(question.project ? { project: question.project } : {}), ...(question.app ? { app: question.app } : {}), metric: page.key }),
      ]);
      const query = apiQuery({ ...question, ...options });
      const call = `curl -H "Authorization: Bearer $DOKPLOY_TOKEN" "${args.context.address.dashboard}/api/v1/metrics/dora?${query}&samples=true"`;
      return { detail, rows, query, call, target: targets.value };
    },
    asked,
  );
};

export default function MetricDetailPage() {
  const { filters, places, answer, problem, page, grain, fromPush, withRollbacks } = useLoaderData<typeof loader>();
  const detail = answer?.detail ?? null;
  const isEmpty = detail !== null && detail.deployments === 0;
  const row = detail ? metricRows(detail).find((one) => one.key === page.key) : undefined;
  return (
    <>
      <StreamHead
        title={page.name}
        filters={filters}
        actions={
          <nav className="other-metrics small" aria-label="Other metrics">
            {METRIC_PAGES.filter((one) => one !== page && one.slug !== page.slug).map((one) => (
              <a key={one.slug} className="link" href={`/streams/${one.slug}${queryOf(filters)}`}>
                {one.name}
              </a>
            ))}
          </nav>
        }
      >
        {row ? <span>{row.about}</span> : null}
        {detail ? (
          <>
            <span>
              {windowText(detail.window)}, {counted(detail.apps, "application")}
            </span>
            <span className="t3">against {windowText(detail.windowBefore)}</span>
            <span className="t3">
              as of <Clock at={detail.asOf} />, definition {detail.definition}
            </span>
          </>
        ) : null}
      </StreamHead>
      <FilterForm action={`/streams/${page.slug}`} filters={filters} places={places}>
        {page.key === "leadTime" ? (
          <Pick
            name="start"
            label="Starts when it was"
            chosen={fromPush ? "pushed" : "authored"}
            options={[
              { value: "authored", label: "written" },
              { value: "pushed", label: "pushed" },
            ]}
          />
        ) : null}
        {page.key === "changeFailRate" ? (
          <Pick
            name="rollbacks"
            label="Rollbacks"
            chosen={withRollbacks ? "in" : "out"}
            options={[
              { value: "out", label: "left out" },
              { value: "in", label: "in the denominator" },
            ]}
          />
        ) : null}
        <input type="hidden" name="grain" value={grain} />
      </FilterForm>
      {problem ? <ProblemCard problem={problem} /> : null}
      {isEmpty ? (
        <NoDeployment what="This page shows one metric in depth: how it moves, whether a change is more than noise, how its samples lie, and every deployment behind it." />
      ) : null}
      {answer && !isEmpty ? <Answer answer={answer} /> : null}
    </>
  );
}

type Page = ReturnType<typeof useLoaderData<typeof loader>>;

function Answer({ answer: { detail, rows, query, call, target } }: { answer: NonNullable<Page["answer"]> }) {
  const { filters, page, fromPush, withRollbacks, cursor } = useLoaderData<typeof loader>();
  const row = metricRows(detail).find((one) => one.key === page.key);
  const own = detail.now[page.key];
  const extra = (more: Record<string, string>) => {
    const params = new URLSearchParams(queryOf(filters));
    if (fromPush) params.set("start", "pushed");
    if (withRollbacks) params.set("rollbacks", "in");
    if (detail.grain !== "week") params.set("grain", detail.grain);
    for (const [name, value] of Object.entries(more)) params.set(name, value);
    return `/streams/${page.slug}?${params}`;
  };
  const csv = (table: string) => `/api/v1/metrics/detail/${page.key}?${query}&grain=${detail.grain}&table=${table}&format=csv`;
  if (!row) return null;
  return (
    <>
      {rows.total === 0 ? <NothingInPeriod path={`/streams/${page.slug}`} filters={filters} lastLiveAt={detail.lastLiveAt} /> : null}
      <Tiles
        label={`${page.name} in numbers`}
        tiles={[
          {
            label: page.kind === "times" ? "p50" : page.kind === "rate" ? "Share" : "Mean",
            value: row.figure.main,
            unit: row.figure.unit === "p50" ? "" : row.figure.unit,
            how: row.figure.second,
          },
          { label: "Change", value: row.change.text, look: row.change.look, how: row.change.why },
          { label: "Period before", value: null, words: row.before, how: windowText(detail.windowBefore) },
          targetTile(page, own, target, `/streams/targets${queryOf(filters)}#${page.key}`),
          { label: "Sample", value: String(own.n), unit: page.of, how: excludedText(own.excluded) },
          {
            label: "Data quality",
            value: detail.quality?.score == null ? null : (detail.quality.score * 100).toFixed(1),
            unit: "%",
            how: detail.quality && detail.quality.lacking > 0 ? `${detail.quality.lacking} could not be counted` : "all that should count could be",
          },
        ]}
      />
      <ControlChart page={page} control={detail.control} csv={csv("control")} target={target} />
      <TrendChart page={page} detail={detail} csv={csv("series")} target={target} grainHref={(grain) => extra({ grain })} />
      <Distribution page={page} bins={detail.distribution} csv={csv("distribution")} />
      <section aria-labelledby="how">
        <div className="sect-head">
          <h2 id="how">How is this computed?</h2>
        </div>
        <div className="how-body small">
          <p>{row.definition}</p>
          <ul>
            {row.arithmetic.map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
          <dl className="ex how-sample">
            {row.sample.map(({ label, value, isStrong }) => (
              <div key={label} className={isStrong ? "strong" : undefined}>
                <dt>{label}</dt>
                <dd>{value}</dd>
              </div>
            ))}
          </dl>
          <p className="t3">
            Source: {row.source}. Definition {detail.definition}, as of {detail.asOf.slice(0, 19).replace("T", " ")} UTC.
          </p>
        </div>
      </section>
      <DrillTable
        page={page}
        rows={rows}
        csv={`/api/v1/metrics/rows/${page.key}?${query}&format=csv`}
        call={call}
        next={rows.nextCursor === null ? null : `${extra({ rows: rows.nextCursor })}#rows`}
        first={cursor === null ? null : `${extra({})}#rows`}
      />
    </>
  );
}

function targetTile(page: MetricPage, own: { value?: number | null; p50?: number | null }, target: number | null, to: string): Tile {
  const now = own.p50 ?? own.value ?? null;
  const wanted = target === null ? "" : `${page.wanted === "less" ? "≤" : "≥"} ${figureOf(page)(target)}`;
  if (target === null) return { label: "Target", value: null, words: "none", how: "set one", to };
  const isMet = now === null ? null : page.wanted === "less" ? now <= target : now >= target;
  return {
    label: `Target ${wanted}`,
    value: null,
    words: isMet === null ? "not known" : isMet ? "met" : "missed",
    glyph: isMet === null ? "queued" : isMet ? "succeeded" : "degraded",
    how: "change it",
    to,
  };
}

function excludedText(excluded: Record<string, number>): string {
  const left = Object.values(excluded).reduce((sum, n) => sum + n, 0);
  return left === 0 ? "none left out" : `${left} left out, listed below`;
}
