import type { ClusterNode } from "../../../server/cluster/schema";

const STATES: Record<ClusterNode["state"], { glyph: string; word: string }> = {
  ready: { glyph: "succeeded", word: "ready" },
  down: { glyph: "failed", word: "down" },
  disconnected: { glyph: "degraded", word: "disconnected" },
  unknown: { glyph: "queued", word: "unknown" },
};
const AVAILABLE: Record<ClusterNode["availability"], string> = { active: "takes work", pause: "takes nothing new", drain: "drained" };
const DOING = { drain: "being drained", remove: "being removed", activate: "being activated", labels: "being labelled", role: "changing its role" };

const FAILED = { drain: "could not be drained", remove: "not removed", activate: "not activated", labels: "not labelled", role: "role not changed" };

export function NodeState({ node }: { node: Pick<ClusterNode, "state"> }) {
  const { glyph, word } = STATES[node.state];
  return <span className={`state g-${glyph}`}>{word}</span>;
}

/** Whether it takes work, and what is being done to it. */
export function NodeWork({ node: { work, availability } }: { node: Pick<ClusterNode, "work" | "availability"> }) {
  if (work && work.status !== "failed") return <span className="state g-running">{DOING[work.kind]}</span>;
  if (work) return <span className="state g-failed">{FAILED[work.kind]}</span>;
  if (availability === "active") return <>{AVAILABLE.active}</>;
  return <span className="state g-wait">{AVAILABLE[availability]}</span>;
}

const AGENTS: Record<NonNullable<ClusterNode["agent"]>["state"], string> = { ready: "succeeded", starting: "running", away: "failed" };

/** How the agent is by which the platform reaches that node's engine. */
export function AgentState({ agent }: { agent: NonNullable<ClusterNode["agent"]> }) {
  return <span className={`state g-${AGENTS[agent.state]}`}>{agent.state}</span>;
}

export const roleWord = (node: Pick<ClusterNode, "role" | "isLeader">): string => (node.isLeader ? "manager, leads" : node.role);
