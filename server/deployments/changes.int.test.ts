import { eq } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { apps, commits, deployments, releases } from "../../db/schema";
import { openTestServices, type TestServices } from "../../e2e/support/test-services";

let t: TestServices;
beforeAll(async () => {
  t = await openTestServices();
});
afterAll(() => t.close());

type NewDeployment = Partial<typeof deployments.$inferInsert>;
const SECOND = 1_000_000;
const sha = (n: number) => n.toString(16).padStart(40, "0");

async function newApp() {
  const team = await t.newTeam();
  await team.caller.projects.create({ name: "shop" });
  const app = await team.caller.apps.create({ name: "api", project: "shop", git: "https://git.example.com/a.git" });
  let number = 0;

  const deployment = async (fields: NewDeployment) => {
    const at = ++number * 100 * SECOND;
    const row = await team.ctx.team.insert(deployments, {
      projectId: app.projectId,
      environmentId: app.environmentId,
      appId: app.id,
      number,
      kind: "code",
      trigger: "api",
      strategy: "blue-green",
      status: "succeeded",
      actor: "x",
      createdAt: at,
      acceptedAt: at,
      startedAt: at,
      finishedAt: at + 20 * SECOND,
      ...fields,
    });
    if (!row) throw new Error("not inserted");
    return row;
  };
  /** A deployment that went live as the next release. */
  const live = async (fields: NewDeployment & { bytes?: number; prunedAt?: number } = {}) => {
    const { bytes = 0, prunedAt, ...rest } = fields;
    const release = await team.ctx.team.insert(releases, {
      appId: app.id,
      number: number + 1,
      deploymentId: crypto.randomUUID(),
      imageId: `sha256:${number}`,
      imageBytes: bytes,
      commitSha: rest.commitSha ?? null,
      config: "",
      createdAt: 1,
      liveAt: 1,
      prunedAt: prunedAt ?? null,
    });
    const releaseId = release?.id ?? null;
    const row = await deployment({ liveAt: (number + 1) * 100 * SECOND + 10 * SECOND, releaseId, release: number + 1, ...rest });
    await team.ctx.team.update(apps, { releaseId, activeSlot: "a" }, eq(apps.id, app.id));
    return row;
  };
  const changes = (id: string) => team.caller.deployments.changes({ deployment: id });
  const offers = (id: string) => team.caller.deployments.offers({ deployment: id });
  return { ...team, app, deployment, live, changes, offers };
}

describe("what changed", () => {
  test("the first release has nothing before it", async () => {
    const one = await newApp();
    const first = await one.live({ bytes: 100 });
    expect(await one.changes(first.id)).toEqual({
      before: null,
      commits: { total: 0, items: [] },
      runs: null,
      config: null,
      imageBytes: { now: 100, before: null },
    });
  });

  test("the release before is the one that was live when it began and had stayed, not the newest by number", async () => {
    const one = await newApp();
    const first = await one.live({ bytes: 100 });
    await one.live({ status: "failed", failed: true });
    await one.deployment({ status: "failed" });
    const fourth = await one.live({ bytes: 130 });
    const later = await one.live();
    const { before, imageBytes } = await one.changes(fourth.id);
    expect(before).toMatchObject({ id: first.id, number: 1, release: 1 });
    expect(imageBytes).toEqual({ now: 130, before: 100 });
    expect((await one.changes(later.id)).before?.id).toBe(fourth.id);
  });

  test("commits come in the order of the set, with merges marked; one that nobody stored is told by its name alone", async () => {
    const one = await newApp();
    const row = await one.live({ commits: [sha(3), sha(2), sha(1)], commitSha: sha(3) });
    const fact = { appId: one.app.id, author: "dev", authoredAt: 5 * SECOND, parents: [] };
    await one.ctx.team.insertMany(commits, [
      { ...fact, sha: sha(1), message: "<b>one</b>\n\nbody", merge: false },
      { ...fact, sha: sha(3), message: "three", merge: true },
    ]);
    const { commits: set } = await one.changes(row.id);
    expect(set.total).toBe(3);
    expect(set.items.map((item) => [item.sha, item.subject, item.isMerge])).toEqual([
      [sha(3), "three", true],
      [sha(2), null, false],
      [sha(1), "<b>one</b>", false],
    ]);
    expect(set.items[0]?.authoredAt).toBe("1970-01-01T00:00:05.000000Z");
  });

  test("of a long set the newest 500 are answered and all are counted", async () => {
    const one = await newApp();
    const set = Array.from({ length: 700 }, (_, index) => sha(700 - index));
    const row = await one.live({ commits: set, commitSha: sha(700) });
    await one.ctx.team.insertMany(
      commits,
      set.map((name) => ({ appId: one.app.id, sha: name, message: "x".repeat(1000), author: "dev", authoredAt: 1, merge: false, parents: [] })),
    );
    const answer = await one.changes(row.id);
    expect([answer.commits.total, answer.commits.items.length]).toEqual([700, 500]);
    expect(answer.commits.items.at(0)?.sha).toBe(sha(700));
    expect(answer.commits.items.every((item) => item.subject?.length === 200)).toBe(true);
  });

  test("a rollback says which commit runs again; configuration is told by names", async () => {
    const one = await newApp();
    const first = await one.live({ commitSha: sha(1), commitMessage: "one", commits: [sha(1)] });
    await one.live({ commitSha: sha(2), commitMessage: "two", commits: [sha(2)] });
    const config = { added: ["A"], removed: ["B"], changed: ["settings.replicas"] };
    const back = await one.live({ kind: "rollback", releaseId: first.releaseId, release: 1, configChanges: config });
    const answer = await one.changes(back.id);
    expect(answer.runs).toMatchObject({ sha: sha(1) });
    expect(answer.commits.total).toBe(0);
    expect(answer.config).toEqual(config);
    expect(answer.before?.commit).toBe(sha(2));
  });

  test("an image that was built and never released has its size", async () => {
    const one = await newApp();
    await one.live({ bytes: 40 });
    const failed = await one.deployment({ status: "failed", results: { build: { imageId: "sha256:x", sizeBytes: 77 } } });
    expect((await one.changes(failed.id)).imageBytes).toEqual({ now: 77, before: 40 });
  });

  test("another team is answered nothing, neither of commits that have the same application and name", async () => {
    const [one, other] = [await newApp(), await newApp()];
    const row = await one.live({ commits: [sha(9)] });
    await other.ctx.team.insertMany(commits, [{ appId: one.app.id, sha: sha(9), message: "theirs", author: "x", authoredAt: 1, merge: false, parents: [] }]);
    expect((await one.changes(row.id)).commits.items).toMatchObject([{ sha: sha(9), subject: null }]);
    await expect(other.changes(row.id)).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(other.offers(row.id)).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(other.caller.deployments.retry({ deployment: row.id })).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});

describe("what can be done", () => {
  const nothing = { isLive: false, cancel: false, retry: false, rollBackTo: null };

  test("cancel: until it was asked for or traffic has moved", async () => {
    const one = await newApp();
    const queued = await one.deployment({ status: "queued", startedAt: null, finishedAt: null });
    expect(await one.offers(queued.id)).toEqual({ ...nothing, cancel: true });
    const running = await one.deployment({ status: "running", finishedAt: null });
    expect(await one.offers(running.id)).toEqual({ ...nothing, cancel: true });
    await one.caller.deployments.cancel({ deployment: running.id });
    expect(await one.offers(running.id)).toEqual(nothing);
    expect((await one.caller.deployments.read({ deployment: running.id })).cancelRequestedAt).not.toBeNull();
  });

  test("cancel comes too late once traffic has moved", async () => {
    const one = await newApp();
    const verifying = await one.deployment({ status: "running", finishedAt: null, liveAt: 5 });
    expect(await one.offers(verifying.id)).toEqual(nothing);
    await expect(one.caller.deployments.cancel({ deployment: verifying.id })).rejects.toMatchObject({ code: "CONFLICT" });
  });

  test("roll back: from the live one to the one that was live before and stayed; from an earlier one to itself", async () => {
    const one = await newApp();
    const first = await one.live();
    expect(await one.offers(first.id)).toEqual({ ...nothing, isLive: true });
    const pruned = await one.live({ prunedAt: 7 });
    await one.live({ status: "failed", failed: true });
    const failed = await one.deployment({ status: "failed" });
    const third = await one.live();
    expect((await one.offers(third.id)).rollBackTo).toBeNull();
    expect((await one.offers(pruned.id)).rollBackTo).toBeNull();
    expect((await one.offers(failed.id)).rollBackTo).toBeNull();
    expect((await one.offers(first.id)).rollBackTo).toBe(1);
    const fourth = await one.live();
    expect(await one.offers(fourth.id)).toEqual({ ...nothing, isLive: true, rollBackTo: third.release });
  });

  test("retry repeats the wish: the commit that was found, else the ref that was asked for, else the configuration", async () => {
    const one = await newApp();
    const live = await one.live();
    expect((await one.offers(live.id)).retry).toBe(false);
    await expect(one.caller.deployments.retry({ deployment: live.id })).rejects.toMatchObject({ code: "CONFLICT" });

    const built = await one.deployment({ status: "failed", commitSha: sha(5), ref: { kind: "branch", name: "main" }, noCache: true });
    const unfetched = await one.deployment({ status: "failed", ref: { kind: "tag", name: "v1" } });
    const config = await one.deployment({ status: "cancelled", kind: "config" });
    const superseded = await one.deployment({ status: "superseded", ref: { kind: "branch", name: "main" } });
    await one.ctx.team.update(apps, { deploymentCount: 50 }, eq(apps.id, one.app.id));
    expect((await one.offers(superseded.id)).retry).toBe(false);
    expect((await one.offers(built.id)).retry).toBe(true);
    expect(await one.caller.deployments.retry({ deployment: built.id, trigger: "page" })).toMatchObject({
      kind: "code",
      ref: { kind: "sha", name: sha(5) },
      trigger: "page",
    });
    expect((await one.caller.deployments.retry({ deployment: unfetched.id })).ref).toEqual({ kind: "tag", name: "v1" });
    await one.ctx.team.update(deployments, { status: "cancelled" }, eq(deployments.status, "queued"));
    expect(await one.caller.deployments.retry({ deployment: config.id })).toMatchObject({ kind: "config", ref: null });
  });

  test("a failed rollback is tried again to the same release, while it is kept", async () => {
    const one = await newApp();
    const first = await one.live();
    await one.live();
    const failed = await one.deployment({ status: "failed", kind: "rollback", releaseId: first.releaseId });
    await one.ctx.team.update(apps, { deploymentCount: 50 }, eq(apps.id, one.app.id));
    const again = await one.caller.deployments.retry({ deployment: failed.id });
    const row = await one.ctx.team.first(deployments, eq(deployments.id, again.id));
    expect([row?.kind, row?.releaseId]).toEqual(["rollback", first.releaseId]);
    await one.ctx.team.update(releases, { prunedAt: 1 }, eq(releases.id, first.releaseId ?? ""));
    expect((await one.offers(failed.id)).retry).toBe(false);
  });

  test("nothing can be done once the application is gone, and its page can still be read", async () => {
    const one = await newApp();
    const live = await one.live();
    await one.ctx.team.update(apps, { deletedAt: 1 }, eq(apps.id, one.app.id));
    expect(await one.offers(live.id)).toEqual(nothing);
    expect((await one.changes(live.id)).before).toBeNull();
  });
});
