import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import Dockerode from "dockerode";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { serverFiles, startGitServer } from "../support/git-repository";
import { ask, openPlatform, type Platform, untilEnded } from "../support/platform";

let platform: Platform;
let git: Awaited<ReturnType<typeof startGitServer>>;
let docker: Dockerode;
const suffix = randomBytes(3).toString("hex");

/** Fetches what it is told to, from inside its container. */
const FETCHER = `const server = require("node:http").createServer(async (q, r) => {
  const url = new URL(q.url, "http://x").searchParams.get("u");
  if (!url) return r.end("ready");
  try { const a = await fetch(url, { signal: AbortSignal.timeout(3000) }); r.end("status " + a.status); } catch (e) { r.end("failed " + (e.cause?.code || e.name)); }
}).listen(process.env.PORT, "0.0.0.0");`;

beforeAll(async () => {
  platform = openPlatform();
  git = await startGitServer();
  docker = new Dockerode({ socketPath: platform.up.dockerHost.replace("unix://", "") });
});
afterAll(async () => {
  for (const name of [`one-${suffix}`, `two-${suffix}`]) await platform.client.projects.delete.mutate({ project: name });
  await git.close();
});

async function deployIn(project: string) {
  await platform.client.projects.create.mutate({ name: project });
  const repository = git.repository(project, { ...serverFiles(""), "server.js": FETCHER });
  const app = await platform.client.apps.create.mutate({ name: "inner", project, git: repository.url });
  const run = await untilEnded(platform, (await platform.client.deployments.create.mutate({ app: app.id })).id);
  expect(run.status).toBe("succeeded");
  const services = await docker.listServices({ filters: { label: [`dokploy.app=${app.id}`] } });
  return { url: app.url ?? "", service: services[0]?.Spec?.Name ?? "", home: services[0]?.Spec?.Labels?.["dokploy.home"] ?? "" };
}

describe("between environments", () => {
  test("a task reaches its own environment, neither another one nor the probe entry point", async () => {
    const [one, two] = [await deployIn(`one-${suffix}`), await deployIn(`two-${suffix}`)];
    const fromOne = async (u: string) => (await ask(`${one.url}/?u=${encodeURIComponent(u)}`)).body;
    expect(await fromOne(`http://${one.service}:3000/`)).toBe("status 200");
    expect(await fromOne(`http://${two.service}:3000/`)).toMatch(/^failed/);

    const edges = await docker.listContainers({ filters: { label: [`dokploy.home=${one.home}`] } });
    const addresses = edges
      .flatMap((edge) => Object.values(edge.NetworkSettings.Networks).map((network) => network.IPAddress))
      .filter((address): address is string => Boolean(address));
    const probeUrls = edges.flatMap((edge) =>
      edge.Ports.filter((port) => port.IP === "127.0.0.1").flatMap((port) => addresses.map((address) => `http://${address}:${port.PrivatePort}/`)),
    );
    expect(probeUrls.length).toBeGreaterThan(0);
    for (const url of probeUrls) expect(await fromOne(url), url).not.toBe("status 200");
  });

  test("services carry the labels that tell things apart", async () => {
    const services = await docker.listServices({ filters: { label: [`dokploy.project=one-${suffix}`] } });
    expect(services[0]?.Spec?.Labels).toMatchObject({
      "dokploy.project": `one-${suffix}`,
      "dokploy.environment": "production",
      "dokploy.app": expect.any(String),
      "dokploy.home": expect.any(String),
    });
  });
});

describe("the web process", () => {
  const environment = (pid: number) => readFileSync(`/proc/${pid}/environ`, "utf8");
  const uidOf = (pid: number) => Number(/^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);

  test("runs as a user of its own that cannot open the engine's socket, and knows no DOCKER_HOST", async () => {
    const uid = uidOf(platform.up.pids.web);
    expect(uid).not.toBe(0);
    expect(environment(platform.up.pids.web)).not.toContain("DOCKER_HOST");
    const socket = platform.up.dockerHost.replace("unix://", "");
    const attempt = promisify(execFile)("setpriv", [
      "--reuid",
      String(uid),
      "--clear-groups",
      "--regid",
      "65534",
      process.execPath,
      "-e",
      `require("net").connect(${JSON.stringify(socket)}).on("connect", () => process.exit(0)).on("error", (e) => { console.error(e.code); process.exit(3); })`,
    ]);
    await expect(attempt).rejects.toMatchObject({ code: expect.any(Number), stderr: expect.stringMatching(/EACCES/) });
  });

  test("and the worker hold no secret in their argument lists", () => {
    for (const pid of Object.values(platform.up.pids)) {
      const line = readFileSync(`/proc/${pid}/cmdline`, "utf8");
      expect(line).not.toMatch(/postgres(ql)?:\/\/|redis:\/\/|dkp_/);
    }
  });
});
