import { createHash, randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { UsagePoint, UsageReport } from "../../server/usage/schema";
import { engineRequest } from "../support/engine-api.mjs";
import { eventually } from "../support/eventually";
import { type FreshTeam, openFreshTeam } from "../support/fresh-team";
import { serverFiles } from "../support/git-repository";
import { type Journey, openJourney } from "../support/journey";
import { type Load, startLoad } from "../support/platform";

let journey: Journey;
let stranger: FreshTeam;
let app: { id: string; name: string };
let load: Load;
let report: UsageReport;
const token = `dkp_${randomBytes(32).toString("base64url")}`;
const MIB = 1024 ** 2;

/** A server that computes a little all the time. */
const BUSY = `
setInterval(() => { for (let n = 0, x = 0; n < 3e6; n++) x += Math.sqrt(n); }, 50);
`;

beforeAll(async () => {
  journey = await openJourney("usage");
  stranger = await openFreshTeam(journey.platform);
  await stranger.sql`
    insert into api_tokens (team_id, user_id, name, hash, scopes, created_at)
    select m.team_id, u.id, 'usage', ${createHash("sha256").update(token).digest("hex")}, '{*}', now() from users u join memberships m on m.user_id = u.id
    where u.email = ${stranger.person.email}`;
  const made = await journey.newApp("busy", serverFiles("some words to send", BUSY), {
    resources: { memoryBytes: 512 * MIB, cpus: 1 },
  });
  app = made.app;
  expect((await made.deploy()).status).toBe("succeeded");
  load = startLoad(made.url, 20, { seconds: 170 });
  report = await eventually(
    async () => {
      const now = await journey.platform.client.usage.read.query({ app: app.id, from: new Date(Date.now() - 600_000).toISOString(), step: 10 });
      return now.points.filter((point) => (point.received ?? 0) > 0 && (point.containers ?? 0) > 0).length >= 3 ? now : undefined;
    },
    90,
    1000,
  );
});
afterAll(async () => {
  await load.stop();
  await stranger.sql`delete from api_tokens where name = 'usage'`;
  await stranger.close();
  await journey.close();
});

/** The last points of a full look at the running application. */
const busy = (): UsagePoint[] => report.points.filter((point) => (point.received ?? 0) > 0 && point.containers === 1).slice(-2);

describe("an application under load", () => {
  test("uses processor time and network, and no more processor than its limit", () => {
    expect(busy()).toHaveLength(2);
    for (const point of busy()) {
      expect(point.cpu).toBeGreaterThan(0.01);
      expect(point.cpu).toBeLessThan(1.2);
      expect(point.received).toBeGreaterThan(500);
      expect(point.sent).toBeGreaterThan(500);
    }
    expect(report.points.every((point) => (point.cpu ?? 0) >= 0 && (point.sent ?? 0) >= 0 && (point.written ?? 0) >= 0)).toBe(true);
  });

  test("its memory is what the engine itself says of the container, within a fifth", async () => {
    const { dockerHost } = journey.platform.up;
    const filters = encodeURIComponent(JSON.stringify({ label: [`dokploy.app=${app.id}`] }));
    const { json: containers } = await engineRequest(dockerHost, "GET", `/containers/json?filters=${filters}`);
    expect(containers).toHaveLength(1);
    const { json: stats } = await engineRequest(dockerHost, "GET", `/containers/${containers[0].Id}/stats?stream=false&one-shot=true`);
    // the engine's own client shows it so: docker/cli, calculateMemUsageUnixNoCache
    const held = stats.memory_stats.usage - (stats.memory_stats.stats.total_inactive_file ?? stats.memory_stats.stats.inactive_file ?? 0);
    const seen = busy().at(-1)?.memory ?? 0;
    expect(Math.abs(seen - held) / held).toBeLessThan(0.2);
  });

  test("what went live stands on its axis of time", () => {
    expect(report.deployments).toMatchObject([{ number: 1 }]);
    expect(report.deployments[0]?.liveAt.localeCompare(report.asOf)).toBe(-1);
  });

  test("what it is given stands beside what it uses; of what is spare nothing is said after a minute", () => {
    expect(report.apps).toMatchObject([
      { app: app.id, replicas: 1, memory: { limit: 512 * MIB, reserved: null, spare: null }, cpu: { limit: 1, spare: null } },
    ]);
    const [one] = report.apps;
    expect(one?.memory.most).toBeGreaterThan(5 * MIB);
    expect(one?.memory.mostOne).toBeLessThanOrEqual(512 * MIB);
    expect(one?.received).toBeGreaterThan(1000);
  });
});

describe("asked for", () => {
  test("a project, a node and all of a team's hold it; a node also holds what is nobody's", async () => {
    const { client } = journey.platform;
    const from = report.window.from;
    const [project, team] = await Promise.all([client.usage.read.query({ project: journey.project, from }), client.usage.read.query({ from })]);
    expect(project.apps.map((one) => one.app)).toEqual([app.id]);
    expect(team.apps.map((one) => one.app)).toContain(app.id);
    const own = (await client.nodes.list.query()).items.find((one) => one.isOwn);
    const node = await client.usage.read.query({ node: own?.id, from });
    expect(node.node).toMatchObject({ cores: own?.cpus, memoryTotal: own?.memory });
    expect(node.total.cpu ?? 0).toBeGreaterThan(project.total.cpu ?? Number.NaN);
    expect(node.node?.restMemory).toBeGreaterThan(0);
    expect(node.unsampledNodes).toBe(0);
  });

  test("CSV and the command line say the same", async () => {
    const { platform } = journey;
    const asked = `app=${app.id}&from=${report.window.from}&to=${report.window.to}&step=10`;
    const csv = await platform.api(`/api/v1/usage?${asked}&format=csv`);
    expect(csv.headers.get("content-type")).toContain("text/csv");
    const lines = (await csv.text()).trim().split("\r\n");
    expect(lines[0]).toMatch(/^at,cpu_cores,/);
    const known = report.points.findLast((point) => point.cpu !== null);
    expect(lines).toContainEqual(expect.stringMatching(new RegExp(`^${known?.at},${known?.cpu},`)));
    const told = await platform.cli(["usage", "--app", `${journey.project}/busy`, "--json"]);
    expect(told.status).toBe(0);
    expect(JSON.parse(told.stdout)).toMatchObject({ of: { id: app.id }, apps: [{ app: app.id }] });
    const read = await platform.cli(["usage", "--project", journey.project]);
    expect(read.stdout).toMatch(/512\s?MiB allowed, at most [\d.]+\s?MiB used in \d+ minutes?\./);
    expect((await platform.cli(["usage", "--app", app.id, "--node", "x"])).status).toBe(2);
    expect((await platform.cli(["usage", "--app", "no-such-app"])).status).toBe(4);
  });

  test("by another team it is not there, and a machine is not shown to who does not look after it", async () => {
    const ask = (query: string) => fetch(`${journey.platform.up.dashboard}/api/v1/usage${query}`, { headers: { authorization: `Bearer ${token}` } });
    expect((await ask(`?app=${app.id}`)).status).toBe(404);
    expect((await ask(`?project=${journey.project}`)).status).toBe(404);
    const own = (await journey.platform.client.nodes.list.query()).items[0];
    expect((await ask(`?node=${own?.id}`)).status).toBe(403);
    expect(await (await ask("")).json()).toMatchObject({ apps: [], total: { cpu: 0 } });
  });
});

test("a restart of the application gives no figure that is negative or larger than the machine", async () => {
  const { client } = journey.platform;
  const begun = new Date().toISOString();
  await client.apps.restart.mutate({ app: app.id });
  const after = await eventually(
    async () => {
      const now = await client.usage.read.query({ app: app.id, from: begun, step: 10 });
      return now.points.filter((point) => point.cpu !== null).length >= 3 ? now : undefined;
    },
    60,
    1000,
  );
  for (const point of after.points) {
    expect(point.cpu ?? 0).toBeGreaterThanOrEqual(0);
    expect(point.cpu ?? 0).toBeLessThan(3);
    expect(point.received ?? 0).toBeLessThan(50 * MIB);
    expect(point.sent ?? 0).toBeGreaterThanOrEqual(0);
  }
});
