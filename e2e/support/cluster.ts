import path from "node:path";
import { ensureBaseImages } from "./base-images.mjs";
import { engineRequest } from "./engine-api.mjs";
import { startGitServer } from "./git-repository";
import { ENGINE_SOCKET, type Machine, openMachines } from "./machines";
import { openPlatform, type Platform, type Up } from "./platform";

const PORTS = { port: "3000", edgePort: "8080" };

export type Cluster = Awaited<ReturnType<typeof openCluster>>;
type SwarmNode = { ID: string; Description: { Hostname: string }; ManagerStatus?: { Leader?: boolean } };

/** A platform of its own on the first of several machines, which alone is in its Swarm and knows of no others. `close` removes everything, also after a failure. */
export async function openCluster(count: number) {
  const { machines, folder, gateway, close: removeMachines } = await openMachines(count);
  const [first] = machines as [Machine, ...Machine[]];
  const git = await startGitServer({ host: gateway });
  const env = {
    DOKPLOY_HOME: path.join(folder, "home"),
    DOKPLOY_PORT: PORTS.port,
    DOKPLOY_EDGE_PORT: PORTS.edgePort,
    DOCKER_HOST: first.dockerHost,
    DOKPLOY_AGENT_SOCKET: ENGINE_SOCKET,
    DOKPLOY_ALLOW_HOSTS: gateway,
  };
  const close = async () => {
    await git.close();
    await removeMachines();
  };
  const up = async (more: Record<string, string> = {}): Promise<Platform> => {
    const { stdout } = await first.run(path.resolve("bin/up"), ["--detach", "--json", "--no-demo"], { ...env, ...more });
    const said = JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Up;
    return openPlatform({ ...said, dashboard: said.dashboard.replace("127.0.0.1", first.address), edge: said.edge.replace("127.0.0.1", first.address) });
  };
  try {
    const [platform] = await Promise.all([up(), ensureBaseImages({ dockerHost: first.dockerHost, names: ["node:20-slim"] })]);
    return {
      platform,
      machines,
      first,
      git,
      home: env.DOKPLOY_HOME,
      /** Its Swarm is made anew, at an address that other machines reach. */
      async advertise() {
        await first.run("docker", ["swarm", "leave", "--force"], { DOCKER_HOST: first.dockerHost });
        await up({ DOKPLOY_ADVERTISE_ADDR: first.address });
      },
      // what bin/down cannot end without a majority of managers goes with the machines
      close: () =>
        takeDown(first, env)
          .catch(() => undefined)
          .finally(close),
    };
  } catch (error) {
    await takeDown(first, env)
      .catch(() => undefined) // what it did not end goes with the machines
      .finally(close);
    throw error;
  }
}

const takeDown = async (first: Machine, env: Record<string, string>) => void (await first.run(path.resolve("bin/down"), ["--purge"], env));

/** Runs on a machine what `node join-token` says, without the `sudo` that a person needs. */
export const join = (machine: Machine, command: string) => machine.run("sh", ["-c", command.replaceAll("sudo ", "")], { DOCKER_HOST: machine.dockerHost });

/** Which machine leads the managers, as one of them says; null while there is no majority. */
export async function leaderOf(machines: Machine[], asked: Machine): Promise<Machine | null> {
  const { status, json } = await engineRequest(asked.dockerHost, "GET", "/nodes", { timeoutMs: 3_000 }).catch(() => ({ status: 0, json: null }));
  const leader = status === 200 ? (json as SwarmNode[]).find((node) => node.ManagerStatus?.Leader)?.Description.Hostname : undefined;
  return machines.find((machine) => machine.name === leader) ?? null;
}
