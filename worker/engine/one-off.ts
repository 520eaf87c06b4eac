import { randomBytes } from "node:crypto";
import type Dockerode from "dockerode";
import { DeployError } from "../errors";
import type { OneOff, SlotSpec } from "../ports";
import { ask, askMaybe, type Engine, messageOf, statusOf } from "./docker-client";
import { demultiplex, lineCutter, openStream, timestampedLine } from "./docker-stream";
import { archiveOf } from "./file-archive";
import { cancelled } from "./wait-until";

type Request = Parameters<OneOff["run"]>[0];
const NANOSECONDS = 1_000_000_000;

const hostLimits = ({ memoryBytes, cpus }: SlotSpec["limits"]) => ({
  ...(memoryBytes === undefined ? {} : { Memory: Math.trunc(memoryBytes), MemorySwap: Math.trunc(memoryBytes) }),
  ...(cpus === undefined ? {} : { NanoCpus: Math.round(cpus * NANOSECONDS) }),
});

/** The container of a one-off command: what a task of the release would get, once. */
export function oneOffSpec(request: Request, homeId: string): Dockerode.ContainerCreateOptions {
  return {
    name: `${request.name}-${randomBytes(4).toString("hex")}`,
    Image: request.image,
    Cmd: request.command,
    Env: Object.entries(request.env).map(([name, value]) => `${name}=${value}`),
    Labels: { ...request.labels, "dokploy.home": homeId, "dokploy.one-off": request.name },
    HostConfig: {
      NetworkMode: request.network,
      Init: true,
      ...hostLimits(request.limits),
      SecurityOpt: ["no-new-privileges"],
      CapDrop: ["NET_RAW", "MKNOD", "AUDIT_WRITE"],
      LogConfig: { Type: "json-file", Config: { "max-size": "10m", "max-file": "1" } },
    },
  };
}

/** Follows the container's output to its end. Attached by its log: nothing that it writes before we listen is lost. */
async function streamOutput({ address }: Engine, id: string, output: Request["output"], signal: AbortSignal): Promise<void> {
  const query = { follow: "1", stdout: "1", stderr: "1", timestamps: "1" };
  const cutters = {
    stdout: lineCutter((line) => output(timestampedLine(line, "stdout"))),
    stderr: lineCutter((line) => output(timestampedLine(line, "stderr"))),
  };
  for await (const { stream, data } of demultiplex(await openStream(address, { method: "GET", path: `/containers/${id}/logs`, query, signal })))
    cutters[stream].push(data);
  cutters.stdout.flush();
  cutters.stderr.flush();
}

async function create(engine: Engine, request: Request): Promise<string> {
  try {
    return (await engine.docker.createContainer(oneOffSpec(request, engine.homeId))).id;
  } catch (error) {
    if (statusOf(error) === 404 && /image/i.test(messageOf(error)))
      throw new DeployError("image_not_found", { what: `The image ${request.image} is not on this node`, why: messageOf(error) }, { cause: error });
    return ask("create a one-off container", () => Promise.reject(error));
  }
}

async function start(engine: Engine, id: string, command: string[]): Promise<void> {
  try {
    await engine.docker.getContainer(id).start();
  } catch (error) {
    if (/executable file not found|no such file or directory|permission denied/i.test(messageOf(error))) {
      const explanation = { what: `\`${command.join(" ")}\` cannot be started`, why: messageOf(error), fix: "Check that the image holds the command." };
      throw new DeployError("release_command_failed", explanation, { cause: error });
    }
    await ask("start a one-off container", () => Promise.reject(error));
  }
}

/**
 * One command in a plain container on the environment's network. An abort kills it; it is removed whatever happens.
 * @throws DeployError `cancelled` `image_not_found` `release_command_failed` (the command is not in the image)
 */
export function createOneOff(engine: Engine): OneOff {
  const { docker, log, homeId } = engine;
  const list = (label: string) =>
    ask("list one-off containers", () => docker.listContainers({ all: true, filters: JSON.stringify({ label: [`dokploy.home=${homeId}`, label] }) }));
  return {
    async present() {
      return (await list("dokploy.one-off")).flatMap(({ Labels }) => Labels["dokploy.one-off"] ?? []);
    },
    async end(name) {
      for (const { Id } of await list(`dokploy.one-off=${name}`))
        await askMaybe("remove a one-off container", () => docker.getContainer(Id).remove({ force: true, v: true }));
    },
    async run(request) {
      const { signal } = request;
      if (signal.aborted) throw cancelled(signal.reason);
      const id = await create(engine, request);
      const container = docker.getContainer(id);
      const kill = () => {
        container.kill().catch((error: unknown) => {
          if (statusOf(error) !== 409 && statusOf(error) !== 404) log.warn({ err: error, container: id }, "a one-off container could not be killed"); // removed with force below
        });
      };
      signal.addEventListener("abort", kill, { once: true });
      try {
        if (request.files.length > 0) await ask("put files into a one-off container", () => container.putArchive(archiveOf(request.files), { path: "/" }));
        await start(engine, id, request.command);
        await ask("read the output of a one-off container", () => streamOutput(engine, id, request.output, signal));
        const { StatusCode } = (await ask("wait for a one-off container", () => container.wait())) as { StatusCode: number };
        if (signal.aborted) throw cancelled(signal.reason);
        const { State } = await ask("inspect a one-off container", () => container.inspect());
        return { exitCode: StatusCode, oom: State.OOMKilled };
      } catch (error) {
        if (signal.aborted) throw cancelled(signal.reason);
        throw error;
      } finally {
        signal.removeEventListener("abort", kill);
        await askMaybe("remove a one-off container", () => container.remove({ force: true, v: true }));
      }
    },
  };
}
