import type { ConfigFiles } from "../ports";
import { ask, type Engine, messageOf, statusOf } from "./docker-client";

type SwarmConfig = { ID: string; CreatedAt: string; Spec: { Name: string } };

const isThere = (error: unknown) => statusOf(error) === 409 || /already exists|conflicts with an existing object/i.test(messageOf(error));

async function list({ docker }: Engine, filters: object): Promise<SwarmConfig[]> {
  return (await ask("list configs", () => docker.listConfigs({ filters: JSON.stringify(filters) as never }))) as unknown as SwarmConfig[];
}

/** The engine's ids of configs by their names; a name that is not there is left out. */
export async function configIds(engine: Engine, names: readonly string[]): Promise<Record<string, string>> {
  if (names.length === 0) return {};
  const wanted = new Set(names);
  // the filter takes the beginning of a name
  const found = (await list(engine, { name: names })).filter((config) => wanted.has(config.Spec.Name));
  return Object.fromEntries(found.map((config) => [config.Spec.Name, config.ID]));
}

/** @returns false when a service refers to it: that is the engine's word, and the last */
async function removeOne({ docker }: Engine, id: string): Promise<boolean> {
  try {
    await docker.getConfig(id).remove();
  } catch (error) {
    if (/is in use by/i.test(messageOf(error))) return false;
    if (statusOf(error) !== 404) await ask("remove a config", () => Promise.reject(error));
  }
  return true;
}

/** Config files as Swarm configs, told apart by labels. */
export function createConfigFiles(engine: Engine): ConfigFiles {
  const { docker, homeId } = engine;
  return {
    async ensure(files) {
      const present = await configIds(
        engine,
        files.map((file) => file.name),
      );
      for (const { name, content, labels } of files.filter((file) => present[file.name] === undefined)) {
        try {
          await docker.createConfig({ Name: name, Labels: { ...labels, "dokploy.home": homeId }, Data: content.toString("base64") });
        } catch (error) {
          if (!isThere(error)) await ask("create a config", () => Promise.reject(error));
        }
      }
    },
    async removeUnused({ appId, olderThanMs }) {
      const label = [`dokploy.home=${homeId}`, ...(appId === undefined ? [] : [`dokploy.app=${appId}`])];
      let count = 0;
      for (const { ID, CreatedAt } of await list(engine, { label })) {
        if (Date.now() - Date.parse(CreatedAt) < olderThanMs) continue;
        count += (await removeOne(engine, ID)) ? 1 : 0;
      }
      return count;
    },
  };
}
