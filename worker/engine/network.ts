import { DeployError } from "../errors";
import type { EnvironmentNetwork } from "../ports";
import { ask, askMaybe, type Engine, messageOf, statusOf } from "./docker-client";
import { ENVIRONMENT_NETWORK_LABEL, type NetworkSummary, networksNamed } from "./network-names";

type EdgeConnection = { connect(network: string): Promise<void>; disconnect(network: string): Promise<void> };

const poolIsExhausted = (error: unknown) =>
  /non-overlapping IPv4 address pool|could not find an available|no available (address|network)/i.test(messageOf(error));

const FREE_ATTEMPTS = 40;
const FREE_PAUSE_MS = 250;
const saidBy = (error: unknown) => messageOf(error instanceof DeployError ? error.cause : error);
const isGone = (error: unknown) => /network \S+ not found/i.test(saidBy(error));
const isEdgeMadeAnew = (error: unknown) => /marked for removal|no such container/i.test(saidBy(error));

async function create(engine: Engine, name: string, labels: Record<string, string>): Promise<void> {
  try {
    await engine.docker.createNetwork({
      Name: name,
      Driver: "overlay",
      Attachable: true,
      CheckDuplicate: true,
      Labels: { ...labels, "dokploy.home": engine.homeId, [ENVIRONMENT_NETWORK_LABEL]: "environment" },
    } as Parameters<typeof engine.docker.createNetwork>[0]);
  } catch (error) {
    if (statusOf(error) === 409 || /already exists/i.test(messageOf(error))) return;
    if (poolIsExhausted(error)) {
      const explanation = {
        what: `No address range is left for the network ${name}`,
        why: messageOf(error),
        fix: "Remove environments that are not used, or give Swarm a larger --default-addr-pool.",
      };
      throw new DeployError("no_capacity", explanation, { cause: error });
    }
    await ask(`create the network ${name}`, () => Promise.reject(error));
  }
}

/**
 * One attachable overlay network for each environment, with the edge on it. Address ranges come from Swarm's own pool
 * (10.0.0.0/8 in /24 pieces by default: 65,536 networks).
 */
export function createEnvironmentNetwork(engine: Engine, edge: EdgeConnection): EnvironmentNetwork {
  return {
    async ensure({ name, labels }) {
      if ((await networksNamed(engine, name)).length === 0) await create(engine, name, labels);
      try {
        await edge.connect(name);
        return true;
      } catch (error) {
        // just removed: Swarm has forgotten it, and the engine still lists it for a moment; or the edge is made anew after the engine died
        if (isGone(error) || isEdgeMadeAnew(error)) return false;
        throw error;
      }
    },
    async owned() {
      const filters = { label: [`dokploy.home=${engine.homeId}`, `${ENVIRONMENT_NETWORK_LABEL}=environment`] };
      return (await ask("list networks", () => engine.docker.listNetworks({ filters }))).map(({ Name }) => Name);
    },
    async remove(name) {
      await edge.disconnect(name);
      for (const network of await networksNamed(engine, name)) {
        await removeWhenFree(engine, network);
      }
    },
  };
}

/** Swarm frees a network a moment after the last task of a removed service ended; until then it refuses. */
async function removeWhenFree({ docker }: Engine, { Id, Name }: NetworkSummary): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await docker.getNetwork(Id).remove();
      return;
    } catch (error) {
      if (statusOf(error) === 404 || isGone(error)) return; // two that remove it at once: Swarm answers 500 to the second
      const isBusy = /in use|active endpoints/i.test(messageOf(error));
      if (!isBusy || attempt === FREE_ATTEMPTS) await askMaybe(`remove the network ${Name}`, () => Promise.reject(error));
      await new Promise((resolve) => setTimeout(resolve, FREE_PAUSE_MS));
    }
  }
}
