import { ask, askMaybe, type Engine, messageOf, statusOf } from "./docker-client";
import type { SwarmNode, SwarmService, SwarmTask } from "./swarm-types";

/** A service by its name, null when there is none. */
export function inspectService({ docker }: Engine, name: string): Promise<SwarmService | null> {
  return askMaybe(`inspect the service ${name}`, async () => (await docker.getService(name).inspect()) as SwarmService);
}

/** Tasks of a service, also those that ended and are still remembered. Empty when the service is gone. */
export async function listTasks({ docker }: Engine, name: string): Promise<SwarmTask[]> {
  try {
    return (await docker.listTasks({ filters: JSON.stringify({ service: [name] }) })) as SwarmTask[];
  } catch (error) {
    if (statusOf(error) === 404 || /service .* not found/i.test(messageOf(error))) return [];
    return ask(`list the tasks of ${name}`, () => Promise.reject(error));
  }
}

/** Tasks that carry a label, also those whose service was removed. @param label `name=value` */
export const listLabelled = ({ docker }: Engine, label: string): Promise<SwarmTask[]> =>
  ask(`list the tasks with ${label}`, async () => (await docker.listTasks({ filters: JSON.stringify({ label: [label] }) })) as SwarmTask[]);

/** All machines of the Swarm, as the leader knows them. */
export const listNodes = ({ docker }: Engine): Promise<SwarmNode[]> => ask("list nodes", async () => (await docker.listNodes()) as SwarmNode[]);
