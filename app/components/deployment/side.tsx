import type { ReactNode } from "react";
import type { DeploymentChanges } from "../../../server/deployments/changes";
import type { DeploymentKind, DeploymentTrigger, DeploymentWithSpans } from "../../../server/deployments/schema";
import { plainText } from "../log/ansi";
import { duration } from "../time/format";
import { Ago, Clock } from "../ui/time";
import { Mark } from "./mark";
import { WhatChanged } from "./what-changed";

const TRIGGER: Record<DeploymentTrigger, string> = {
  webhook: "push, by webhook",
  api: "the API",
  cli: "the command line",
  page: "this dashboard",
  rollback: "a rollback",
  config: "a change of configuration",
  "compare-heads": "a push, found by comparing",
  setup: "set-up",
  watch: "the watch after it went live",
  import: "an import",
};
const KIND: Record<DeploymentKind, string> = {
  code: "code",
  config: "configuration",
  rollback: "rollback",
  redeploy: "the same commit again",
  promote: "promotion",
};

/** What changed against the release before, and how the deployment came about. */
export function Side({ run, changes }: { run: DeploymentWithSpans; changes: DeploymentChanges }) {
  return (
    <aside className="side" aria-label="What changed">
      <WhatChanged run={run} changes={changes} />
      {run.liveAt === null ? null : <Mark run={run} />}
      <HowItCame run={run} hadSlot={changes.before !== null} />
    </aside>
  );
}

function HowItCame({ run, hadSlot }: { run: DeploymentWithSpans; hadSlot: boolean }) {
  const webhook = run.spans.find((span) => span.step === "webhook" && span.finishedAt !== null);
  const took = webhook?.finishedAt ? (Date.parse(webhook.finishedAt) - Date.parse(webhook.startedAt)) / 1000 : null;
  const builtOn = run.spans.findLast((span) => span.step === "build" && span.parent === null)?.detail.node;
  return (
    <>
      <h2>How it came</h2>
      <dl className="facts">
        <Fact term="Trigger">{TRIGGER[run.trigger]}</Fact>
        {run.ref ? (
          <Fact term={run.ref.kind === "sha" ? "Commit" : run.ref.kind.charAt(0).toUpperCase() + run.ref.kind.slice(1)}>
            <code>{run.ref.kind === "sha" ? run.ref.name.slice(0, 12) : run.ref.name}</code>
          </Fact>
        ) : null}
        {run.commit?.author ? <Fact term="Author">{plainText(run.commit.author)}</Fact> : null}
        <Fact term="Asked by">{run.actor}</Fact>
        <Fact term="Kind">{KIND[run.kind]}</Fact>
        <Fact term="Strategy">
          {run.strategy}
          {run.slot === null ? "" : hadSlot ? `, slot ${run.slot === "a" ? "b" : "a"} → ${run.slot}` : `, into slot ${run.slot}`}
        </Fact>
        <Fact term="Asked">
          <Clock at={run.createdAt} />, <Ago at={run.createdAt} />
        </Fact>
        {run.startedAt ? (
          <Fact term="Started">
            <Clock at={run.startedAt} />
          </Fact>
        ) : null}
        {run.liveAt ? (
          <Fact term="Live">
            <Clock at={run.liveAt} />
          </Fact>
        ) : null}
        {typeof builtOn === "string" ? <Fact term="Built on">{builtOn}</Fact> : null}
        {run.attempt > 1 ? <Fact term="Attempt">{run.attempt}: something was lost on the way</Fact> : null}
        {took === null ? null : <Fact term="Before that">push → webhook {duration(took)}</Fact>}
      </dl>
    </>
  );
}

const Fact = ({ term, children }: { term: string; children: ReactNode }) => (
  <>
    <dt>{term}</dt>
    <dd>{children}</dd>
  </>
);
