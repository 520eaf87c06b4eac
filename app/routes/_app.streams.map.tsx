import type { ActionFunctionArgs, LinksFunction, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import { FilterForm, Pick } from "~/components/streams/filter-form";
import { queryOf, readFilters } from "~/components/streams/filters";
import { StreamHead, windowText } from "~/components/streams/head";
import { apartText, drawManual, drawSteps, MAP_STREAMS, mapStream, totalTiles, withBefore } from "~/components/streams/map-model";
import { ManualSteps, MapCompare, StepRuns } from "~/components/streams/map-parts";
import { NoDeployment } from "~/components/streams/nothing";
import { ScaleBar, StreamMap } from "~/components/streams/stream-map";
import { IncidentPanel, OnboardingPanel } from "~/components/streams/stream-panels";
import { counted } from "~/components/time/format";
import { ProblemCard } from "~/components/ui/problem";
import { Unwell } from "~/components/ui/unwell";
import { done } from "~/lib/flash.server";
import { apiQuery, readStreamPage } from "~/lib/streams.server";
import { act, refused } from "~/lib/trpc.server";
import { readValue } from "../../server/improvement/notation";
import metricStyles from "../styles/metric.css";
import mapStyles from "../styles/stream-map.css";
import styles from "../styles/streams.css";

export const links: LinksFunction = () => [
  { rel: "stylesheet", href: styles },
  { rel: "stylesheet", href: metricStyles },
  { rel: "stylesheet", href: mapStyles },
];
export const meta: MetaFunction = () => [{ title: "Map · Value streams · Dokploy" }];
export const handle = { crumbs: () => [{ label: "Value streams", to: "/streams" }, { label: "Map" }] };
export { Unwell as ErrorBoundary };

/** What the address asks for beside the filters. */
function readMapQuery(params: URLSearchParams): { stream: string; step: string | null } {
  const text = (name: string) => (params.get(name) ?? "").trim().slice(0, 100);
  return { stream: text("stream").slice(0, 60) || "deployment", step: text("step") || null };
}

export const loader = (args: LoaderFunctionArgs) => {
  const asked = readMapQuery(new URL(args.request.url).searchParams);
  return readStreamPage(
    args,
    async (api, question) => {
      const { stream, step } = asked;
      const [map, rows, manual, incidents, onboarding] = await Promise.all([
        api.metrics.map({ ...question, stream, withBefore: true }),
        step === null ? null : api.metrics.mapRows({ ...question, stream, step }),
        stream === "deployment" ? api.manualSteps.list(question.project ? { project: question.project } : {}) : { items: [] },
        stream === "incident" ? api.metrics.incidents(question) : null,
        stream === "onboarding" ? api.metrics.onboarding({ tz: question.tz }) : null,
      ]);
      return { map, rows, manual: manual.items, incidents, onboarding, query: apiQuery({ ...question, stream }) };
    },
    asked,
  );
};

export const action = (args: ActionFunctionArgs) =>
  act(args, async (api, form) => {
    const params = new URL(args.request.url).searchParams;
    const { project } = readFilters(params);
    const back = `/streams/map?${params}#manual`;
    const step = String(form.get("step") ?? "");
    if (form.get("intent") === "remove-step") {
      await api.manualSteps.remove({ step });
      return done(back, "The step was removed.");
    }
    const fields: Record<string, string> = {};
    const seconds = (name: string) => {
      const text = String(form.get(name) ?? "").trim();
      const value = text === "" ? 0 : readValue("s", text);
      if (value === null) fields[name] = "Write a time such as 30m, 4h or 2d.";
      return value ?? 0;
    };
    const times = { processS: seconds("processS"), waitS: seconds("waitS") };
    if (Object.keys(fields).length > 0)
      return refused({ code: "bad_request", what: "Some fields are not right yet.", fix: "Write times such as 30m, 4h or 2d.", status: 400, fields }, form);
    if (form.get("intent") === "change-step") {
      const changed = await api.manualSteps.change({ step, ...times });
      return done(back, `The times of ${changed.title} are kept.`);
    }
    const added = await api.manualSteps.add({
      title: String(form.get("title") ?? ""),
      place: form.get("place") === "after" ? "after" : "before",
      class: form.get("class") === "nnva" ? "nnva" : "va",
      ...times,
      ...(project ? { project } : {}),
    });
    return done(back, `Added ${added.title} to the map.`);
  });

type Page = ReturnType<typeof useLoaderData<typeof loader>>;

export default function MapPage() {
  const { filters, places, answer, problem, stream: name } = useLoaderData<typeof loader>();
  const stream = mapStream(name);
  const map = answer?.map;
  return (
    <>
      <StreamHead title={`${stream.label.charAt(0).toUpperCase()}${stream.label.slice(1)} stream`} filters={filters}>
        <span>{stream.about}</span>
        {map ? (
          <>
            <span>
              {windowText(map.window)}, {counted(map.window.days, "day")}
            </span>
            <span>
              mean of {counted(map.total.runs, stream.value === "deployment" ? "deployment" : "run")} that went{" "}
              {stream.value === "deployment" ? "live" : "through"}
            </span>
            <span className="t3">definition {map.definition}</span>
          </>
        ) : null}
      </StreamHead>
      <FilterForm action="/streams/map" filters={filters} places={places}>
        <Pick name="stream" label="Stream" chosen={name} options={streamOptions(name)} />
      </FilterForm>
      {problem ? <ProblemCard problem={problem} /> : null}
      {answer?.incidents ? <IncidentPanel report={answer.incidents} /> : null}
      {answer?.onboarding ? <OnboardingPanel report={answer.onboarding} /> : null}
      {answer ? <Answer answer={answer} /> : null}
    </>
  );
}

const streamOptions = (chosen: string) => {
  const known = MAP_STREAMS.map(({ value, label }) => ({ value, label }));
  return known.some((one) => one.value === chosen) ? known : [...known, { value: chosen, label: chosen }];
};

function Answer({ answer: { map, rows, manual, query } }: { answer: NonNullable<Page["answer"]> }) {
  const { filters, stream: name, step } = useLoaderData<typeof loader>();
  const stream = mapStream(name);
  const isOwn = name === "deployment";
  const address = (more: Record<string, string>) => {
    const params = new URLSearchParams(queryOf(filters));
    if (!isOwn) params.set("stream", name);
    for (const [key, value] of Object.entries(more)) params.set(key, value);
    return `/streams/map?${params}`;
  };
  const { bottleneck, total } = map;
  const apart = apartText(map.apart);
  const mean = total.runs === 0 ? 0 : total.leadTime / total.runs;
  const own = isOwn ? <ManualSteps steps={manual} lead={mean} project={filters.project} action={address({})} /> : null;
  if (total.runs === 0)
    return (
      <>
        {apart || map.n > 0 ? <p className="note">{unmapped(map.n, apart)}</p> : null}
        <NoDeployment
          title="Nothing to draw in this period"
          what={
            isOwn
              ? "The map shows where the time of a change goes: what is worked on in boxes, what waits in triangles, and the one step that holds up the rest. It is of deployments that went live; choose a longer period, or deploy something."
              : `The map of the ${stream.label} stream shows where its time goes, step by step. It is drawn from what was recorded or imported of it; nothing of it ended in this period.`
          }
        />
        {own}
      </>
    );
  const steps = withBefore(drawSteps(map), map.before);
  const neck = steps.find((one) => one.isBottleneck);
  return (
    <>
      <ul className="figs" aria-label="The stream in numbers">
        {totalTiles(map, map.window.days, isOwn).map(({ label, value, unit, how }) => (
          <li key={label}>
            <span className="label">{label}</span>
            <b>
              {value}
              {unit && value !== "not known" ? <small> {unit}</small> : null}
            </b>
            <span className="small t3">{how}</span>
          </li>
        ))}
      </ul>
      <StreamMap
        steps={[...drawManual(manual, "before"), ...steps, ...drawManual(manual, "after")]}
        stream={manual.some((one) => one.place === "before") ? { ...stream, from: "idea" } : stream}
        stepHref={(key) => `${address({ step: key })}#step`}
      />
      <ScaleBar steps={steps} />
      {bottleneck ? (
        <section className="remedy" aria-labelledby="remedy">
          <h2 id="remedy">
            Bottleneck: {neck?.title ?? bottleneck.step}, {(bottleneck.share * 100).toFixed(1)} % of lead time
          </h2>
          <p>{bottleneck.remedy}</p>
        </section>
      ) : null}
      <p className="small t2 set-apart">
        {apart
          ? `Set apart, since they did not ${isOwn ? "go live" : "end"}: ${apart}.`
          : `No run of this period was set apart: all that ended ${isOwn ? "went live" : "count"}.`}{" "}
        Every instant of a run counts once; what no step covers is unattributed wait.{" "}
        <a className="link" href={`/api/v1/metrics/map?${query}&format=csv`} download>
          CSV of the map
        </a>
      </p>
      {rows && step ? (
        <StepRuns
          rows={rows}
          title={steps.find((one) => one.key === step)?.title ?? step}
          close={address({})}
          csv={`/api/v1/metrics/map/${encodeURIComponent(step)}?${query}&format=csv`}
        />
      ) : null}
      <MapCompare answer={map} />
      {own}
    </>
  );
}

/** Why there is no map although something happened. */
function unmapped(n: number, apart: string | null): string {
  const untimed = n > 0 ? `${counted(n, "deployment")} went live, but it is not known how long they took` : "Nothing went live";
  return `${untimed}.${apart ? ` Set apart, since they did not go live: ${apart}.` : ""}`;
}
