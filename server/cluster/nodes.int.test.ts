import { eq } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { auditEvents, nodes, operations, workers } from "../../db/schema";
import { openTestServices, type TestServices } from "../../e2e/support/test-services";
import { leaveAnswer, type OperationRow } from "../operations/service";

type Person = Awaited<ReturnType<TestServices["newTeam"]>>;
let services: TestServices;
let admin: Person;
let owner: Person;

const node = (id: string, more: object = {}) => ({
  id,
  hostname: `host-${id}`,
  role: "worker" as const,
  availability: "active" as const,
  state: "ready" as const,
  address: "10.0.0.2",
  joinedAt: 0,
  ...more,
});
beforeAll(async () => {
  services = await openTestServices();
  admin = await services.newTeam("operators", { isAdmin: true });
  owner = await services.newTeam("customers");
  const own = node("n1", { isOwn: true, role: "manager", managerAddress: "10.0.0.1:2377" });
  await services.worker.db.insert(nodes).values([own, node("n2"), node("n3", { hostname: "twin" }), node("n4", { hostname: "twin" })]);
  await services.worker.db.insert(workers).values({ id: "w", reportedAt: services.worker.clock(), startedAt: 0, nodeCount: 4, registry: "10.0.0.1:5000" });
});
afterAll(() => services.close());

/** What a worker does with the operation that comes next, here without an engine. */
async function nextOperation(act: (row: OperationRow) => Promise<Partial<OperationRow>>): Promise<OperationRow> {
  for (;;) {
    const [row] = await services.worker.db.select().from(operations).where(eq(operations.status, "queued")).limit(1);
    if (row) {
      const ended = await act(row);
      await services.worker.db
        .update(operations)
        .set({ status: "succeeded", finishedAt: services.worker.clock(), ...ended })
        .where(eq(operations.id, row.id));
      return row;
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
const succeed = () => nextOperation(async () => ({}));

describe("who may", () => {
  const calls = (caller: Person["caller"]): [string, () => Promise<unknown>][] => [
    ["list", () => caller.nodes.list()],
    ["joinToken", () => caller.nodes.joinToken({})],
    ["setLabels", () => caller.nodes.setLabels({ node: "n1", set: { a: "b" } })],
    ["setRole", () => caller.nodes.setRole({ node: "n1", role: "worker" })],
    ["drain", () => caller.nodes.drain({ node: "n1" })],
    ["activate", () => caller.nodes.activate({ node: "n1" })],
    ["remove", () => caller.nodes.remove({ node: "n1" })],
    ["remove what is not there", () => caller.nodes.remove({ node: "nothing" })],
  ];
  test("the owner of another team is refused, whether the node is there or not, and nothing is stored", async () => {
    for (const [name, call] of calls(owner.caller)) await expect(call(), name).rejects.toMatchObject({ code: "FORBIDDEN" });
    expect(await services.worker.db.select().from(operations)).toEqual([]);
  });
  test("an administrator's token without the scope admin is refused", async () => {
    const { createCaller } = await import("../router");
    const identity = { ...admin.identity, actor: { ...admin.identity.actor, via: "token" as const, scopes: ["write"] } };
    const caller = createCaller({ services: services.web, identity, address: "127.0.0.1", isSecure: false, setCookie: () => {} });
    for (const [name, call] of calls(caller)) await expect(call(), name).rejects.toMatchObject({ code: "FORBIDDEN" });
  });
});

describe("an administrator", () => {
  test("sees the nodes, and that others can join", async () => {
    const list = await admin.caller.nodes.list();
    expect(list.items.map((one) => one.id).sort()).toEqual(["n1", "n2", "n3", "n4"]);
    expect(list.joinProblem).toBeNull();
  });

  test("names a node by id or host name; one of two by its id", async () => {
    await expect(admin.caller.nodes.activate({ node: "nothing" })).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(admin.caller.nodes.activate({ node: "twin" })).rejects.toMatchObject({ code: "CONFLICT", cause: { explanation: { fix: "Give the id." } } });
    const [answer, row] = await Promise.all([admin.caller.nodes.activate({ node: "host-n2" }), succeed()]);
    expect(answer).toMatchObject({ id: "n2" });
    expect(row).toMatchObject({ kind: "node-activate", nodeId: "n2", appId: null, input: { before: "active" } });
  });

  test("a second wish for a node that is busy is refused; what failed is shown with its fix", async () => {
    const drained = await admin.caller.nodes.drain({ node: "n2", wait: false });
    expect(drained.work).toMatchObject({ kind: "drain", status: "queued" });
    await expect(admin.caller.nodes.activate({ node: "n2" })).rejects.toMatchObject({ code: "CONFLICT" });
    const error = { code: "conflict", what: "web could not be moved.", fix: "Look at its log." };
    await nextOperation(async () => ({ status: "failed", error }));
    expect((await admin.caller.nodes.list()).items.find((one) => one.id === "n2")?.work).toMatchObject({ kind: "drain", status: "failed", error });
  });

  test("labels that no placement rule could name are refused", async () => {
    const wrong: Record<string, string>[] = [{ "Big Key": "x" }, { a: "" }, { a: "b c" }, { a: "$(id)" }, { "a=b": "c" }, { a: "b,c" }, { "{{x}}": "y" }];
    for (const set of wrong)
      await expect(admin.caller.nodes.setLabels({ node: "n2", set }), JSON.stringify(set)).rejects.toMatchObject({ code: "BAD_REQUEST" });
  });

  test("gets the join token once; no row of any table holds it", async () => {
    const secret = "SWMTKN-1-secret-word";
    const [joined] = await Promise.all([
      admin.caller.nodes.joinToken({ role: "manager", rotate: true }),
      nextOperation(async (row) => {
        await leaveAnswer(admin.ctx, row.id, JSON.stringify({ token: secret, address: "10.0.0.1:2377", command: `docker swarm join --token ${secret}` }));
        return {};
      }),
    ]);
    expect(joined).toMatchObject({ role: "manager", token: secret });
    const keys = await services.web.redis.keys(`${services.web.env.DOKPLOY_HOME_ID}*answer*`);
    expect(keys).toEqual([]);
    const tables = await services.worker.sql<
      { name: string }[]
    >`select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'`;
    for (const { name } of tables)
      expect(JSON.stringify(await services.worker.sql`select * from ${services.worker.sql(name)}`), name).not.toContain("secret-word");
  });

  test("a token that did not arrive is asked for again", async () => {
    const asked = expect(admin.caller.nodes.joinToken({})).rejects.toMatchObject({
      cause: { explanation: { what: "The token did not arrive.", fix: "Ask again." } },
    });
    await Promise.all([asked, succeed()]);
  });

  test("each wish is in the audit, by whom and on which node", async () => {
    const events = await services.worker.db.select().from(auditEvents).where(eq(auditEvents.teamId, admin.identity.team.teamId));
    expect(events.map((one) => one.event)).toEqual(expect.arrayContaining(["node.activate", "node.drain", "node.join-token"]));
    expect(events.find((one) => one.event === "node.drain")).toMatchObject({ actor: admin.identity.actor.email, detail: { name: "host-n2", node: "n2" } });
  });
});

describe("the answer to an operation", () => {
  test("is sealed, and opens for its team and operation only", async () => {
    await leaveAnswer(admin.ctx, "o1", "secret-word");
    const key = `${services.web.env.DOKPLOY_HOME_ID}:answer:o1`;
    const sealed = (await services.web.redis.get(key)) ?? "";
    expect(sealed).not.toContain("secret-word");
    expect(await services.web.redis.ttl(key)).toBeLessThanOrEqual(60);
    expect(() => owner.ctx.key.open(sealed, "operation:o1")).toThrow();
    expect(() => admin.ctx.key.open(sealed, "operation:o2")).toThrow();
  });
});
