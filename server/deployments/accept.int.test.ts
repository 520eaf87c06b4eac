import { eq } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { apps, deployments, releases } from "../../db/schema";
import { openTestServices, type TestServices } from "../../e2e/support/test-services";

let t: TestServices;
beforeAll(async () => {
  t = await openTestServices();
});
afterAll(() => t.close());

async function newApp() {
  const team = await t.newTeam();
  await team.caller.projects.create({ name: "shop" });
  const app = await team.caller.apps.create({ name: "api", project: "shop", git: "https://git.example.com/a.git" });
  return { ...team, app };
}
const statuses = async ({ caller, app }: Awaited<ReturnType<typeof newApp>>) =>
  (await caller.deployments.list({ app: app.id })).items.map((one) => `${one.number} ${one.kind} ${one.status}`);

describe("latest wins", () => {
  test("a waiting deployment of the same branch is superseded, one of another ref is not", async () => {
    const one = await newApp();
    await one.caller.deployments.create({ app: one.app.id });
    await one.caller.deployments.create({ app: one.app.id, commit: "abcdef1" });
    await one.caller.deployments.create({ app: one.app.id });
    expect(await statuses(one)).toEqual(["3 code queued", "2 code queued", "1 code superseded"]);
  });

  test("twenty at once leave one waiting and number all of them", async () => {
    const one = await newApp();
    await Promise.all(Array.from({ length: 20 }, () => one.caller.deployments.create({ app: one.app.id })));
    const all = (await one.caller.deployments.list({ app: one.app.id })).items;
    expect(all.map((item) => item.number).sort((a, b) => b - a)).toEqual(Array.from({ length: 20 }, (_, index) => 20 - index));
    expect(all.filter((item) => item.status === "queued").map((item) => item.number)).toEqual([20]);
  });

  test("a superseded deployment says by which, and its wait is in the ledger", async () => {
    const one = await newApp();
    const first = await one.caller.deployments.create({ app: one.app.id });
    await one.caller.deployments.create({ app: one.app.id });
    const read = await one.caller.deployments.read({ deployment: first.id });
    expect(read).toMatchObject({ status: "superseded", outcome: "superseded", reason: { what: expect.stringContaining("#2") } });
    expect(read.spans.map((span) => span.step)).toEqual(["validate", "queue"]);
    expect(read.totals.va + read.totals.nnva + read.totals.wait).toBeCloseTo(read.totals.lead, 9);
  });
});

describe("configuration", () => {
  async function liveApp() {
    const one = await newApp();
    const release = await one.ctx.team.insert(releases, {
      appId: one.app.id,
      number: 1,
      deploymentId: crypto.randomUUID(),
      imageId: "sha256:1",
      config: "",
      createdAt: 1,
    });
    await one.ctx.team.update(apps, { releaseId: release?.id ?? null, activeSlot: "a" }, eq(apps.id, one.app.id));
    return one;
  }

  test("several changes before a deployment starts are one deployment", async () => {
    const one = await liveApp();
    const first = await one.caller.apps.changeVariables({ app: one.app.id, set: [{ key: "A", value: "1" }] });
    const second = await one.caller.apps.changeVariables({ app: one.app.id, set: [{ key: "B", value: "2", secret: true }], unset: ["A"] });
    expect(second.deployment?.id).toBe(first.deployment?.id);
    expect(await statuses(one)).toEqual(["1 config queued"]);
  });

  test("it joins code that waits, and code that comes later takes it along", async () => {
    const one = await liveApp();
    const code = await one.caller.deployments.create({ app: one.app.id });
    const changed = await one.caller.apps.changeVariables({ app: one.app.id, set: [{ key: "A", value: "1" }] });
    expect(changed.deployment?.id).toBe(code.id);
    const other = await liveApp();
    await other.caller.apps.changeVariables({ app: other.app.id, set: [{ key: "A", value: "1" }] });
    await other.caller.deployments.create({ app: other.app.id });
    expect(await statuses(other)).toEqual(["2 code queued", "1 config superseded"]);
  });

  test("a value that is set again as it was deploys nothing; a secret is never answered unasked", async () => {
    const one = await liveApp();
    await one.caller.apps.changeVariables({ app: one.app.id, set: [{ key: "TOKEN", value: "s3cret", secret: true }], deploy: false });
    const again = await one.caller.apps.changeVariables({ app: one.app.id, set: [{ key: "TOKEN", value: "s3cret" }] });
    expect(again.deployment).toBeNull();
    expect(JSON.stringify(again)).not.toContain("s3cret");
    expect((await one.caller.apps.variables({ app: one.app.id, reveal: true })).items).toMatchObject([{ key: "TOKEN", value: "s3cret", secret: true }]);
  });

  test("a key of the platform's own is refused", async () => {
    const one = await newApp();
    await expect(one.caller.apps.changeVariables({ app: one.app.id, set: [{ key: "DOKPLOY_COMMIT", value: "x" }] })).rejects.toMatchObject({
      code: "BAD_REQUEST",
    });
  });
});

describe("cancel and roll back", () => {
  test("a waiting deployment is cancelled at once; one that ended cannot be", async () => {
    const one = await newApp();
    const waiting = await one.caller.deployments.create({ app: one.app.id });
    expect(await one.caller.deployments.cancel({ deployment: waiting.id })).toMatchObject({ status: "cancelled", outcome: "cancelled" });
    await expect(one.caller.deployments.cancel({ deployment: waiting.id })).rejects.toMatchObject({ code: "CONFLICT" });
  });

  test("a rollback marks the first release that went live after the restored one, and asks the running deployment to end", async () => {
    const one = await newApp();
    const live = async (number: number, liveAt: number) => {
      const release = await one.ctx.team.insert(releases, {
        appId: one.app.id,
        number,
        deploymentId: crypto.randomUUID(),
        imageId: `sha256:${number}`,
        config: "",
        createdAt: liveAt,
      });
      const row = await one.ctx.team.insert(deployments, {
        projectId: one.app.projectId,
        environmentId: one.app.environmentId,
        appId: one.app.id,
        number: 100 + number,
        kind: "code",
        trigger: "api",
        strategy: "blue-green",
        status: "succeeded",
        actor: "x",
        createdAt: liveAt,
        acceptedAt: liveAt,
        liveAt,
        releaseId: release?.id ?? null,
        release: number,
      });
      return { release, row };
    };
    const [, second, third] = [await live(1, 10), await live(2, 20), await live(3, 30)];
    await one.ctx.team.update(apps, { releaseId: third?.release?.id ?? null, activeSlot: "a" }, eq(apps.id, one.app.id));
    const running = await one.caller.deployments.create({ app: one.app.id });
    await one.ctx.team.update(deployments, { status: "running" }, eq(deployments.id, running.id));

    const back = await one.caller.deployments.rollback({ app: one.app.id, to: 1 });
    expect(back).toMatchObject({ kind: "rollback", status: "queued", remediates: second?.row?.id });
    expect((await one.ctx.team.first(deployments, eq(deployments.id, running.id)))?.cancelRequestedAt).not.toBeNull();
  });

  test("without an earlier release there is nothing to go back to", async () => {
    const one = await newApp();
    await expect(one.caller.deployments.rollback({ app: one.app.id })).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});
