import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { answerOf, eventually, expectWholeLedger, type FaultApp, type Faults, openFaults } from "../support/faults";
import { SERVER } from "../support/git-repository";
import { ask, startLoad, untilEnded } from "../support/platform";
import { recordFact } from "../support/reliability";

type Settings = Parameters<Faults["app"]>[1];
type Bad = { name: string; settings?: Settings; server: string; perSecond?: number };

let faults: Faults;
const apps = new Map<string, FaultApp>();
const MEBIBYTE = 1024 ** 2;
const listening = (after: string) => SERVER("after").replace('server.listen(process.env.PORT, "0.0.0.0");', after);
const CANARY = { steps: [{ weight: 30, holdS: 10 }], maxErrorPercent: 2, maxSlowdown: 100, minRequests: 40 };

const BAD: Record<string, Bad> = {
  deaf: { name: "never listens", settings: { health: { timeoutS: 5 } }, server: listening("setInterval(() => {}, 1000);") },
  late: { name: "listens after 4 s", server: listening('setTimeout(() => server.listen(process.env.PORT, "0.0.0.0"), 4000);') },
  crashing: {
    name: "healthy, crashes 3 s after it was live",
    settings: { bakeS: 20 },
    // told to: by its own clock it would crash before it is live where that takes long
    server: SERVER("after").replace(
      "createServer((q, r) =>",
      'createServer((q, r) => q.url === "/burn" ? (r.end(), setTimeout(() => { console.error("the disk is on fire"); process.exit(3); }, 3000)) :',
    ),
  },
  leaking: {
    name: "leaks until it is out of memory",
    settings: { resources: { memoryBytes: 96 * MEBIBYTE } },
    server: listening("const kept = []; setInterval(() => kept.push(Buffer.alloc(8 * 1024 * 1024, 1)), 20);"),
  },
  stubborn: {
    name: "ignores SIGTERM, then a good one follows",
    settings: { stopGraceS: 2 },
    server: SERVER("after").replace("server.close(() => process.exit(0))", "{}"),
  },
  failing: {
    name: "answers 500 to one request in ten",
    settings: { strategy: "canary", canary: CANARY },
    server: SERVER("after").replace("createServer((q, r) =>", "createServer((q, r) => Math.random() < 0.1 ? r.writeHead(500).end() :"),
  },
};

beforeAll(async () => {
  faults = await openFaults();
  for (const [key, { settings }] of Object.entries(BAD)) apps.set(key, await faults.app(key, settings));
});
afterAll(() => faults.close());

async function release(key: string) {
  const bad = BAD[key];
  const app = apps.get(key);
  if (!bad || !app) throw new Error(`There is no ${key}.`);
  const load = startLoad(app.url, 50);
  app.repository.commit({ "server.js": bad.server });
  const began = Date.now();
  const run = await untilEnded(faults.platform, await faults.deploy(app));
  const ended = async (end: string) => {
    const toEndS = (Date.now() - began) / 1000;
    const result = await load.stop();
    recordFact({ group: "bad releases", case: bad.name, sent: result.sent, failed: result.failures.length, toLeaseS: null, toEndS, end });
    return result;
  };
  return { app, run, ended };
}

describe("a bad release ends with a message that names the cause, and the old one serves", () => {
  test("never listens", async () => {
    const { app, run, ended } = await release("deaf");
    const { failures } = await ended(`failed: ${run.reason?.what}`);
    expect(run).toMatchObject({ status: "failed", outcome: "unhealthy", reason: { what: expect.stringMatching(/Nothing (answered|listens) on port 3000/) } });
    expect(failures).toEqual([]);
    expect(await answerOf(app)).toBe("before");
    expectWholeLedger(run);
  });

  test("listens late", async () => {
    const { app, run, ended } = await release("late");
    const { failures } = await ended(run.status);
    expect(run.status).toBe("succeeded");
    expect(failures).toEqual([]);
    expect(await answerOf(app)).toBe("after");
  });

  test("healthy, then crashes: rolled back by itself", async () => {
    const { app, run, ended } = await release("crashing");
    expect(run.status).toBe("succeeded");
    await ask(`${app.url}/burn`);
    const back = await eventually(async () =>
      (await faults.platform.client.deployments.list.query({ app: app.id })).items.find((one) => one.trigger === "watch"),
    );
    expect(await untilEnded(faults.platform, back.id)).toMatchObject({ kind: "rollback", status: "succeeded", remediates: run.id });
    const failed = await faults.platform.client.deployments.read.query({ deployment: run.id });
    const { failures } = await ended(`rolled back: ${failed.failedReason}`);
    expect(failed).toMatchObject({ failed: true, failedReason: expect.stringContaining("the disk is on fire") });
    expect(await answerOf(app)).toBe("before");
    // between the crash and the flip back the edge has only the release that crashed
    expect(failures.every((failure) => /^status 50[234]$/.test(failure))).toBe(true);
  });

  test("leaks until it is out of memory", async () => {
    const { app, run, ended } = await release("leaking");
    const { failures } = await ended(`failed: ${run.reason?.what}`);
    expect(run).toMatchObject({ status: "failed", reason: { code: "out_of_memory", what: "The application ran out of memory." } });
    expect(failures).toEqual([]);
    expect(await answerOf(app)).toBe("before");
  });

  test("ignores SIGTERM: it goes all the same when the next release comes", async () => {
    const { app, run, ended } = await release("stubborn");
    expect(run.status).toBe("succeeded");
    app.repository.commit({ "server.js": SERVER("good") });
    const next = await untilEnded(faults.platform, await faults.deploy(app));
    const { failures } = await ended(next.status);
    expect(next.status).toBe("succeeded");
    expect(failures).toEqual([]);
    expect(await answerOf(app)).toBe("good");
  });

  test("answers 500 to one request in ten: the canary is taken back", async () => {
    const { app, run, ended } = await release("failing");
    const { failures } = await ended(`failed: ${run.reason?.why}`);
    expect(run).toMatchObject({ status: "failed", reason: { code: "canary_failed", why: expect.stringMatching(/answers were errors/) } });
    expect(failures.every((failure) => failure === "status 500")).toBe(true);
    expect(await answerOf(app)).toBe("before");
  });

  test("nothing of them stays", async () => {
    expect(await faults.orphans()).toEqual([]);
  });
});
