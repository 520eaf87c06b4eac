import { ask, type Engine } from "./docker-client";

/** Marks the networks that the edge belongs on. */
export const ENVIRONMENT_NETWORK_LABEL = "dokploy.network";

export type NetworkSummary = { Id: string; Name: string; Driver: string; Labels: Record<string, string> | null };
/** Networks with exactly this name; the engine's own filter matches parts of names. */
export async function networksNamed({ docker }: Engine, name: string): Promise<NetworkSummary[]> {
  const found = (await ask(`list networks named ${name}`, () => docker.listNetworks({ filters: { name: [name] } }))) as unknown as NetworkSummary[];
  return found.filter((network) => network.Name === name);
}
