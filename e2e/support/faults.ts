import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { expect } from "vitest";
import { fromIso } from "../../db/schema/columns";
import { engineRequest } from "./engine-api.mjs";
import { eventually } from "./eventually";
import { serverFiles, startGitServer, type TestRepository } from "./git-repository";
import { type HomeDatabase, openHomeDatabase } from "./home-database";
import { ask, deleteProject, openPlatform, type Platform, type Up, untilEnded } from "./platform";

export { eventually } from "./eventually";
export type ProcessName = "postgresql" | "redis" | "web" | "worker";
export type FaultApp = { id: string; url: string; repository: TestRepository; name: string };
export type Ended = Awaited<ReturnType<typeof untilEnded>>;
type Row = { status: string; step: string | null; epoch: number; worker_id: string | null };
type AppSettings = Parameters<Platform["client"]["apps"]["create"]["mutate"]>[0];

export type Faults = Awaited<ReturnType<typeof openFaults>>;

/** The running platform, seen and hurt from outside: its processes by pid, its rows by SQL, its engine by the API. */
export async function openFaults() {
  const platform = openPlatform();
  // the supervisor has replaced what an earlier file killed
  const { stdout } = await promisify(execFile)("bin/up", ["--status", "--json"]);
  const { pids } = JSON.parse(stdout) as Up;
  const environment = environmentOf(pids.worker);
  const home = environment.DOKPLOY_HOME ?? "";
  const homeId = environment.DOKPLOY_HOME_ID ?? "";
  const git = await startGitServer();
  const sql = openHomeDatabase({ ...platform.up, pids });
  const project = `faults-${randomBytes(3).toString("hex")}`;
  await platform.client.projects.create.mutate({ name: project });

  const pid = (name: ProcessName): Promise<number> =>
    eventually(() => {
      const state = JSON.parse(readFileSync(path.join(home, "state.json"), "utf8")) as { processes: Record<string, { pid: number } | null> };
      return state.processes[name]?.pid;
    });
  const row = async (id: string): Promise<Row> => {
    const [found] = await sql<Row[]>`select status, step, epoch, worker_id from deployments where id = ${id}`;
    if (!found) throw new Error(`There is no deployment ${id}.`);
    return found;
  };

  return {
    platform,
    sql,
    home,
    homeId,
    project,
    git,
    pid,
    row,
    async kill(name: ProcessName, signal: NodeJS.Signals = "SIGKILL"): Promise<{ pid: number; at: number }> {
      const killed = await pid(name);
      process.kill(killed, signal);
      return { pid: killed, at: Date.now() };
    },
    /** An application that serves `before`. */
    async app(name: string, settings: Partial<AppSettings> = {}, extra = ""): Promise<FaultApp> {
      const repository = git.repository(`${project}-${name}`, serverFiles("before", extra));
      const app = await platform.client.apps.create.mutate({
        name,
        project,
        git: repository.url,
        bakeS: 1,
        drainS: 2,
        stopGraceS: 3,
        ...settings,
      } as AppSettings);
      const first = await untilEnded(platform, (await platform.client.deployments.create.mutate({ app: app.id })).id);
      expect(first).toMatchObject({ status: "succeeded" });
      return { id: app.id, url: app.url ?? "", repository, name };
    },
    deploy: async (app: FaultApp) => (await platform.client.deployments.create.mutate({ app: app.id })).id,
    /** Resolves as soon as the deployment's row says that it is in the step; false when it has gone past it. */
    async reaches(id: string, step: string): Promise<boolean> {
      for (;;) {
        const now = await row(id);
        if (now.step === step) return true;
        if (!["queued", "running"].includes(now.status)) return false;
      }
    },
    /** Seconds from `since` until each deployment is under a lease of a later epoch, or has ended. */
    async secondsToLease(held: readonly { id: string; epoch: number }[], since: number): Promise<number> {
      await eventually(async () => {
        const rows = await sql<{ id: string }[]>`
          select d.id from deployments d join unnest(${held.map((one) => one.id)}::uuid[], ${held.map((one) => one.epoch)}::int[]) h (id, epoch) on h.id = d.id
          where d.status not in ('queued', 'running') or (d.epoch > h.epoch and d.lease_until > now())`;
        return rows.length === held.length ? true : undefined;
      });
      return (Date.now() - since) / 1000;
    },
    /** What the engine and the file system hold of this home that no live or baking release needs, once what ends has ended. */
    orphans: () => settledOrphans({ sql, home, homeId, dockerHost: platform.up.dockerHost }),
    async close() {
      await deleteProject(platform, project);
      await git.close();
      await sql.end();
    },
  };
}

export const environmentOf = (pid: number): Record<string, string> =>
  Object.fromEntries(
    readFileSync(`/proc/${pid}/environ`, "utf8")
      .split("\0")
      .filter((entry) => entry.includes("="))
      .map((entry) => [entry.slice(0, entry.indexOf("=")), entry.slice(entry.indexOf("=") + 1)]),
  );

type Service = { Spec: { Name: string; TaskTemplate: { ContainerSpec?: { Configs?: { ConfigName: string }[] | null } } } };
type Place = { sql: HomeDatabase; home: string; homeId: string; dockerHost: string };

/** Longer than the default bake of what earlier tests deployed, shorter than the time between two sweeps. */
const SETTLE_S = 90;

async function settledOrphans(place: Place): Promise<string[]> {
  let last: string[] = [];
  await eventually(
    async () => {
      last = await findOrphans(place);
      return last.length === 0 ? true : undefined;
    },
    SETTLE_S,
    500,
  ).catch(() => undefined);
  return last;
}

async function findOrphans({ sql, home, homeId, dockerHost }: Place): Promise<string[]> {
  const list = async <T>(what: string, label = `dokploy.home=${homeId}`): Promise<T[]> => {
    const filters = encodeURIComponent(JSON.stringify({ label: [label] }));
    return ((await engineRequest(dockerHost, "GET", `${what}?all=1&filters=${filters}`, { timeoutMs: 10_000 })).json ?? []) as T[];
  };
  const rows = await sql<{ live: string }[]>`
    select case a.active_slot when 'a' then a.slot_a else a.slot_b end as live from apps a where a.deleted_at is null and a.active_slot is not null`;
  const baking = await sql<{ id: string }[]>`select id from deployments where bake_until is not null or status in ('queued', 'running')`;
  const live = new Set(rows.map((one) => one.live));
  const found = await list<Service>("/services");
  const services = found.map((one) => one.Spec.Name);
  const mounted = new Set(found.flatMap((one) => (one.Spec.TaskTemplate.ContainerSpec?.Configs ?? []).map((config) => config.ConfigName)));
  const configs = (await list<{ Spec: { Name: string } }>("/configs")).map((one) => one.Spec.Name);
  const containers = await list<{ Names: string[]; Labels: Record<string, string> }>("/containers/json");
  const networks = (await list<{ Name: string; Labels: Record<string, string> }>("/networks")).filter((one) => one.Labels["dokploy.network"] === "environment");
  const wanted = await sql<{ network: string }[]>`select e.network from environments e join apps a on a.environment_id = e.id and a.deleted_at is null`;
  const images = (await list<{ Id: string; RepoTags: string[] | null }>("/images/json")).flatMap(({ Id, RepoTags }) =>
    (RepoTags ?? []).filter((tag) => tag.startsWith("dokploy/")).map((tag) => ({ tag, id: Id })),
  );
  const kept = await sql<{ id: string }[]>`
    select r.image_id as id from releases r join apps a on a.id = r.app_id and a.deleted_at is null where r.pruned_at is null`;
  const folders = (folder: string, prefix = "") => {
    try {
      return readdirSync(path.join(home, folder)).filter((name) => name.startsWith(prefix));
    } catch {
      return [];
    }
  };
  return [
    ...baking.map(({ id }) => `deployment ${id} is under way or bakes`),
    ...services.filter((name) => !live.has(name)).map((name) => `service ${name}`),
    ...configs.filter((name) => !mounted.has(name)).map((name) => `config ${name}`),
    ...containers
      .filter((one) => one.Labels["dokploy.one-off"] || (one.Labels["com.docker.swarm.service.name"] && !live.has(one.Labels["com.docker.swarm.service.name"])))
      .map((one) => `container ${one.Names[0]}`),
    ...images.filter((image) => !kept.some(({ id }) => id === image.id)).map(({ tag }) => `image ${tag}`),
    ...networks.filter((one) => !wanted.some(({ network }) => network === one.Name)).map((one) => `network ${one.Name}`),
    ...folders("work").map((name) => `work tree ${name}`),
    ...folders("mirrors").flatMap((mirror) => folders(path.join("mirrors", mirror), "index-").map((name) => `index ${name}`)),
    ...folders("git-access", "access-").map((name) => `key folder ${name}`),
  ];
}

/** Value-adding, necessary and waiting time add up to the lead time, to the microsecond. */
export function expectWholeLedger(run: Ended): void {
  const spans = run.spans.filter((span) => span.parent === null && span.step !== "bake");
  const sum = spans.reduce((total, span) => total + fromIso(span.finishedAt ?? "") - fromIso(span.startedAt), 0);
  const start = Math.min(fromIso(run.commit?.authoredAt ?? run.createdAt), fromIso(run.createdAt));
  expect(sum).toBe(fromIso(run.finishedAt ?? "") - start);
  const micros = (seconds: number) => Math.round(seconds * 1e6);
  expect(micros(run.totals.va) + micros(run.totals.nnva) + micros(run.totals.wait)).toBe(micros(run.totals.lead));
}

/** Which release answers now. */
export const answerOf = async (app: FaultApp): Promise<string> => (await ask(app.url)).body.trim();
