import { Form, Link } from "@remix-run/react";
import { useRefused } from "~/lib/actions";
import { BUILD_LABEL } from "../../../server/cluster/constants";
import type { ClusterNode } from "../../../server/cluster/schema";
import { counted } from "../time/format";
import { size } from "../time/size";
import { Asked } from "../ui/asked";
import { Field, Fields } from "../ui/field";
import { ProblemCard } from "../ui/problem";
import { Submit } from "../ui/submit";
import { Ago } from "../ui/time";
import { AgentState, NodeState, NodeWork, roleWord } from "./node-state";

const INTENTS = ["labels", "role", "builds", "drain", "activate", "remove"] as const;

/** One machine: what it is, and what can be done with it. */
export function Manage({ node, others }: { node: ClusterNode; others: number }) {
  const refusals = INTENTS.map((intent) => useRefused(intent));
  const refused = refusals.find((one) => one && Object.keys(one.problem.fields).length === 0);
  const failed = node.work?.status === "failed" ? node.work : null;
  return (
    <section className="panel" aria-labelledby="node-title" id="node">
      <h2 id="node-title">{node.name}</h2>
      {refused ? (
        <ProblemCard problem={refused.problem} />
      ) : failed?.error ? (
        <ProblemCard problem={{ ...failed.error, code: `${failed.kind} failed` }} />
      ) : null}
      <div className="manage">
        <dl className="person-facts">
          <dt>State</dt>
          <dd>
            <NodeState node={node} /> {node.message ? <span className="t3">{node.message}</span> : null}
          </dd>
          <dt>Work</dt>
          <dd>
            <NodeWork node={node} />, {counted(node.replicas, "replica")}
          </dd>
          <dt>Role</dt>
          <dd>{roleWord(node)}</dd>
          <dt>Builds</dt>
          <dd>{buildWord(node)}</dd>
          {node.agent ? (
            <>
              <dt>Agent</dt>
              <dd>
                <AgentState agent={node.agent} /> (<Ago at={node.agent.since} />)
                {node.agent.version ? (
                  <>
                    , version <code>{node.agent.version}</code>
                  </>
                ) : null}
                {node.agent.message ? <span className="t3 under">{node.agent.message}</span> : null}
              </dd>
            </>
          ) : null}
          <dt>Size</dt>
          <dd>
            {counted(node.cpus, "core")}, {size(node.memory)}
          </dd>
          <dt>Joined</dt>
          <dd>
            <Ago at={node.joinedAt} />
          </dd>
          <dt>Id</dt>
          <dd>
            <code>{node.id}</code>
          </dd>
        </dl>
        <div>
          <LabelForm node={node} />
          <Deeds node={node} others={others} />
        </div>
      </div>
    </section>
  );
}

function buildWord({ builds, isOwn, availability }: ClusterNode): string {
  if (!builds) return isOwn ? "here only while no other node builds" : "no images are built here";
  return availability === "active" || isOwn ? "images are built here" : "images are built here when it takes work";
}

function LabelForm({ node }: { node: ClusterNode }) {
  const refused = useRefused("labels");
  const written = Object.entries(node.labels)
    .filter(([key]) => key !== BUILD_LABEL)
    .map(([key, value]) => `${key}=${value}`)
    .join(", ");
  return (
    <Form method="post" action={`/nodes?node=${node.id}#node`} className="form" preventScrollReset key={written}>
      <Fields refused={refused} told>
        <input type="hidden" name="node" value={node.id} />
        <Field
          name="labels"
          label="Labels"
          defaultValue={written}
          placeholder="disk=ssd, zone=a"
          autoComplete="off"
          spellCheck={false}
          hint="An application with the placement node.labels.disk==ssd runs only where that label is."
        />
        <p className="end">
          <Submit intent="labels" busy="Saving …">
            Save labels
          </Submit>
        </p>
      </Fields>
    </Form>
  );
}

function Deeds({ node, others }: { node: ClusterNode; others: number }) {
  const isBusy = node.work !== null && node.work.status !== "failed";
  const action = `/nodes?node=${node.id}#node`;
  const isRemovable = !isBusy && !node.isOwn && node.role === "worker" && (node.availability === "drain" || node.state !== "ready");
  return (
    <div className="deeds">
      {isBusy ? null : node.availability === "active" ? (
        <Asked
          intent="drain"
          icon="download"
          busy="Draining …"
          label="Drain"
          question={`Drain ${node.name}?`}
          consequence={
            others === 0
              ? "It is the only node that takes work: what runs there would have nowhere to go."
              : "Each application on it starts elsewhere, is checked, and takes the traffic there; then its replicas here end. No request is lost. It takes no work until it is activated."
          }
          action={action}
        >
          <input type="hidden" name="node" value={node.id} />
          <Submit intent="drain" className="btn btn-danger-solid" busy="Draining …" disabled={others === 0}>
            Drain it
          </Submit>
        </Asked>
      ) : (
        <Deed node={node} intent="activate" label="Activate" busy="Activating …" />
      )}
      {isBusy ? null : (
        <Deed
          node={node}
          intent="builds"
          label={node.builds ? "Build no images here" : "Build images here"}
          busy="Saving …"
          more={<input type="hidden" name="builds" value={String(!node.builds)} />}
        />
      )}
      {isBusy || node.isOwn || (node.role === "worker" && node.state !== "ready") ? null : (
        <Deed
          node={node}
          intent="role"
          label={node.role === "manager" ? "Demote to worker" : "Promote to manager"}
          busy="Changing its role …"
          more={<input type="hidden" name="role" value={node.role === "manager" ? "worker" : "manager"} />}
        />
      )}
      {isRemovable ? (
        <Asked
          intent="remove"
          icon="close"
          className="btn btn-danger"
          busy="Removing …"
          label="Remove"
          question={`Remove ${node.name} from the cluster?`}
          consequence="It is forgotten with its labels. To use it again it has to join again; if it still runs, run docker swarm leave on it."
          action="/nodes"
        >
          <input type="hidden" name="node" value={node.id} />
          <input type="hidden" name="name" value={node.name} />
          <Submit intent="remove" className="btn btn-danger-solid" busy="Removing …">
            Remove it
          </Submit>
        </Asked>
      ) : null}
      <Link to="/nodes" className="btn btn-quiet" preventScrollReset>
        Close
      </Link>
    </div>
  );
}

function Deed({
  node,
  intent,
  label,
  busy,
  more,
}: {
  node: ClusterNode;
  intent: "activate" | "role" | "builds";
  label: string;
  busy: string;
  more?: React.ReactNode;
}) {
  return (
    <Form method="post" action={`/nodes?node=${node.id}#node`} preventScrollReset>
      <input type="hidden" name="node" value={node.id} />
      {more}
      <Submit intent={intent} busy={busy}>
        {label}
      </Submit>
    </Form>
  );
}
