import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { answerOf, expectWholeLedger, type FaultApp, type Faults, openFaults } from "../support/faults";
import { DOCKERFILE, SERVER } from "../support/git-repository";
import { startLoad, untilEnded } from "../support/platform";
import { recordFact } from "../support/reliability";

/** The promise: under a lease again, and ended once the work that remained is done. */
const LEASE_S = 15;
const END_S = 30;

let faults: Faults;
beforeAll(async () => {
  faults = await openFaults();
});
afterAll(() => faults.close());

/** Deploys until the worker could be killed while the row says `step`: some steps take a few milliseconds. */
async function killAtStartOf(step: string, app: FaultApp): Promise<{ id: string; at: number; epoch: number }> {
  for (let attempt = 1; attempt <= 10; attempt++) {
    app.repository.commit({ "server.js": SERVER(`after ${attempt}`) });
    const id = await faults.deploy(app);
    const pid = await faults.pid("worker");
    if (await faults.reaches(id, step)) {
      process.kill(pid, "SIGSTOP");
      const held = await faults.row(id);
      process.kill(pid, held.step === step ? "SIGKILL" : "SIGCONT");
      if (held.step === step) return { id, at: Date.now(), epoch: held.epoch };
    }
    await untilEnded(faults.platform, id);
  }
  throw new Error(`The start of ${step} was missed each time.`);
}

describe("kill -9 of the worker at the start of a step, at 100 requests a second", () => {
  let app: FaultApp;
  beforeAll(async () => {
    app = await faults.app("starts", { releaseCommand: "true" });
  });

  test.each(["fetch", "plan", "build", "release", "health", "route", "verify"])("%s: taken over, live, no request fails", async (step) => {
    const load = startLoad(app.url, 100);
    const { id, at, epoch } = await killAtStartOf(step, app);
    const toLeaseS = await faults.secondsToLease([{ id, epoch }], at);
    const run = await untilEnded(faults.platform, id);
    const toEndS = (Date.now() - at) / 1000;
    const { sent, failures } = await load.stop();
    recordFact({ group: "kill -9 of the worker", case: `at the start of ${step}`, sent, failed: failures.length, toLeaseS, toEndS, end: run.status });

    expect(run).toMatchObject({ status: "succeeded", attempt: 2 });
    expect(failures).toEqual([]);
    expect(toLeaseS).toBeLessThan(LEASE_S);
    expect(toEndS).toBeLessThan(END_S);
    expect(await answerOf(app)).toContain("after");
    expect(run.spans.filter((span) => span.outcome === "interrupted")).toMatchObject([{ step, class: "wait", attempt: 1 }]);
    expectWholeLedger(run);
    expect(await faults.orphans()).toEqual([]);
  });

  test("bake: the old slot goes all the same", async () => {
    const load = startLoad(app.url, 100);
    app.repository.commit({ "server.js": SERVER("baked") });
    const run = await untilEnded(faults.platform, await faults.deploy(app));
    const { at } = await faults.kill("worker");
    expect(await faults.orphans()).toEqual([]);
    const toEndS = (Date.now() - at) / 1000;
    const { sent, failures } = await load.stop();
    recordFact({ group: "kill -9 of the worker", case: "during the bake", sent, failed: failures.length, toLeaseS: null, toEndS, end: run.status });
    expect(failures).toEqual([]);
    expect(toEndS).toBeLessThan(END_S);
    expect(await answerOf(app)).toBe("baked");
  });
});

describe("kill -9 of the worker in the middle of a step, four at once", () => {
  /** Named by the run, so that no build cache has it. */
  const slowBuild = () => DOCKERFILE.replace("CMD", `RUN node -e 'setTimeout(() => console.log("${faults.project}"), 6000)'\nCMD`);
  const late = SERVER("after").replace("server.listen(", "setTimeout(() => server.listen(").replace('"0.0.0.0");', '"0.0.0.0"), 8000);');
  const WORK_S = 8;

  test("build, release command, health and the hold of a canary: all go live, and no request fails", async () => {
    const canary = { steps: [{ weight: 50, holdS: WORK_S }], maxErrorPercent: 2, maxSlowdown: 100, minRequests: 1000 };
    const [build, release, health, route] = await Promise.all([
      faults.app("in-build"),
      faults.app("in-release", { releaseCommand: `sleep ${WORK_S - 2}` }),
      faults.app("in-health"),
      faults.app("in-route", { strategy: "canary", canary }),
    ]);
    const cases: { app: FaultApp; step: string; files: Record<string, string> }[] = [
      { app: build, step: "build", files: { Dockerfile: slowBuild(), "server.js": SERVER("after") } },
      { app: release, step: "release", files: { "server.js": SERVER("after") } },
      { app: health, step: "health", files: { "server.js": late } },
      { app: route, step: "route", files: { "server.js": SERVER("after") } },
    ];
    const loads = cases.map(({ app }) => startLoad(app.url, 25));
    const ids = [];
    for (const { app, files } of cases) {
      app.repository.commit(files);
      ids.push(await faults.deploy(app));
    }
    await Promise.all(ids.map((id, index) => faults.reaches(id, cases[index]?.step ?? "")));
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const { at } = await faults.kill("worker");
    const held = await Promise.all(ids.map(async (id) => ({ id, ...(await faults.row(id)) })));
    expect(held.map((one) => one.step)).toEqual(cases.map(({ step }) => step));

    const toLeaseS = await faults.secondsToLease(held, at);
    const runs = await Promise.all(ids.map(async (id) => ({ run: await untilEnded(faults.platform, id), toEndS: (Date.now() - at) / 1000 })));
    for (const [index, { run, toEndS }] of runs.entries()) {
      const { sent, failures } = (await loads[index]?.stop()) ?? { sent: 0, failures: ["no load"] };
      const name = cases[index]?.step ?? "";
      recordFact({ group: "kill -9 of the worker", case: `in the middle of ${name}`, sent, failed: failures.length, toLeaseS, toEndS, end: run.status });
      expect(run).toMatchObject({ status: "succeeded", attempt: 2 });
      expect(failures, name).toEqual([]);
      expect(toEndS, name).toBeLessThan(END_S + WORK_S);
      expectWholeLedger(run);
    }
    expect(toLeaseS).toBeLessThan(LEASE_S);
    for (const { app } of cases) expect(await answerOf(app)).toContain("after");
    expect(await faults.orphans()).toEqual([]);
  });
});
