import type { LinksFunction, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { Link, useLoaderData } from "@remix-run/react";
import { frequencyText } from "~/components/streams/figure";
import { FilterForm } from "~/components/streams/filter-form";
import { type Filters, queryOf } from "~/components/streams/filters";
import { StreamHead, windowText } from "~/components/streams/head";
import { slugOf } from "~/components/streams/metrics";
import { Tiles } from "~/components/streams/tiles";
import { count, duration } from "~/components/time/format";
import { ProblemCard } from "~/components/ui/problem";
import { Unwell } from "~/components/ui/unwell";
import { readStreamPage } from "~/lib/streams.server";
import type { MetricKey } from "../../server/metrics/constants";
import metricStyles from "../styles/metric.css";
import styles from "../styles/streams.css";

export const links: LinksFunction = () => [
  { rel: "stylesheet", href: styles },
  { rel: "stylesheet", href: metricStyles },
];
export const meta: MetaFunction = () => [{ title: "Quick check · Value streams · Dokploy" }];
export const handle = { crumbs: () => [{ label: "Value streams", to: "/streams" }, { label: "Quick check" }] };
export { Unwell as ErrorBoundary };

const LEVELS = ["leadTime", "frequency", "recovery"] as const;
const PERCENTS = ["changeFailPercent", "reworkPercent"] as const;
type Key = (typeof LEVELS)[number] | (typeof PERCENTS)[number];

const TIMES = ["more than six months", "one to six months", "a week to a month", "a day to a week", "less than a day", "less than an hour"];
const QUESTIONS: Record<Key, { question: string; metric: MetricKey; levels?: string[] }> = {
  leadTime: { question: "How long does a commit take to go live?", metric: "leadTime", levels: TIMES },
  frequency: {
    question: "How often do you deploy?",
    metric: "deploymentFrequency",
    levels: [
      "less than once in six months",
      "between once a month and once in six months",
      "between once a week and once a month",
      "between once a day and once a week",
      "between once an hour and once a day",
      "on demand, more than hourly",
    ],
  },
  recovery: { question: "How long does it take to recover from a failed deployment?", metric: "recoveryTime", levels: TIMES },
  changeFailPercent: { question: "What share of changes fails, in percent?", metric: "changeFailRate" },
  reworkPercent: { question: "What share of deployments is rework, in percent?", metric: "reworkRate" },
};
const ORDER: Key[] = [...LEVELS, ...PERCENTS];

export const loader = (args: LoaderFunctionArgs) => {
  const params = new URL(args.request.url).searchParams;
  const number = (name: string) => (/^\d{1,3}(\.\d+)?$/.test(params.get(name) ?? "") ? Number(params.get(name)) : undefined);
  const answers = Object.fromEntries(ORDER.flatMap((key) => (number(key) === undefined ? [] : [[key, number(key)]]))) as Partial<Record<Key, number>>;
  return readStreamPage(args, (api, question) => api.metrics.quickCheck({ ...question, ...answers }), { answers });
};

type Page = ReturnType<typeof useLoaderData<typeof loader>>;

export default function QuickCheckPage() {
  const { filters, places, answer, problem, answers } = useLoaderData<typeof loader>();
  return (
    <>
      <StreamHead title="Quick check" filters={filters}>
        <span>DORA’s five questions, answered by your figures</span>
        {answer ? <span className="t3">{windowText(answer.window)}</span> : null}
      </StreamHead>
      {problem ? <ProblemCard problem={problem} /> : null}
      {answer ? <Score score={answer.score} used={answer.used} /> : null}
      <FilterForm action="/streams/quick-check" filters={filters} places={places}>
        {answer ? (
          <fieldset className="questions">
            <legend className="sr">Answers</legend>
            {ORDER.map((key) => (
              <Question key={key} name={key} report={answer} chosen={answers[key]} filters={filters} />
            ))}
          </fieldset>
        ) : null}
      </FilterForm>
      <p className="small t3">
        Levels 1 to 6 give 0 to 10; a share gives 10 less a tenth of its percentage; the score is their mean. More than hourly counts as on demand. Source:
        dora.dev, quick check 2025.
      </p>
    </>
  );
}

type Report = NonNullable<Page["answer"]>;

function Score({ score, used }: Pick<Report, "score" | "used">) {
  const missing = ORDER.filter((key) => used[key] === null).length;
  if (score === null)
    return (
      <p className="note">
        {missing} of 5 answers {missing === 1 ? "is" : "are"} not known from this period’s figures. Choose {missing === 1 ? "it" : "them"} below for a score, or
        a longer period.
      </p>
    );
  const [lead, frequency, recovery, fails, rework] = score.scores.map((one) => one.toFixed(1));
  return (
    <Tiles
      label="Score"
      tiles={[
        { label: "Overall", value: score.overall.toFixed(1), unit: "of 10", how: `(${lead} + ${frequency} + ${recovery} + ${fails} + ${rework}) ÷ 5` },
        { label: "Throughput", value: score.throughput.toFixed(1), unit: "of 10", how: "lead time, frequency, recovery" },
        { label: "Stability", value: score.stability.toFixed(1), unit: "of 10", how: "change fail rate, rework rate" },
      ]}
    />
  );
}

function Question({ name, report, chosen, filters }: { name: Key; report: Report; chosen: number | undefined; filters: Filters }) {
  const { question, metric, levels } = QUESTIONS[name];
  const { value, n } = report.figures[name];
  const measured = report.measured[name];
  const said =
    value === null
      ? `not known, n ${count(n)}`
      : name === "frequency"
        ? (() => {
            const { main, unit } = frequencyText({ value, n, unit: "per_day", excluded: {}, medianDaysPerWeek: null }, 1);
            return `${main} ${unit}, n ${count(n)}`;
          })()
        : levels
          ? `${duration(value)}, n ${count(n)}`
          : `${(value * 100).toFixed(1)} %, n ${count(n)}`;
  return (
    <div className="question">
      <label htmlFor={`q-${name}`}>{question}</label>
      {levels ? (
        <select key={chosen ?? "measured"} className="input" id={`q-${name}`} name={name} defaultValue={chosen ?? ""}>
          <option value="">{measured === null ? "not known" : `as measured: ${levels[measured - 1]}`}</option>
          {levels.map((level, at) => (
            <option key={level} value={at + 1}>
              {level}
            </option>
          ))}
        </select>
      ) : (
        <input
          key={chosen ?? "measured"}
          className="input"
          id={`q-${name}`}
          name={name}
          type="number"
          min={0}
          max={100}
          step="any"
          defaultValue={chosen ?? ""}
          placeholder={measured === null ? "not known" : `as measured: ${measured.toFixed(1)}`}
        />
      )}
      <span className="small t3">
        measured:{" "}
        <Link className="link" to={`/streams/${slugOf(metric)}${queryOf(filters)}`}>
          {said}
        </Link>
      </span>
    </div>
  );
}
