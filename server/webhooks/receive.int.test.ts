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

const sha = "1".repeat(40);
const push = (changes: object = {}) => ({
  ref: "refs/heads/main",
  before: "0".repeat(40),
  after: sha,
  commits: [],
  head_commit: { message: "Change" },
  ...changes,
});

async function newApp(settings: { autoDeploy?: boolean; watchPaths?: string[] } = {}) {
  const team = await t.newTeam();
  await team.caller.projects.create({ name: "shop" });
  const app = await team.caller.apps.create({ name: "api", project: "shop", git: "https://git.example.com/a.git", ...settings });
  const send = (payload: unknown, headers: Record<string, string> = {}, provider: "github" | "generic" = "github", secret = app.webhook.secret ?? "") => {
    const body = Buffer.from(typeof payload === "string" ? payload : JSON.stringify(payload));
    const signature = `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;
    return receive({
      provider,
      appId: app.id,
      body,
      receivedAt: t.web.clock(),
      headers: { "x-hub-signature-256": signature, "x-github-event": "push", "x-github-delivery": crypto.randomUUID(), ...headers },
    });
  };
  return { ...team, app, send };
}

describe("a signed push", () => {
  test("is deployed, with empty commits and a zero before too", async () => {
    const { send, caller } = await newApp();
    const answer = await send(push());
    expect(answer).toMatchObject({ status: 202, body: { deployment: expect.any(String) } });
    expect(await caller.deployments.read({ deployment: String(answer.body.deployment) })).toMatchObject({ trigger: "webhook", kind: "code", status: "queued" });
  });

  test("records the wait between the push and its arrival", async () => {
    const { send, caller } = await newApp();
    const pushedAt = Math.floor(Date.now() / 1000) - 3;
    const answer = await send(push({ repository: { pushed_at: pushedAt } }));
    const { spans } = await caller.deployments.read({ deployment: String(answer.body.deployment) });
    expect(spans.map((span) => [span.step, span.class])).toEqual([
      ["webhook", "wait"],
      ["validate", "va"],
    ]);
    expect(spans[0]?.startedAt).toBe(new Date(pushedAt * 1000).toISOString().replace(".000Z", ".000000Z"));
  });

  test("that is delivered twice answers twice the same and deploys once", async () => {
    const { send, caller, app } = await newApp();
    const delivery = { "x-github-delivery": "7f0c" };
    const answers = [await send(push(), delivery), await send(push(), delivery)];
    expect(answers[1]).toEqual(answers[0]);
    expect((await caller.deployments.list({ app: app.id })).items).toHaveLength(1);
  });
});

describe("what is ignored says why", () => {
  test.each([
    ["another branch", push({ ref: "refs/heads/dev" }), {}, "other branch: dev"],
    ["a tag", push({ ref: "refs/tags/v1" }), {}, "not a branch"],
    ["a deleted branch", push({ deleted: true, after: "0".repeat(40) }), {}, "branch deleted"],
    ["a wish to skip", push({ head_commit: { message: "docs [skip ci]" } }), {}, "[skip ci]"],
    ["a ping", { zen: "x" }, { "x-github-event": "ping" }, "ping"],
  ])("%s", async (_name, payload, headers, reason) => {
    const { send } = await newApp();
    expect(await send(payload, headers)).toEqual({ status: 200, body: { ignored: reason } });
  });

  test("an application whose automatic deployment is off", async () => {
    const { send } = await newApp({ autoDeploy: false });
    expect((await send(push())).body).toEqual({ ignored: "auto-deploy is off" });
  });
});

describe("what is refused", () => {
  test("a wrong signature and an unknown application look alike", async () => {
    const { send } = await newApp();
    const wrong = await send(push(), {}, "github", "0".repeat(64));
    const unknown = await receive({ provider: "github", appId: crypto.randomUUID(), headers: {}, body: Buffer.from("{}"), receivedAt: 0 });
    const nonsense = await receive({ provider: "github", appId: "../../x", headers: {}, body: Buffer.from("{}"), receivedAt: 0 });
    expect(wrong.status).toBe(401);
    expect(unknown).toEqual(wrong);
    expect(nonsense).toEqual(wrong);
  });

  test("a body that is not JSON", async () => {
    const { send } = await newApp();
    expect(await send("{nonsense")).toMatchObject({ status: 400 });
  });
});

test("the generic form deploys the tracked branch whatever the body, each time", async () => {
  const { send, caller, app } = await newApp();
  expect((await send("anything", {}, "generic")).status).toBe(202);
  expect((await send("anything", {}, "generic")).status).toBe(202);
  expect((await caller.deployments.list({ app: app.id })).items.map((one) => one.status)).toEqual(["queued", "superseded"]);
});

test("forty at once, one of them unsigned, one twice, one for another branch: each is answered for itself, and one deployment waits", async () => {
  const { send, caller, app } = await newApp();
  const pushes = Array.from({ length: 40 }, (_, n) => send(push({ after: String(n).padStart(40, "a") }), { "x-github-delivery": `d${n}` }));
  const [twice, unsigned, elsewhere] = await Promise.all([
    send(push({ after: "0".padStart(40, "a") }), { "x-github-delivery": "d0" }),
    send(push(), {}, "github", "0".repeat(64)),
    send(push({ ref: "refs/heads/dev" })),
    ...pushes,
  ]);
  const answers = await Promise.all(pushes);
  expect(answers.map((answer) => answer.status)).toEqual(Array(40).fill(202));
  expect(new Set(answers.map((answer) => answer.body.deployment)).size).toBe(40);
  expect(twice).toEqual(answers[0]);
  expect(unsigned?.status).toBe(401);
  expect(elsewhere).toEqual({ status: 200, body: { ignored: "other branch: dev" } });

  const { items } = await caller.deployments.list({ app: app.id, limit: 100 });
  expect(items.map((one) => one.number).sort((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, n) => n + 1));
  expect(items.filter((one) => one.status === "queued").map((one) => one.number)).toEqual([40]);
  expect(items.filter((one) => one.status === "superseded")).toHaveLength(39);
  for (const one of items.filter(({ status }) => status === "superseded")) {
    expect(one.reason?.what).toMatch(/^Deployment #\d+ overtook/);
    const { spans, totals } = await caller.deployments.read({ deployment: one.id });
    expect(spans.map((span) => [span.step, span.outcome])).toEqual([
      ["validate", "ok"],
      ["queue", "cancelled"],
    ]);
    expect(totals.va + totals.nnva + totals.wait).toBeCloseTo(totals.lead, 6);
  }
  expect((await caller.webhooks.deliveries({ app: app.id, limit: 100 })).items).toHaveLength(41);
});

test("a push that changes nothing of the watched paths is ignored; one that may is deployed", async () => {
  const { send, caller, app } = await newApp({ watchPaths: ["apps/api", "package.json"] });
  const changing = (...files: string[]) => push({ before: "2".repeat(40), commits: [{ added: [], modified: files, removed: [] }] });
  expect(await send(changing("apps/web/a.ts", "apps/api-docs/b.md"))).toMatchObject({ status: 200, body: { ignored: "path filter" } });
  expect((await send(changing("apps/web/a.ts", "apps/api/b.ts"))).status).toBe(202);
  expect((await send({ ...changing("apps/web/a.ts"), before: "0".repeat(40) })).status).toBe(202);
  expect((await send(push())).status).toBe(202);
  expect((await caller.apps.update({ app: app.id, settings: { watchPaths: [] } })).settings.watchPaths).toEqual([]);
  expect((await send(changing("apps/web/a.ts"))).status).toBe(202);
  await expect(caller.apps.update({ app: app.id, settings: { watchPaths: ["../other"] } })).rejects.toThrow();
});
