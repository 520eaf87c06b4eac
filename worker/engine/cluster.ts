import type { Cluster, ClusterNode } from "../ports";
import { ask, askMaybe, type Engine, messageOf, statusOf } from "./docker-client";
import { microseconds } from "./docker-stream";
import type { EngineEvents, NodeEvents } from "./engine-events";
import { listNodes } from "./swarm-read";
import type { SwarmNode, SwarmTask } from "./swarm-types";

type Swarm = { Version: { Index: number }; Spec: object; JoinTokens: { Worker: string; Manager: string } };

const STALE_VERSION_ATTEMPTS = 5;
const LIVING = new Set(["new", "allocated", "pending", "assigned", "accepted", "preparing", "ready", "starting", "running"]);

/** A manager knows its own address as 0.0.0.0 in some versions; the one that it takes part with says more. */
const addressOf = (node: SwarmNode) => {
  const own = node.Status.Addr ?? "";
  return own === "" || own === "0.0.0.0" ? (node.ManagerStatus?.Addr?.replace(/:\d+$/, "") ?? "") : own;
};

export function toClusterNode(node: SwarmNode): ClusterNode {
  return {
    id: node.ID,
    hostname: node.Description?.Hostname ?? node.ID,
    role: node.Spec.Role,
    isLeader: node.ManagerStatus?.Leader === true,
    availability: node.Spec.Availability,
    state: node.Status.State,
    message: node.Status.Message ?? "",
    address: addressOf(node),
    managerAddress: node.ManagerStatus?.Addr ?? null,
    labels: node.Spec.Labels ?? {},
    cpus: (node.Description?.Resources?.NanoCPUs ?? 0) / 1e9,
    memoryBytes: node.Description?.Resources?.MemoryBytes ?? 0,
    engineVersion: node.Description?.Engine?.EngineVersion ?? "",
    joinedAt: microseconds(node.CreatedAt),
  };
}

export function createCluster(engine: Engine, events: EngineEvents, nodeEvents: NodeEvents): Cluster {
  const { docker, homeId } = engine;
  const inspect = (id: string) => askMaybe("inspect a node", async () => (await docker.getNode(id).inspect()) as SwarmNode);
  const own = async () => (await docker.info()) as { Swarm: { NodeID: string } };

  return {
    nodes: async () => (await listNodes(engine)).map(toClusterNode),
    ownNode: () => ask("ask the engine for its node", async () => (await own()).Swarm.NodeID),
    placed: () =>
      ask("list tasks", async () => {
        const tasks = (await docker.listTasks({ filters: JSON.stringify({ label: [`dokploy.home=${homeId}`] }) })) as SwarmTask[];
        return tasks
          .filter((task) => LIVING.has(task.Status.State) && LIVING.has(task.DesiredState))
          .map((task) => {
            const labels = task.Spec.ContainerSpec?.Labels ?? {};
            const app = labels["dokploy.app"] ?? "";
            return { app, slot: labels["dokploy.slot"] ?? "", node: task.NodeID ?? null, isRunning: task.Status.State === "running" };
          })
          .filter(({ app }) => app !== ""); // an agent is nobody's replica
      }),
    async joinToken({ role, rotate }) {
      const read = () => ask("read the Swarm", async () => (await docker.swarmInspect()) as Swarm);
      let swarm = await read();
      if (rotate) {
        const query = { version: swarm.Version.Index, ...(role === "manager" ? { rotateManagerToken: true } : { rotateWorkerToken: true }) };
        const update = docker.swarmUpdate as unknown as (options: object) => Promise<unknown>;
        await ask("rotate a join token", () => update.call(docker, { _query: query, _body: swarm.Spec }));
        swarm = await read();
      }
      const self = await inspect((await own()).Swarm.NodeID);
      const token = role === "manager" ? swarm.JoinTokens.Manager : swarm.JoinTokens.Worker;
      return { token, address: self?.ManagerStatus?.Addr ?? "" };
    },
    async change(id, { availability, role, labels }) {
      for (let attempt = 1; ; attempt += 1) {
        const node = await inspect(id);
        if (!node) return;
        const wanted = { Availability: availability ?? node.Spec.Availability, Role: role ?? node.Spec.Role, Labels: labels ?? node.Spec.Labels ?? {} };
        try {
          await (docker.getNode(id) as unknown as { update(options: object): Promise<unknown> }).update({
            _query: { version: node.Version.Index },
            _body: { ...node.Spec, ...wanted },
          });
          return;
        } catch (error) {
          if (statusOf(error) === 404) return;
          if (!/update out of sequence/i.test(messageOf(error)) || attempt === STALE_VERSION_ATTEMPTS)
            await ask(`change the node ${node.Description?.Hostname ?? id}`, () => Promise.reject(error));
        }
      }
    },
    async remove(id) {
      await askMaybe("remove a node", () => (docker.getNode(id) as unknown as { remove(options: object): Promise<unknown> }).remove({ force: true }));
    },
    onChange(call) {
      const stops = [nodeEvents.subscribe(call), events.subscribe(() => call())];
      return () => {
        for (const stop of stops) stop();
      };
    },
  };
}
