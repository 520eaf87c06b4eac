import type { ActionFunctionArgs, LinksFunction, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import { FilterForm } from "~/components/streams/filter-form";
import { queryOf, readFilters } from "~/components/streams/filters";
import { StreamHead, windowText } from "~/components/streams/head";
import { valueText } from "~/components/streams/target-text";
import { TargetsTable } from "~/components/streams/targets-table";
import { ProblemCard } from "~/components/ui/problem";
import { Unwell } from "~/components/ui/unwell";
import { done } from "~/lib/flash.server";
import { apiQuery, readStreamPage } from "~/lib/streams.server";
import { act, refused } from "~/lib/trpc.server";
import { TARGET_METRICS, type TargetKey } from "../../server/improvement/constants";
import { readValue } from "../../server/improvement/notation";
import metricStyles from "../styles/metric.css";
import styles from "../styles/streams.css";

export const links: LinksFunction = () => [
  { rel: "stylesheet", href: styles },
  { rel: "stylesheet", href: metricStyles },
];
export const meta: MetaFunction = () => [{ title: "Targets · Value streams · Dokploy" }];
export const handle = { crumbs: () => [{ label: "Value streams", to: "/streams" }, { label: "Targets" }] };
export { Unwell as ErrorBoundary };

export const loader = (args: LoaderFunctionArgs) =>
  readStreamPage(args, async (api, question) => ({ list: await api.targets.list(question), query: apiQuery(question) }));

export const action = (args: ActionFunctionArgs) =>
  act(args, async (api, form) => {
    const filters = readFilters(new URL(args.request.url).searchParams);
    const metric = TARGET_METRICS.find((one) => one.key === form.get("metric"));
    if (!metric) throw new Response(null, { status: 400 });
    const key = metric.key as TargetKey;
    const place = { ...(filters.project ? { project: filters.project } : {}), ...(filters.app ? { app: filters.app } : {}) };
    const back = `/streams/targets${queryOf(filters)}#${key}`;
    if (String(form.get("intent")).startsWith("clear")) {
      await api.targets.clear({ metric: key, ...place });
      return done(back, `${metric.name}: the own target was taken back.`);
    }
    const value = readValue(metric.unit, String(form.get("value") ?? ""));
    if (value === null)
      return refused(
        { code: "bad_request", what: "That is no value.", fix: `Write it ${metric.unit === "s" ? "such as 5m" : "as a number"}.`, status: 400, fields: {} },
        form,
      );
    await api.targets.set({ metric: key, value, ...place });
    return done(back, `${metric.name}: the target is ${valueText(metric.unit, value)} now.`);
  });

export default function TargetsPage() {
  const { filters, places, answer, problem } = useLoaderData<typeof loader>();
  const list = answer?.list;
  const measured = list?.items.filter((row) => row.isMet !== null) ?? [];
  const missed = measured.filter((row) => row.isMet === false).length;
  return (
    <>
      <StreamHead title="Targets" filters={filters}>
        <span>what is wanted, what is, and what lies between</span>
        {list ? (
          <>
            <span>{list.place.app ? `${list.place.project}/${list.place.app}` : (list.place.project ?? "the whole team")}</span>
            <span className="t3">
              {windowText(list.window)}, against {windowText(list.windowBefore)}
            </span>
          </>
        ) : null}
      </StreamHead>
      <FilterForm action="/streams/targets" filters={filters} places={places} />
      {problem ? <ProblemCard problem={problem} /> : null}
      {answer && list ? (
        <section aria-labelledby="targets">
          <div className="sect-head">
            <h2 id="targets">Where do we stand?</h2>
            <p className="answer">
              {measured.length === 0 ? (
                "No figure of this period can be held against a target yet."
              ) : missed === 0 ? (
                <b>All {measured.length} that are known are met.</b>
              ) : (
                <>
                  <b>
                    {missed} of {measured.length} miss their target.
                  </b>{" "}
                  A target that nobody set is the usual one; choose a project or an application above to set its own.
                </>
              )}
            </p>
            <a className="aside link small" href={`/api/v1/targets?${answer.query}&format=csv`} download>
              CSV
            </a>
          </div>
          <TargetsTable items={list.items} query={queryOf(filters)} place={list.place} />
        </section>
      ) : null}
    </>
  );
}
