import type { Explanation } from "../errors";
import type { ClusterNode } from "./schema";

export type PlacedNode = Pick<ClusterNode, "state" | "availability" | "labels">;

/** Whether a node meets a rule, as Swarm compares them: values without regard to case, a label that is not there as "". */
export function meets(labels: Record<string, string>, rule: string): boolean {
  const match = /^node\.labels\.([^=!]+)(==|!=)(.*)$/.exec(rule);
  if (!match) return false;
  const [, key = "", operator, value = ""] = match;
  const isEqual = (labels[key] ?? "").toLowerCase() === value.toLowerCase();
  return operator === "==" ? isEqual : !isEqual;
}

/**
 * Why an application cannot be placed as its rules want it; null when it can, or when nothing is known of the nodes.
 * @param nodes all of the cluster's
 */
export function placementProblem(
  app: { name: string; placement: readonly string[]; maxReplicasPerNode: number | null; replicas: number },
  nodes: readonly PlacedNode[],
): Explanation | null {
  const open = nodes.filter((node) => node.state === "ready" && node.availability === "active");
  if (open.length === 0) return null;
  const fitting = open.filter((node) => app.placement.every((rule) => meets(node.labels, rule)));
  if (fitting.length === 0) {
    const unmet = app.placement.filter((rule) => !open.some((node) => meets(node.labels, rule)));
    const label = /^node\.labels\.([^=!]+)==(.*)$/.exec(unmet[0] ?? app.placement[0] ?? "");
    return {
      what: unmet.length > 0 ? `No node meets the placement rule ${unmet.join(" or ")}.` : `No node meets all of ${app.placement.join(", ")}.`,
      why: `${open.length === 1 ? "The only node" : `None of the ${open.length} nodes`} that ${open.length === 1 ? "takes" : "take"} work has such labels.`,
      fix: label ? `Label a node (dokploy node label NODE ${label[1]}=${label[2]}), or change the rule in Settings.` : "Change the rules in Settings.",
    };
  }
  const room = app.maxReplicasPerNode === null ? Number.POSITIVE_INFINITY : fitting.length * app.maxReplicasPerNode;
  if (app.replicas <= room) return null;
  return {
    what: `${app.replicas} replicas of ${app.name} have no place.`,
    why: `${fitting.length === 1 ? "1 node meets" : `${fitting.length} nodes meet`} its rules, each takes at most ${app.maxReplicasPerNode}: room for ${room}.`,
    fix: "Allow more on each node, ask for fewer replicas, or let another node join.",
  };
}
