import { Link } from "@remix-run/react";
import { BUILD_LABEL } from "../../../server/cluster/constants";
import type { ClusterNode } from "../../../server/cluster/schema";
import { counted } from "../time/format";
import { size } from "../time/size";
import { acts, type Column, Records } from "../ui/records";
import { Ago } from "../ui/time";
import { AgentState, NodeState, NodeWork, roleWord } from "./node-state";

const labelsOf = (node: ClusterNode) =>
  Object.entries(node.labels)
    .filter(([key]) => key !== BUILD_LABEL)
    .sort(([a], [b]) => (a < b ? -1 : 1));

function Labels({ node }: { node: ClusterNode }) {
  const labels = labelsOf(node);
  if (labels.length === 0) return null;
  return (
    <span className="labels">
      <span className="sr">Labels </span>
      {labels.map(([key, value]) => (
        <code className="badge" key={key}>
          {key}={value}
        </code>
      ))}
    </span>
  );
}

const COLUMNS: Column<ClusterNode>[] = [
  {
    head: "Node",
    className: "full name",
    cell: (node) => (
      <>
        <Link className="strong" to={`?node=${node.id}#node`} preventScrollReset>
          {node.name}
        </Link>{" "}
        {node.isOwn ? <span className="badge">platform</span> : null} {node.builds && !node.isOwn ? <span className="badge">builds</span> : null}
        <Labels node={node} />
      </>
    ),
  },
  {
    head: "State",
    cell: (node) => (
      <>
        <NodeState node={node} />
        {node.state !== "ready" && node.seenAt ? (
          <span className="small t3 under">
            seen <Ago at={node.seenAt} />
          </span>
        ) : null}
      </>
    ),
  },
  {
    head: "Work",
    cell: (node) => (
      <>
        <NodeWork node={node} />
        {node.agent && node.agent.state !== "ready" ? (
          <span className="small under">
            agent <AgentState agent={node.agent} />
          </span>
        ) : null}
      </>
    ),
  },
  { head: "Replicas", className: "num replicas", isNamedOnPhone: true, cell: (node) => node.replicas },
  { head: "Role", className: "t2", cell: roleWord },
  {
    head: "Machine",
    className: "t2",
    cell: (node) => (
      <>
        {counted(node.cpus, "core")}, {size(node.memory)}
        <span className="small t3 under">
          <code>{node.address}</code>, engine {node.engineVersion}
        </span>
      </>
    ),
  },
  acts((node) => (
    <>
      <Link className="btn btn-small" to={`/nodes/${node.id}`}>
        Usage<span className="sr"> of {node.name}</span>
      </Link>{" "}
      <Link className="btn btn-small" to={`?node=${node.id}#node`} preventScrollReset>
        Manage<span className="sr"> {node.name}</span>
      </Link>
    </>
  )),
];

export function NodesTable({ nodes }: { nodes: ClusterNode[] }) {
  return (
    <Records
      caption="Machines of the cluster"
      items={nodes}
      columns={COLUMNS}
      empty="No machine is known yet: a worker has not reported. It looks every 10 seconds."
    />
  );
}
