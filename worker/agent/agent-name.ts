/** The names in certificates: who an agent speaks to, and who speaks to it, of one installation. */
export const agentName = (home: string): string => `agent.${home}.dokploy`;
export const workerName = (home: string): string => `worker.${home}.dokploy`;

/** What an agent holds, as the file that Swarm gives it: PEM. Nothing in it reaches the database or opens a secret. */
export type AgentKeys = { authority: string; certificate: string; key: string };

/** What an agent says of itself and its node. Sizes in bytes. */
export type AgentReport = { version: string; node: string; freeDiskBytes: number; totalDiskBytes: number };
