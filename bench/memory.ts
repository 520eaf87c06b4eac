/** `npx tsx bench/memory.ts [deployments]`: what the web process and the worker hold, idle, and again after deployments have gone through. */
import { readFileSync } from "node:fs";
import { SERVER, serverFiles, startGitServer } from "../e2e/support/git-repository";
import { untilEnded } from "../e2e/support/platform";
import { benchPlatform, machine, table } from "./support";

const deployments = Number(process.argv[2] ?? 50);
const IDLE_S = 60;
const platform = await benchPlatform();
const { up } = platform;

/** Resident set of a process in MiB (proc(5), VmRSS). */
const resident = (pid: number) => Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
const row = (name: string): string[] => {
  const [web, worker] = [resident(up.pids.web), resident(up.pids.worker)];
  return [name, web.toFixed(0), worker.toFixed(0), (web + worker).toFixed(0)];
};
const idle = () => new Promise((resolve) => setTimeout(resolve, IDLE_S * 1000));

await idle();
const rows = [row("idle")];
const git = await startGitServer();
const project = `bench-${Date.now().toString(36)}`;
await platform.client.projects.create.mutate({ name: project });
const repository = git.repository(project, serverFiles("version 0"));
const app = await platform.client.apps.create.mutate({ name: "many", project, git: repository.url, bakeS: 0, drainS: 1 });
const ended = new Map<string, number>();
for (let n = 1; n <= deployments; n++) {
  repository.commit({ "server.js": SERVER(`version ${n}`) }, `Version ${n}`);
  const { status } = await untilEnded(platform, (await platform.client.deployments.create.mutate({ app: app.id })).id);
  ended.set(status, (ended.get(status) ?? 0) + 1);
  if (n % 10 === 0) rows.push(row(`right after deployment ${n}`));
}
await idle();
rows.push(row(`${IDLE_S} s after ${deployments} deployments`));
process.stdout.write(`${[...ended].map(([status, n]) => `${n} ${status}`).join(", ")}; ${machine()}\n\n`);
table(["", "web, MiB", "worker, MiB", "together, MiB"], rows);
await platform.client.projects.delete.mutate({ project });
await git.close();
