import type { ActionFunctionArgs, LinksFunction, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import { useMemo, useState } from "react";
import { buildNoteOf, childrenOf, InsideBuild } from "~/components/deployment/build";
import { Expected } from "~/components/deployment/expected";
import { FailureCard } from "~/components/deployment/failure";
import { DeploymentHead } from "~/components/deployment/head";
import { Side } from "~/components/deployment/side";
import { Stream } from "~/components/deployment/stream";
import { Sum } from "~/components/deployment/sum";
import { DeploymentLog } from "~/components/log/deployment-log";
import { tenths } from "~/components/time/format";
import { streamOf, type Usual } from "~/components/time/stream-model";
import { ProblemCard } from "~/components/ui/problem";
import { titleOf } from "~/components/ui/states";
import { Unwell } from "~/components/ui/unwell";
import { useRefused } from "~/lib/actions";
import { useNow } from "~/lib/clock";
import { done } from "~/lib/flash.server";
import { act, load } from "~/lib/trpc.server";
import type { DeploymentWithSpans } from "../../server/deployments/schema";
import type { Prediction } from "../../server/metrics/predict";
import styles from "../styles/deployment.css";
import sideStyles from "../styles/deployment-side.css";
import logStyles from "../styles/log.css";

export const links: LinksFunction = () => [
  { rel: "stylesheet", href: styles },
  { rel: "stylesheet", href: sideStyles },
  { rel: "stylesheet", href: logStyles },
];
export const meta: MetaFunction<typeof loader> = ({ data }) => [
  { title: data ? `${data.run.app} #${data.run.number} · ${titleOf(data.run)} · Dokploy` : "Deployment · Dokploy" },
];
export const handle = {
  crumbs: ({ run }: { run: { project: string; app: string; appId: string; number: number } }) => [
    { label: "Projects", to: "/projects" },
    { label: run.project, to: `/projects/${run.project}` },
    { label: run.app, to: `/apps/${run.appId}` },
    { label: `#${run.number}` },
  ],
};
export { Unwell as ErrorBoundary };

const FIRST_LINES = 1000;

export const loader = (args: LoaderFunctionArgs) =>
  load(args, async (api) => {
    const deployment = args.params.id ?? "";
    const run = await api.deployments.read({ deployment });
    const isHere = run.app !== "(deleted)";
    const [usual, prediction, changes, offers, log] = await Promise.all([
      isHere ? api.deployments.usual({ app: run.appId }) : [],
      isHere && run.finishedAt === null && run.kind === "code" ? api.metrics.prediction({ app: run.appId }) : null,
      api.deployments.changes({ deployment }),
      api.deployments.offers({ deployment }),
      // Lines come over the live channel; only a page that is loaded whole carries the first of them.
      args.request.headers.get("accept")?.includes("text/html") ? api.deployments.logs({ deployment, limit: FIRST_LINES }) : { items: [] },
    ]);
    return { run, usual, prediction, changes, offers, lines: log.items };
  });

export const action = (args: ActionFunctionArgs) =>
  act(args, async (api, form) => {
    const deployment = args.params.id ?? "";
    const run = await api.deployments.read({ deployment });
    switch (form.get("intent")) {
      case "cancel": {
        await api.deployments.cancel({ deployment });
        return done(`/deployments/${deployment}`, `Cancelling #${run.number} of ${run.app}.`);
      }
      case "rollback": {
        const to = form.get("to");
        const next = await api.deployments.rollback({ app: run.appId, ...(to ? { to: Number(to) } : {}), trigger: "page" });
        return done(`/deployments/${next.id}`, `Rolling ${run.app} back as deployment #${next.number}.`);
      }
      case "mark-failed":
      case "mark-ok":
      case "unmark": {
        const failed = { "mark-failed": true, "mark-ok": false, unmark: null }[form.get("intent") as "unmark"];
        await api.deployments.mark({ deployment, failed, reason: String(form.get("reason") ?? "") });
        const word = failed === null ? "What is measured counts again" : failed ? "Marked as failed" : "Marked as not failed";
        return done(`/deployments/${deployment}#mark`, `${word}: #${run.number} of ${run.app}.`, {
          label: "Change fail rate",
          to: `/streams/change-fail-rate?project=${run.project}`,
        });
      }
      default: {
        const next = await api.deployments.retry({ deployment, trigger: "page" });
        return done(`/deployments/${next.id}`, `Deploying ${run.app} again as #${next.number}.`);
      }
    }
  });

export default function DeploymentPage() {
  const { run, usual, prediction, changes, offers, lines } = useLoaderData<typeof loader>();
  const served = useNow(null);
  const columns = useMemo(() => streamOf(run, usual, served).columns, [run, usual, served]);
  const refused = [useRefused("cancel"), useRefused("rollback"), useRefused("retry")].find(Boolean);
  return (
    <div className="page">
      <DeploymentHead run={run} offers={offers} />
      <div className="work-col">
        {refused ? <ProblemCard problem={refused.problem} /> : null}
        <Drawing run={run} usual={usual} prediction={prediction} />
        {run.reason && run.status !== "succeeded" ? <FailureCard run={run} /> : null}
        <DeploymentLog
          key={run.id}
          id={run.id}
          first={lines}
          total={run.logLines}
          createdAt={run.createdAt}
          columns={columns}
          status={run.status}
          step={run.step}
        />
      </div>
      <Side run={run} changes={changes} />
    </div>
  );
}

/** The part that moves with time, apart from the log, which does not. */
function Drawing({ run, usual, prediction }: { run: DeploymentWithSpans; usual: Usual; prediction: Prediction | null }) {
  const isRunning = run.finishedAt === null;
  const now = useNow(isRunning ? (isStill() ? 1000 : 200) : null);
  const model = streamOf(run, usual, now);
  const children = childrenOf(run.spans);
  const [isBuildOpen, setBuildOpen] = useState(true);
  const liveAt = run.liveAt === null ? null : (Date.parse(run.liveAt) - Date.parse(run.createdAt)) / 1000;
  return (
    <>
      <Sum run={run} model={model} />
      {prediction ? <Expected prediction={prediction} subject="It" /> : null}
      <Stream
        model={model}
        latest={isRunning ? (prediction?.duration.p90 ?? null) : null}
        liveAt={liveAt}
        status={run.status}
        buildNote={buildNoteOf(children)}
        isBuildOpen={isBuildOpen}
        onBuild={() => setBuildOpen(!isBuildOpen)}
      />
      {isBuildOpen && children.length > 0 ? <InsideBuild spans={children} columns={model.columns} now={now} /> : null}
      {model.unattributed >= 0.05 ? <p className="between">{tenths(model.unattributed)}&#8239;s lay between steps and count as wait.</p> : null}
      <Legend isRunning={isRunning} hasCached={children.some((span) => span.cached)} hasFailed={run.status === "failed"} />
    </>
  );
}

/** Whoever asked for less motion gets a step a second. */
const isStill = () => typeof window !== "undefined" && window.matchMedia("(prefers-reduced-motion: reduce)").matches;

function Legend({ isRunning, hasCached, hasFailed }: { isRunning: boolean; hasCached: boolean; hasFailed: boolean }) {
  const marks = [
    ["va", "work"],
    ["nnva", "necessary, adds no value"],
    ["wait", "wait"],
    ...(hasCached ? [["cached", "cached, saved"]] : []),
    ...(hasFailed ? [["va failed", "failed"]] : []),
    ...(isRunning ? [["ghost", "predicted"]] : []),
  ];
  return (
    <p className="legend">
      {marks.map(([look, word]) => (
        <span key={look}>
          <i className={`swatch ${look}`} />
          {word}
        </span>
      ))}
    </p>
  );
}
