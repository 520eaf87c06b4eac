import { readFileSync } from "node:fs";
import type { AgentKeys } from "./agent-name";
import { serveAgent } from "./serve";

/** What Swarm gives the agent; the service is made by `worker/engine/agents/agent-service.ts`. */
const read = (name: string): string => {
  const value = process.env[name];
  if (value === undefined || value === "") throw new Error(`${name} is missing: this program is started by a worker, as a service on each node.`);
  return value;
};
const say = (line: string) => void process.stdout.write(`${new Date().toISOString()} ${line}\n`);

const agent = await serveAgent({
  home: read("AGENT_HOME"),
  registry: read("AGENT_REGISTRY"),
  version: read("AGENT_VERSION"),
  port: Number(read("AGENT_PORT")),
  socketPath: read("AGENT_SOCKET"),
  keys: JSON.parse(readFileSync(read("AGENT_KEYS"), "utf8")) as AgentKeys,
  log: say,
});
say(`listening on ${agent.port}`);
const end = () => void agent.close().then(() => process.exit(0));
process.on("SIGTERM", end).on("SIGINT", end);
