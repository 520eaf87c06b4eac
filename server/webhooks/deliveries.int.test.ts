import { createHmac } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openTestServices, type TestServices } from "../../e2e/support/test-services";
import { createReceiver } from "./receive";

let t: TestServices;
let receive: ReturnType<typeof createReceiver>;
beforeAll(async () => {
  t = await openTestServices();
  receive = createReceiver(t.web);
});
afterAll(() => t.close());

const push = (changes: object = {}) => JSON.stringify({ ref: "refs/heads/main", after: "1".repeat(40), head_commit: { message: "Change" }, ...changes });

async function newApp() {
  const team = await t.newTeam();
  await team.caller.projects.create({ name: "shop" });
  const app = await team.caller.apps.create({ name: "api", project: "shop", git: "https://git.example.com/a.git" });
  const send = (text: string, headers: Record<string, string> = {}, provider: "github" | "generic" = "github") => {
    const body = Buffer.from(text);
    const signature = `sha256=${createHmac("sha256", app.webhook.secret ?? "")
      .update(body)
      .digest("hex")}`;
    return receive({
      provider,
      appId: app.id,
      body,
      receivedAt: t.web.clock(),
      headers: { "x-hub-signature-256": signature, "x-github-event": "push", "x-github-delivery": crypto.randomUUID(), ...headers },
    });
  };
  const list = async () => (await team.caller.webhooks.deliveries({ app: app.id })).items;
  return { ...team, app, send, list };
}

describe("the list", () => {
  test("says for each what came, what was answered, and why or what was deployed", async () => {
    const { send, list } = await newApp();
    await send(push());
    await send(push({ ref: "refs/heads/dev" }));
    await send("{nonsense");
    const items = await list();
    expect(items.map((one) => [one.provider, one.event, one.status, one.reason, one.deploymentNumber])).toEqual([
      ["github", "push", 400, "The body is not JSON.", null],
      ["github", "push", 200, "ignored: other branch: dev", null],
      ["github", "push", 202, null, 1],
    ]);
    expect(items.every((one) => !("body" in one))).toBe(true);
  });

  test("goes on from page to page without a gap", async () => {
    const { send, list, caller, app } = await newApp();
    for (const branch of ["a", "b", "c"]) await send(push({ ref: `refs/heads/${branch}` }));
    const first = await caller.webhooks.deliveries({ app: app.id, limit: 2 });
    const second = await caller.webhooks.deliveries({ app: app.id, limit: 2, cursor: first.nextCursor ?? "" });
    expect([...first.items, ...second.items].map((one) => one.id)).toEqual((await list()).map((one) => one.id));
    expect(second.nextCursor).toBeNull();
  });
});

describe("a delivery", () => {
  test("shows its body, a form's as the JSON in it", async () => {
    const { send, list, caller, app } = await newApp();
    await send(new URLSearchParams({ payload: push() }).toString(), { "content-type": "application/x-www-form-urlencoded" });
    const [only] = await list();
    expect(await caller.webhooks.delivery({ app: app.id, delivery: only?.id ?? "" })).toMatchObject({ status: 202, body: push() });
  });

  test("of another team or of another application is not there", async () => {
    const mine = await newApp();
    const other = await newApp();
    await mine.send(push());
    const delivery = (await mine.list())[0]?.id ?? "";
    for (const ask of [other.caller.webhooks.delivery, other.caller.webhooks.redeliver])
      for (const app of [mine.app.id, other.app.id]) await expect(ask({ app, delivery })).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(await mine.list()).toHaveLength(1);
  });
});

describe("redelivering", () => {
  test("answers anew with today's settings and is a delivery of its own", async () => {
    const { send, list, caller, app, identity } = await newApp();
    await caller.apps.update({ app: app.id, settings: { branch: "release" } });
    const pushedAt = Math.floor(Date.now() / 1000) - 3600;
    await send(push({ repository: { pushed_at: pushedAt } }));
    const [ignored] = await list();
    expect(ignored?.reason).toBe("ignored: other branch: main");

    await caller.apps.update({ app: app.id, settings: { branch: "main" } });
    const again = await caller.webhooks.redeliver({ app: app.id, delivery: ignored?.id ?? "" });
    expect(again).toMatchObject({ provider: "github", event: "push", status: 202, reason: null, deploymentNumber: 1 });
    expect((await list()).map((one) => one.status)).toEqual([202, 200]);

    const run = await caller.deployments.read({ deployment: again.deployment ?? "" });
    expect(run).toMatchObject({ trigger: "webhook", actor: identity.actor.email });
    expect(run.spans.map((span) => span.step)).toEqual(["validate"]);
    expect((await caller.webhooks.delivery({ app: app.id, delivery: again.id })).body).toContain("refs/heads/main");
  });

  test("takes the generic form as well", async () => {
    const { send, list, caller, app } = await newApp();
    await send("anything", {}, "generic");
    const again = await caller.webhooks.redeliver({ app: app.id, delivery: (await list())[0]?.id ?? "" });
    expect(again).toMatchObject({ provider: "generic", status: 202, deploymentNumber: 2 });
  });

  test("without a stored body is refused, and says what to do", async () => {
    const { send, list, caller, app } = await newApp();
    await send(push({ padding: "x".repeat(300_000) }));
    const delivery = (await list())[0]?.id ?? "";
    expect((await caller.webhooks.delivery({ app: app.id, delivery })).body).toBeNull();
    await expect(caller.webhooks.redeliver({ app: app.id, delivery })).rejects.toMatchObject({
      code: "CONFLICT",
      cause: { explanation: { why: expect.stringContaining("256 KiB"), fix: expect.stringContaining("Redeliver it from the Git host") } },
    });
    expect(await list()).toHaveLength(1);
  });
});
