import { afterAll, beforeAll, expect, test } from "vitest";
import { answerOf, expectWholeLedger, type FaultApp, type Faults, openFaults } from "../support/faults";
import { DOCKERFILE, SERVER } from "../support/git-repository";
import { startLoad, untilEnded } from "../support/platform";
import { recordFact } from "../support/reliability";
import { startSecondWorker } from "../support/second-worker";

let faults: Faults;
beforeAll(async () => {
  faults = await openFaults();
});
afterAll(() => faults.close());

const second = async () => startSecondWorker(await faults.pid("worker"), `${faults.homeId}-2`, faults.sql);
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

test("a worker that sleeps is replaced, and changes nothing when it wakes", async () => {
  const HOLD_S = 6;
  const canary = { steps: [{ weight: 50, holdS: HOLD_S }], maxErrorPercent: 2, maxSlowdown: 100, minRequests: 1000 };
  const slow = DOCKERFILE.replace("CMD", `RUN node -e 'setTimeout(() => console.log("${faults.project}"), 5000)'\nCMD`);
  const late = SERVER("after").replace("server.listen(", "setTimeout(() => server.listen(").replace('"0.0.0.0");', '"0.0.0.0"), 6000);');
  const cases: { app: FaultApp; step: string; files: Record<string, string> }[] = [
    { app: await faults.app("asleep-build"), step: "build", files: { Dockerfile: slow, "server.js": SERVER("after") } },
    // its gate's time is over when it wakes: it must not empty the slot that is live by then
    { app: await faults.app("asleep-health", { health: { timeoutS: 9 } }), step: "health", files: { "server.js": late } },
    { app: await faults.app("asleep-route", { strategy: "canary", canary }), step: "route", files: { "server.js": SERVER("after") } },
    { app: await faults.app("asleep-command", { releaseCommand: "sleep 5" }), step: "release", files: { "server.js": SERVER("after") } },
  ];
  const loads = cases.map(({ app }) => startLoad(app.url, 25));
  const ids: string[] = [];
  for (const { app, files } of cases) {
    app.repository.commit(files);
    ids.push(await faults.deploy(app));
  }
  await Promise.all(ids.map((id, index) => faults.reaches(id, cases[index]?.step ?? "")));
  await pause(500);
  const asleep = await faults.kill("worker", "SIGSTOP");
  const held = await Promise.all(ids.map(async (id) => ({ id, ...(await faults.row(id)) })));
  const other = await second();
  try {
    const toLeaseS = await faults.secondsToLease(held, asleep.at);
    const runs = await Promise.all(ids.map((id) => untilEnded(faults.platform, id)));
    const toEndS = (Date.now() - asleep.at) / 1000;
    const state = () => faults.sql`
      select a.id, a.slots, a.active_slot, a.release_id, a.epoch, d.status, d.epoch as held, d.attempt, d.finished_at::text, d.failed
      from apps a join deployments d on d.app_id = a.id and d.id = any(${ids}) order by a.id`;
    const before = await state();
    process.kill(asleep.pid, "SIGCONT");
    await pause(6_000);
    expect(await state()).toEqual(before);

    for (const [index, { app, step }] of cases.entries()) {
      const { sent, failures } = (await loads[index]?.stop()) ?? { sent: 0, failures: ["no load"] };
      recordFact({
        group: "SIGSTOP of the worker, another takes over",
        case: `in ${step}`,
        sent,
        failed: failures.length,
        toLeaseS,
        toEndS,
        end: runs[index]?.status ?? "",
      });
      expect(runs[index], step).toMatchObject({ status: "succeeded", attempt: 2 });
      expect(failures, step).toEqual([]);
      expect(await answerOf(app), step).toContain("after");
    }
    expect(toLeaseS).toBeLessThan(15);
    expect(toEndS).toBeLessThan(15 + 30 + HOLD_S);
    expect(await faults.orphans()).toEqual([]);
  } finally {
    await other.end("SIGTERM");
  }
});

/** `bin/test faults --full` runs the long form. */
const QUEUE =
  process.env.DOKPLOY_TEST_FULL === "1"
    ? { apps: 20, turns: 10, killEveryMs: 10_000, kills: 100, perSecond: 5, seconds: 1800 }
    : { apps: 5, turns: 4, killEveryMs: 3_500, kills: 8, perSecond: 20, seconds: 280 };
const isNamed = (index: number) => index % 5 < 2;
const ALL = `${QUEUE.apps * QUEUE.turns} deployments of ${QUEUE.apps} applications`;

const inOrder = async () => {
  const apps: FaultApp[] = [];
  for (let n = 1; n <= QUEUE.apps; n++) apps.push(await faults.app(`q${n}`));
  const loads = apps.map((app) => startLoad(app.url, QUEUE.perSecond, { seconds: QUEUE.seconds }));
  let other = await second();
  const began = Date.now();
  // some of the applications name commits, which no later one overtakes; the others name their branch
  const wishes: { app: FaultApp; id: string; sha: string }[] = [];
  for (let turn = 1; turn <= QUEUE.turns; turn++) {
    for (const [index, app] of apps.entries()) {
      const sha = app.repository.commit({ "server.js": SERVER(`turn ${turn}`) });
      const { id } = await faults.platform.client.deployments.create.mutate({ app: app.id, ...(isNamed(index) ? { commit: sha } : {}) });
      wishes.push({ app, id, sha });
    }
  }
  const left = async () => {
    const [row] = await faults.sql<
      { left: number }[]
    >`select count(*)::int as left from deployments where id = any(${wishes.map((one) => one.id)}) and status in ('queued', 'running')`;
    return row?.left ?? 0;
  };
  let kills = 0;
  for (; kills < QUEUE.kills && (await left()) > 0; kills++) {
    if (kills % 2 === 0) await faults.kill("worker");
    else {
      await other.end("SIGKILL");
      other = await second();
    }
    await pause(QUEUE.killEveryMs);
  }
  // a worker that starts compares branch heads: a commit that it finds before it is asked for goes live by a deployment of its own
  const own = await faults.sql<{ id: string }[]>`select id from deployments where app_id = any(${apps.map((app) => app.id)}) and number > 1`;
  const runs = await Promise.all(own.map(({ id }) => untilEnded(faults.platform, id)));
  const toEndS = (Date.now() - began) / 1000;
  let [sent, failed] = [0, 0];
  for (const load of loads) {
    const result = await load.stop();
    sent += result.sent;
    failed += result.failures.length;
  }
  await other.end("SIGTERM");
  const end = (["succeeded", "superseded", "failed", "cancelled"] as const)
    .map((status) => `${runs.filter((run) => run.status === status).length} ${status}`)
    .join(", ");
  recordFact({
    group: "two workers",
    case: `${ALL}, a kill every ${QUEUE.killEveryMs / 1000} s`,
    sent,
    failed,
    toLeaseS: null,
    toEndS,
    end: `${kills} kills: ${end}`,
  });

  expect(kills).toBeGreaterThan(1);
  expect(failed).toBe(0);
  for (const [index, app] of apps.entries()) {
    const ofApp = runs.filter((run) => run.appId === app.id).sort((a, b) => a.number - b.number);
    const ran = ofApp.filter((run) => run.startedAt !== null);
    expect(ofApp.map((run) => run.status).filter((status) => status !== "succeeded" && status !== "superseded")).toEqual([]);
    if (isNamed(index)) expect(ran.filter((run) => wishes.some(({ id }) => id === run.id))).toHaveLength(QUEUE.turns);
    for (const run of ofApp.filter((one) => one.status === "superseded")) expect(run.reason?.what).toMatch(/^Deployment #\d+ overtook/);
    const lives = ran.map((run) => run.liveAt ?? "");
    expect(lives).toEqual([...lives].sort());
    expect(await answerOf(app)).toBe(`turn ${QUEUE.turns}`);
    const commits = ran.flatMap((run) => run.commits);
    expect(commits.sort()).toEqual(
      wishes
        .filter((one) => one.app === app)
        .map((one) => one.sha)
        .sort(),
    );
  }
  const [twice] = await faults.sql`select count(*)::int as n from deployments a join deployments b on a.app_id = b.app_id and a.id < b.id
    where a.id = any(${own.map((one) => one.id)}) and b.id = any(${own.map((one) => one.id)}) and a.started_at < b.finished_at and b.started_at < a.finished_at`;
  expect(twice?.n).toBe(0);
  for (const run of runs) expectWholeLedger(run);
  expect(await faults.orphans()).toEqual([]);
};
test(`two workers, one killed every few seconds, ${ALL}: each ends, in order, nothing lost`, inOrder, QUEUE.seconds * 1000);
