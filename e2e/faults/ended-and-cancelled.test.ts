import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { answerOf, eventually, expectWholeLedger, type FaultApp, type Faults, openFaults } from "../support/faults";
import { DOCKERFILE, SERVER } from "../support/git-repository";
import { sendPush, startLoad, untilEnded } from "../support/platform";
import { recordFact } from "../support/reliability";

let faults: Faults;
beforeAll(async () => {
  faults = await openFaults();
});
afterAll(() => faults.close());

/** No build cache has it. */
const building = (seconds: number, word: string) =>
  DOCKERFILE.replace("CMD", `RUN node -e 'setTimeout(() => console.log("${faults.project} ${word}"), ${seconds * 1000})'\nCMD`);
const late = (seconds: number) =>
  SERVER("after")
    .replace("server.listen(", "setTimeout(() => server.listen(")
    .replace('"0.0.0.0");', `"0.0.0.0"), ${seconds * 1000});`);
const isAlive = (pid: number) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

test("SIGTERM of the worker during a build: it ends within 10 s, and the next worker goes on", async () => {
  const app = await faults.app("told-to-end");
  const load = startLoad(app.url, 100);
  app.repository.commit({ Dockerfile: building(9, "term"), "server.js": SERVER("after") });
  const id = await faults.deploy(app);
  await faults.reaches(id, "build");
  const { epoch } = await faults.row(id);
  const told = await faults.kill("worker", "SIGTERM");
  await eventually(() => (isAlive(told.pid) ? undefined : true));
  const endedS = (Date.now() - told.at) / 1000;
  const toLeaseS = await faults.secondsToLease([{ id, epoch }], told.at);
  const run = await untilEnded(faults.platform, id);
  const toEndS = (Date.now() - told.at) / 1000;
  const { sent, failures } = await load.stop();
  recordFact({ group: "SIGTERM of the worker", case: "during a build", sent, failed: failures.length, toLeaseS, toEndS, end: run.status });
  expect(endedS).toBeLessThan(10);
  expect(toLeaseS).toBeLessThan(15);
  expect(run.status).toBe("succeeded");
  expect(failures).toEqual([]);
  expectWholeLedger(run);
  expect(await faults.orphans()).toEqual([]);
});

describe("cancel at each step: a clean end at once, the old release untouched, other builds go on", () => {
  test("queue, fetch, plan, build, release, health, route; after that it is too late", async () => {
    const canary = { steps: [{ weight: 50, holdS: 20 }], maxErrorPercent: 2, maxSlowdown: 100, minRequests: 1000 };
    const plain = await faults.app("cancel");
    const [commanded, shared, other] = [
      // sleeps for each release but the first
      await faults.app("cancel-command", { releaseCommand: "grep -q before server.js || sleep 20" }),
      await faults.app("cancel-route", { strategy: "canary", canary }),
      await faults.app("other"),
    ];
    other.repository.commit({ Dockerfile: building(20, "other"), "server.js": SERVER("after") });
    const otherId = await faults.deploy(other);

    /** Some steps take a few milliseconds: a deployment that went past is followed by another. */
    const reach = async (app: FaultApp, step: string, files: Record<string, string>): Promise<{ id: string; sha: string }> => {
      for (let attempt = 1; attempt <= 10; attempt++) {
        const sha = app.repository.commit({ ...files, attempt: String(attempt) });
        const id = await faults.deploy(app);
        if (await faults.reaches(id, step)) return { id, sha };
      }
      throw new Error(`${step} was missed each time.`);
    };
    const cancelAt = async (app: FaultApp, step: string, files: Record<string, string>): Promise<void> => {
      const load = startLoad(app.url, 50);
      const { id, sha } = await reach(app, step, files);
      const before = await liveCommit(app);
      const at = Date.now();
      await faults.platform.client.deployments.cancel.mutate({ deployment: id });
      const run = await untilEnded(faults.platform, id);
      const toEndS = (Date.now() - at) / 1000;
      const { sent, failures } = await load.stop();
      recordFact({ group: "cancel", case: `at ${step}`, sent, failed: failures.length, toLeaseS: null, toEndS, end: run.status });
      expect(run, step).toMatchObject({ status: "cancelled", reason: { code: "cancelled" } });
      // long before the work would have ended by itself; how long before is in the table
      expect(toEndS, step).toBeLessThan(10);
      expect(failures, step).toEqual([]);
      expect(before, step).not.toBe(sha);
      expect(await liveCommit(app), step).toBe(before);
      expectWholeLedger(run);
    };
    const liveCommit = async (app: FaultApp) => {
      const [row] = await faults.sql<{ sha: string }[]>`select r.commit_sha as sha from apps a join releases r on r.id = a.release_id where a.id = ${app.id}`;
      return row?.sha;
    };
    const queued = async () => {
      const sha = plain.repository.commit({ Dockerfile: building(6, "queued"), "server.js": SERVER("after 0") });
      const first = await faults.deploy(plain);
      await faults.reaches(first, "build");
      const { id } = await faults.platform.client.deployments.create.mutate({ app: plain.id, commit: sha });
      expect(await faults.platform.client.deployments.cancel.mutate({ deployment: id })).toMatchObject({ status: "cancelled" });
      expect((await untilEnded(faults.platform, first)).status).toBe("succeeded");
    };
    await queued();
    await cancelAt(plain, "fetch", { "server.js": SERVER("after 1") });
    await cancelAt(plain, "plan", { "server.js": SERVER("after 2") });
    await cancelAt(plain, "build", { Dockerfile: building(15, "cancelled"), "server.js": SERVER("after 3") });
    await cancelAt(commanded, "release", { "server.js": SERVER("after") });
    await cancelAt(plain, "health", { Dockerfile: DOCKERFILE, "server.js": late(20) });
    await cancelAt(shared, "route", { "server.js": SERVER("after") });

    plain.repository.commit({ "server.js": SERVER("live") });
    const tooLate = await faults.deploy(plain);
    if (await faults.reaches(tooLate, "verify"))
      await expect(faults.platform.client.deployments.cancel.mutate({ deployment: tooLate })).rejects.toThrow(/live already|has ended/);
    expect((await untilEnded(faults.platform, tooLate)).status).toBe("succeeded");
    expect((await untilEnded(faults.platform, otherId)).status).toBe("succeeded");
    expect(await faults.orphans()).toEqual([]);
  });
});

test("50 signed pushes during a slow build: two builds, the last commit live, every commit in one commit set", async () => {
  const app = await faults.app("pushes");
  const { webhook } = await faults.platform.client.apps.read.query({ app: app.id, reveal: true });
  app.repository.commit({ Dockerfile: building(8, "pushes") });
  const shas = [app.repository.head()];
  const load = startLoad(app.url, 50);
  const began = Date.now();
  const ids = new Set<string>();
  const push = async (sha: string) => {
    const answer = await sendPush({ url: webhook.url, secret: webhook.secret ?? "" }, { branch: "main", sha });
    expect(answer.status).toBe(202);
    ids.add(((await answer.json()) as { deployment: string }).deployment);
  };
  await push(shas[0] ?? "");
  await faults.reaches([...ids][0] ?? "", "build");
  for (let count = 2; count <= 50; count++) {
    const sha = app.repository.commit({ "server.js": SERVER(`push ${count}`) });
    shas.push(sha);
    await push(sha);
  }
  const runs = await Promise.all([...ids].map((id) => untilEnded(faults.platform, id)));
  const { sent, failures } = await load.stop();
  const ran = runs.filter((run) => run.startedAt !== null);
  recordFact({
    group: "50 pushes during a slow build",
    case: `${ran.length} builds`,
    sent,
    failed: failures.length,
    toLeaseS: null,
    toEndS: (Date.now() - began) / 1000,
    end: `${ran.length} succeeded, ${runs.length - ran.length} superseded`,
  });
  expect(ran.map((run) => run.status)).toEqual(["succeeded", "succeeded"]);
  expect(runs.filter((run) => run.startedAt === null).every((run) => run.status === "superseded")).toBe(true);
  expect(await answerOf(app)).toBe("push 50");
  expect(ran.flatMap((run) => run.commits).sort()).toEqual([...shas].sort());
  expect(failures).toEqual([]);
  expect(await faults.orphans()).toEqual([]);
});
