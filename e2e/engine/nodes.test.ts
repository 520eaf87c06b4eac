import { createHash, randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { engineRequest } from "../support/engine-api.mjs";
import { type FreshTeam, openFreshTeam } from "../support/fresh-team";
import { openPlatform, type Platform } from "../support/platform";

let platform: Platform;
let team: FreshTeam;
const stranger = `dkp_${randomBytes(32).toString("base64url")}`;
const label = `e2e-${randomBytes(3).toString("hex")}`;

/** The shared engine's one node: its labels are changed and put back, nothing else of it is. */
beforeAll(async () => {
  platform = openPlatform();
  team = await openFreshTeam(platform);
  await team.sql`
    insert into api_tokens (team_id, user_id, name, hash, scopes, created_at)
    select m.team_id, u.id, 'nodes', ${createHash("sha256").update(stranger).digest("hex")}, '{*}', now() from users u join memberships m on m.user_id = u.id
    where u.email = ${team.person.email}`;
});
afterAll(async () => {
  await platform.cli(["node", "label", (await own()).id, "--remove", label]);
  await team.close();
});

const own = async () => {
  const node = (await platform.client.nodes.list.query()).items.find((one) => one.isOwn);
  if (!node) throw new Error("the platform does not know its own node");
  return node;
};
const failureOf = (stderr: string) => (JSON.parse(stderr.trim().split("\n").at(-1) ?? "") as { error: { what: string; why?: string; fix?: string } }).error;

describe("the node that there is", () => {
  test("is listed as the engine describes it", async () => {
    const { json } = await engineRequest(platform.up.dockerHost, "GET", "/info");
    const listed = await platform.cli(["node", "list", "--json"]);
    expect(listed.status).toBe(0);
    expect((JSON.parse(listed.stdout) as { items: object[] }).items).toContainEqual(
      expect.objectContaining({
        id: json.Swarm.NodeID,
        name: json.Name,
        role: "manager",
        isOwn: true,
        state: "ready",
        cpus: json.NCPU,
        memory: json.MemTotal,
        engineVersion: json.ServerVersion,
      }),
    );
    expect((await platform.cli(["node", "list"])).stdout).toMatch(/NODE +STATE +ROLE/);
  });

  test("a change made by another program arrives by Swarm's event", async () => {
    const { id } = await own();
    // what the node reports of itself raises its version too: an update that came too late is tried again, as any client has to
    const update = async () => {
      const { json } = await engineRequest(platform.up.dockerHost, "GET", `/nodes/${id}`);
      const body = { ...json.Spec, Labels: { ...json.Spec.Labels, [label]: "by-hand" } };
      return (await engineRequest(platform.up.dockerHost, "POST", `/nodes/${id}/update?version=${json.Version.Index}`, { body })).status;
    };
    await expect.poll(update, { timeout: 5_000, interval: 50 }).toBe(200);
    await expect.poll(async () => (await own()).labels[label], { timeout: 8_000, interval: 50 }).toBe("by-hand");
  });

  test("builds images unless it is told not to, and has no agent: the platform itself is there", async () => {
    const { id, builds, agent } = await own();
    expect([builds, agent]).toEqual([true, null]);
    const off = await platform.cli(["node", "builds", id, "off", "--json"]);
    expect(JSON.parse(off.stdout)).toMatchObject({ id, builds: false, labels: { "dokploy.build": "false" } });
    expect(await platform.cli(["node", "builds", id, "on"])).toMatchObject({ status: 0, stdout: expect.stringContaining("builds images") });
    expect((await own()).builds).toBe(true);
    expect((await platform.cli(["node", "label", id, "--remove", "dokploy.build"])).status).toBe(0);
    expect((await own()).builds).toBe(true);
  });

  test("gets a label, keeps the others, and loses it", async () => {
    const { id, labels } = await own();
    const set = await platform.cli(["node", "label", id, `${label}=on`, "--json"]);
    expect(set).toMatchObject({ status: 0 });
    expect((JSON.parse(set.stdout) as { labels: object }).labels).toEqual({ ...labels, [label]: "on" });
    const rules = { app: "", settings: { placement: [`node.labels.${label}==on`] } };
    const project = `nodes-${randomBytes(3).toString("hex")}`;
    await platform.client.projects.create.mutate({ name: project });
    try {
      const app = await platform.client.apps.create.mutate({ name: "web", project, image: "127.0.0.1:9/nothing/here:1" });
      await platform.client.apps.update.mutate({ ...rules, app: app.id });
      expect((await platform.cli(["node", "label", id, "--remove", label])).status).toBe(0);
      expect((await own()).labels[label]).toBeUndefined();
      const refused = await platform.cli(["deploy", app.id, "--json"]);
      expect(refused.status).toBe(1);
      expect(failureOf(refused.stderr)).toMatchObject({
        what: `No node meets the placement rule node.labels.${label}==on.`,
        fix: expect.stringContaining(`dokploy node label NODE ${label}=on`),
      });
      expect((await platform.cli(["app", "set", app.id, "placement=", "max-per-node=1", "replicas=3"])).status).toBe(0);
      expect(failureOf((await platform.cli(["deploy", app.id, "--json"])).stderr).what).toBe("3 replicas of web have no place.");
      const hostile = await platform.cli(["app", "set", app.id, "placement=node.labels.a==b && node.role==manager"]);
      expect(hostile).toMatchObject({ status: 2, stderr: expect.stringContaining("node.labels.KEY==VALUE") });
    } finally {
      await platform.client.projects.delete.mutate({ project });
    }
  });
});

describe("what would leave nothing to run on is refused, and says why", () => {
  test.each([
    [["node", "drain"], 1, "only node that takes work"],
    [["node", "demote"], 1, "The platform speaks to the cluster through it"],
    [["node", "remove"], 1, "The platform itself runs on it"],
  ])("%j", async (words, status, said) => {
    const { id } = await own();
    const answer = await platform.cli([...words, id]);
    expect(answer).toMatchObject({ status, stderr: expect.stringContaining(said) });
    expect(await own()).toMatchObject({ availability: "active", role: "manager" });
  });

  test("a join token for a Swarm that only this machine reaches", async () => {
    const answer = await platform.cli(["node", "join-token", "--json"]);
    expect(answer.status).toBe(1);
    expect(failureOf(answer.stderr)).toMatchObject({
      what: expect.stringContaining("only this machine reaches"),
      fix: expect.stringContaining("docker swarm leave"),
    });
    expect((await platform.client.nodes.list.query()).joinProblem?.what).toBe(failureOf(answer.stderr).what);
  });
});

describe("exit statuses", () => {
  test.each([
    [["node", "drain", "no-such-node"], 4],
    [["node", "drain"], 2],
    [["node", "label", "x"], 2],
    [["node", "label", "x", "=y"], 2],
    [["node", "join-token", "--role", "boss"], 2],
    [["node", "builds", "x"], 2],
    [["node", "builds", "x", "perhaps"], 2],
    [["node", "builds", "no-such-node", "on"], 4],
    [["node", "frobnicate"], 2],
  ])("%j: %i", async (words, status) => {
    expect((await platform.cli(words)).status).toBe(status);
  });

  test("a label's key that could be more than a key: 2", async () => {
    expect(await platform.cli(["node", "label", (await own()).id, "a,b=c"])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("lower-case letters"),
    });
  });
});

describe("the owner of another team", () => {
  test("is refused by each procedure, with 403, before anything is looked up", async () => {
    const { paths } = (await (await platform.api("/api/v1/openapi.json")).json()) as { paths: Record<string, Record<string, unknown>> };
    const answers: Record<string, number> = {};
    for (const [path, methods] of Object.entries(paths).filter(([path]) => path.startsWith("/api/v1/nodes")))
      for (const method of Object.keys(methods)) {
        const init = { method: method.toUpperCase(), headers: { authorization: `Bearer ${stranger}`, "content-type": "application/json" } };
        const body = method === "get" ? {} : { body: JSON.stringify({ role: "worker", set: {}, builds: true }) };
        const answer = await fetch(`${platform.up.dashboard}${path.replace("{node}", (await own()).id)}`, { ...init, ...body });
        answers[`${method} ${path}`] = answer.status;
      }
    expect(Object.keys(answers)).toHaveLength(8);
    expect(Object.values(answers).every((status) => status === 403)).toBe(true);
    expect(await platform.cli(["node", "list"], { env: { DOKPLOY_TOKEN: stranger } })).toMatchObject({ status: 3 });
  });
});
