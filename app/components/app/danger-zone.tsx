import { Form } from "@remix-run/react";
import { useRefused } from "~/lib/actions";
import type { App } from "../../../server/apps/schema";
import { counted } from "../time/format";
import { ProblemCard } from "../ui/problem";
import { Submit } from "../ui/submit";
import { Destroy } from "./destroy";

export function DangerZone({ app }: { app: App }) {
  const refused = [useRefused("start"), useRefused("stop"), useRefused("restart")].find(Boolean);
  const isStopped = app.status === "stopped";
  const isDeployed = app.status !== "never_deployed";
  return (
    <section className="sect">
      <div className="sect-head">
        <h2>Danger zone</h2>
      </div>
      {refused ? <ProblemCard problem={refused.problem} /> : null}
      {isDeployed ? (
        <>
          <Operation
            intent={isStopped ? "start" : "stop"}
            word={isStopped ? "Start" : "Stop"}
            said={isStopped ? "Starts the release that was live before it was stopped." : "Takes it off the air; visitors see a notice. Nothing is deleted."}
          />
          {isStopped ? null : <Operation intent="restart" word="Restart" said="Replaces every task, one after another, with the same release." />}
        </>
      ) : null}
      <div style={{ paddingTop: 16 }}>
        <Destroy
          intent="delete"
          name={app.name}
          what={`Delete ${app.name}`}
          said={`Stops ${counted(app.replicas, "replica")} and removes ${counted(app.domains.length, "domain")}, the configuration and the kept images. The ledger of deployments stays.`}
        />
      </div>
    </section>
  );
}

function Operation({ intent, word, said }: { intent: string; word: string; said: string }) {
  return (
    <div className="danger-row">
      <span className="t2">{said}</span>
      <Form method="post" preventScrollReset>
        <Submit intent={intent} className={intent === "stop" ? "btn btn-danger" : "btn"} busy={`${word} …`}>
          {word}
        </Submit>
      </Form>
    </div>
  );
}
