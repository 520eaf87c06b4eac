import type { LinksFunction, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import { FilterForm } from "~/components/streams/filter-form";
import { StreamHead, windowText } from "~/components/streams/head";
import { apartText, drawSteps, totalTiles } from "~/components/streams/map-model";
import { NoDeployment } from "~/components/streams/nothing";
import { ScaleBar, StreamMap } from "~/components/streams/stream-map";
import { counted } from "~/components/time/format";
import { ProblemCard } from "~/components/ui/problem";
import { Unwell } from "~/components/ui/unwell";
import { readStreamPage } from "~/lib/streams.server";
import mapStyles from "../styles/stream-map.css";
import styles from "../styles/streams.css";

export const links: LinksFunction = () => [
  { rel: "stylesheet", href: styles },
  { rel: "stylesheet", href: mapStyles },
];
export const meta: MetaFunction = () => [{ title: "Map · Value streams · Dokploy" }];
export const handle = { crumbs: () => [{ label: "Value streams", to: "/streams" }, { label: "Map" }] };
export { Unwell as ErrorBoundary };

export const loader = (args: LoaderFunctionArgs) => readStreamPage(args, (api, question) => api.metrics.map(question));

type Page = ReturnType<typeof useLoaderData<typeof loader>>;

export default function MapPage() {
  const { filters, places, answer, problem } = useLoaderData<typeof loader>();
  return (
    <>
      <StreamHead title="Deployment stream" filters={filters}>
        <span>from commit to verified</span>
        {answer ? (
          <>
            <span>
              {windowText(answer.window)}, {counted(answer.window.days, "day")}
            </span>
            <span>mean of {counted(answer.total.runs, "deployment")} that went live</span>
            <span className="t3">definition {answer.definition}</span>
          </>
        ) : null}
      </StreamHead>
      <FilterForm action="/streams/map" filters={filters} places={places} />
      {problem ? <ProblemCard problem={problem} /> : null}
      {answer ? <Answer answer={answer} /> : null}
    </>
  );
}

function Answer({ answer }: { answer: NonNullable<Page["answer"]> }) {
  const { bottleneck, total } = answer;
  const apart = apartText(answer.apart);
  if (total.runs === 0)
    return (
      <>
        {apart || answer.n > 0 ? <p className="note">{unmapped(answer.n, apart)}</p> : null}
        <NoDeployment
          title="Nothing to draw in this period"
          what="The map shows where the time of a change goes: what is worked on in boxes, what waits in triangles, and the one step that holds up the rest. It is of deployments that went live; choose a longer period, or deploy something."
        />
      </>
    );
  const steps = drawSteps(answer);
  const neck = steps.find((step) => step.isBottleneck);
  return (
    <>
      <ul className="figs" aria-label="The stream in numbers">
        {totalTiles(answer, answer.window.days).map(({ label, value, unit, how }) => (
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
      <StreamMap steps={steps} />
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
        {apart ? `Set apart, since they did not go live: ${apart}.` : "No run of this period was set apart: all that ended went live."} Every instant of a run
        counts once; what no step covers is unattributed wait.
      </p>
    </>
  );
}

/** Why there is no map although something happened. */
function unmapped(n: number, apart: string | null): string {
  const untimed = n > 0 ? `${counted(n, "deployment")} went live, but it is not known how long they took` : "Nothing went live";
  return `${untimed}.${apart ? ` Set apart, since they did not go live: ${apart}.` : ""}`;
}
