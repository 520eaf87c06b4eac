import { createHash } from "node:crypto";
import type Dockerode from "dockerode";
import type { AgentKeys } from "../../agent/agent-name";
import type { Agents } from "../../ports";
import { ask, askMaybe, credentialFor, type Engine, messageOf, type RegistryAccess, statusOf } from "../docker-client";
import { inspectService, listTasks } from "../swarm-read";
import type { SwarmTask } from "../swarm-types";

export type AgentServiceOptions = {
  registry: RegistryAccess;
  /** Where agents listen on their nodes. */
  port: number;
  /** The engine's socket, as a path on each node. */
  socket: string;
};
type Wanted = Parameters<Agents["deploy"]>[0];
type SwarmSecret = { ID: string; Spec: { Name: string } };

const SPEC_LABEL = "dokploy.spec";
const SECOND = 1_000_000_000;
const MEMORY_BYTES = 192 * 1024 ** 2;
const SOCKET = "/run/engine.sock";
const KEYS = "agent-keys";
/** As Swarm names what Node calls otherwise. */
const ARCHITECTURES: Record<string, string> = { x64: "x86_64", arm64: "aarch64" };

export const agentServiceName = (homeId: string): string => `dokploy-agent-${homeId}`;
const contentOf = ({ authority, certificate, key }: AgentKeys) => JSON.stringify({ authority, certificate, key });
const digestOf = (text: string) => createHash("sha256").update(text).digest("hex").slice(0, 16);
/** The keys' digest is in the name: a secret's content is never changed and never read back. */
export const secretName = (homeId: string, keys: AgentKeys): string => `${agentServiceName(homeId)}-${digestOf(contentOf(keys))}`;

/**
 * The agents' service: one on each node but the platform's own, which has the engine itself. It may open the engine's socket and nothing
 * else: no capability, nothing to write to, no network but its port, which the node itself publishes (the routing mesh needs IPVS).
 */
export function agentServiceSpec(homeId: string, wanted: Wanted, { registry, port, socket }: AgentServiceOptions, secretId: string): Dockerode.ServiceSpec {
  const { image, version, keys, ownNode } = wanted;
  const architecture = ARCHITECTURES[process.arch];
  const env = {
    AGENT_HOME: homeId,
    AGENT_REGISTRY: registry.address,
    AGENT_VERSION: version,
    AGENT_PORT: String(port),
    AGENT_SOCKET: SOCKET,
    AGENT_KEYS: `/run/secrets/${KEYS}`,
  };
  const spec = {
    Name: agentServiceName(homeId),
    Mode: { Global: {} },
    EndpointSpec: { Mode: "dnsrr", Ports: [{ Protocol: "tcp", TargetPort: port, PublishedPort: port, PublishMode: "host" }] },
    // its port is its own: the old one must be gone first
    UpdateConfig: { Parallelism: 0, Order: "stop-first", FailureAction: "continue" },
    TaskTemplate: {
      ContainerSpec: {
        Image: image,
        Env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
        Labels: { "dokploy.agent": homeId },
        Init: true,
        User: "0:0",
        ReadOnly: true,
        CapabilityDrop: ["ALL"],
        Privileges: { NoNewPrivileges: true },
        Mounts: [{ Type: "bind", Source: socket, Target: SOCKET }],
        Secrets: [{ SecretID: secretId, SecretName: secretName(homeId, keys), File: { Name: KEYS, UID: "0", GID: "0", Mode: 0o400 } }],
        StopGracePeriod: 2 * SECOND,
      },
      Placement: { Constraints: [`node.id!=${ownNode}`, ...(architecture ? [`node.platform.arch==${architecture}`] : [])] },
      Resources: { Limits: { MemoryBytes: MEMORY_BYTES } },
      RestartPolicy: { Condition: "any", Delay: SECOND, MaxAttempts: 0 },
      LogDriver: { Name: "json-file", Options: { "max-size": "5m", "max-file": "2" } },
      ForceUpdate: 0,
    },
  };
  return { ...spec, Labels: { "dokploy.home": homeId, [SPEC_LABEL]: digestOf(JSON.stringify(spec)) } } as unknown as Dockerode.ServiceSpec;
}

export function createAgentService(engine: Engine, options: AgentServiceOptions): Pick<Agents, "deploy" | "remove" | "tasks"> {
  const { docker, homeId } = engine;
  const name = agentServiceName(homeId);
  const filters = JSON.stringify({ label: [`dokploy.home=${homeId}`] });
  const secrets = () => ask("list secrets", async () => (await docker.listSecrets({ filters: filters as never })) as unknown as SwarmSecret[]);

  async function ensureSecret(keys: AgentKeys): Promise<string> {
    const wanted = secretName(homeId, keys);
    const find = async () => (await secrets()).find(({ Spec }) => Spec.Name === wanted)?.ID;
    const present = await find();
    if (present) return present;
    const spec = { Name: wanted, Labels: { "dokploy.home": homeId }, Data: Buffer.from(contentOf(keys)).toString("base64") };
    try {
      return ((await docker.createSecret(spec)) as unknown as { id?: string; ID?: string }).id ?? (await find()) ?? "";
    } catch (error) {
      const made = await find(); // by another worker, meanwhile
      return made ?? ask("create a secret", () => Promise.reject(error));
    }
  }

  async function removeSecrets(kept: string): Promise<void> {
    for (const { ID, Spec } of await secrets()) {
      if (Spec.Name === kept) continue;
      try {
        await docker.getSecret(ID).remove();
      } catch (error) {
        // the tasks of before still hold it: the next time
        if (statusOf(error) !== 404 && !/is in use by/i.test(messageOf(error))) await ask("remove a secret", () => Promise.reject(error));
      }
    }
  }

  return {
    async deploy(wanted) {
      const spec = agentServiceSpec(homeId, wanted, options, await ensureSecret(wanted.keys));
      const auth = credentialFor(wanted.image, options.registry) ?? undefined;
      const present = await inspectService(engine, name);
      if (!present) await ask("start the agents", () => docker.createService(auth as Dockerode.AuthConfig, spec));
      else if (present.Spec.Labels?.[SPEC_LABEL] !== spec.Labels?.[SPEC_LABEL]) {
        const service = docker.getService(present.ID) as unknown as { update(auth: object | undefined, options: object): Promise<unknown> };
        await ask("replace the agents", () => service.update(auth, { _query: { version: present.Version.Index }, _body: spec }));
      }
      await removeSecrets(secretName(homeId, wanted.keys));
    },
    async remove() {
      if (await inspectService(engine, name)) await askMaybe("remove the agents", () => docker.getService(name).remove());
      await removeSecrets("");
    },
    async tasks() {
      const found = await listTasks(engine, name);
      const newest = new Map<string, SwarmTask>();
      for (const task of found.sort((a, b) => (a.CreatedAt < b.CreatedAt ? -1 : 1))) if (task.NodeID) newest.set(task.NodeID, task);
      return [...newest].map(([node, { Status }]) => ({ node, state: Status.State, message: Status.Err ?? Status.Message ?? "" }));
    },
  };
}
