import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { answerOf, environmentOf, eventually, expectWholeLedger, type FaultApp, type Faults, openFaults, type ProcessName } from "../support/faults";
import { DOCKERFILE, SERVER } from "../support/git-repository";
import { sendPush, startLoad } from "../support/platform";
import { recordFact } from "../support/reliability";

let faults: Faults;
beforeAll(async () => {
  faults = await openFaults();
});
afterAll(() => faults.close());

/** Writes a line every 100 ms for five seconds. No build cache has it. */
const talking = (name: string) => {
  const script = `let n = 0; const t = setInterval(() => { console.log("${faults.project} ${name} " + ++n); if (n === 50) clearInterval(t); }, 100)`;
  return DOCKERFILE.replace("CMD", `RUN node -e '${script}'\nCMD`);
};
const FINAL = ["succeeded", "failed", "cancelled", "superseded"];
/** Through any outage. */
const untilFinal = (id: string) =>
  eventually(async () => {
    const run = await faults.platform.client.deployments.read.query({ deployment: id });
    return FINAL.includes(run.status) ? run : undefined;
  }, 60);

/** Follows a log as a browser does: after each break from the last line that it has. */
async function followLog(id: string): Promise<number[]> {
  const seen: number[] = [];
  let rest = "";
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; ) {
    try {
      const headers: Record<string, string> = { accept: "text/event-stream", ...(seen.length > 0 ? { "last-event-id": String(seen.at(-1)) } : {}) };
      const stream = await faults.platform.api(`/api/v1/deployments/${id}/logs`, { headers });
      if (stream.status !== 200) throw new Error(`status ${stream.status}`);
      rest = "";
      for await (const part of stream.body as unknown as AsyncIterable<Uint8Array>) {
        rest += Buffer.from(part).toString();
        for (let end = rest.indexOf("\n\n"); end !== -1; end = rest.indexOf("\n\n")) {
          const event = rest.slice(0, end);
          rest = rest.slice(end + 2);
          if (event.includes("event: end")) return seen;
          const data = /^data: (.*)$/m.exec(event)?.[1];
          if (data) seen.push(...(JSON.parse(data) as { n: number }[]).map((line) => line.n));
        }
      }
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  throw new Error(`The log of ${id} did not end.`);
}

async function readyz(): Promise<{ status: number; parts: Record<string, string> }> {
  const answer = await fetch(`${faults.platform.up.dashboard}/readyz`);
  return { status: answer.status, parts: ((await answer.json()) as { parts: Record<string, string> }).parts };
}

const flushRedis = async () => {
  const redis = new Redis(environmentOf(await faults.pid("worker")).REDIS_URL ?? "", { lazyConnect: true, retryStrategy: () => 100 });
  redis.on("error", () => {});
  await redis.connect().catch(() => {});
  await eventually(() => redis.flushall());
  redis.disconnect();
};

async function duringBuild(app: FaultApp, hurt: () => Promise<void>) {
  const load = startLoad(app.url, 100);
  app.repository.commit({ Dockerfile: talking(app.name), "server.js": SERVER("after") });
  const id = await faults.deploy(app);
  const followed = followLog(id);
  await faults.reaches(id, "build");
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const at = Date.now();
  await hurt();
  const run = await untilFinal(id);
  return { run, toEndS: (Date.now() - at) / 1000, numbers: await followed, load };
}

const cases: { name: ProcessName; part: "postgresql" | "redis" | null; also?: () => Promise<void> }[] = [
  { name: "web", part: null },
  { name: "redis", part: "redis", also: flushRedis },
  { name: "postgresql", part: "postgresql" },
];

test.each(cases)("kill -9 of $name during a build: live, no request fails, the log has each line once, /readyz tells", async ({ name, part, also }) => {
  const app = await faults.app(`killed-${name}`);
  const told = { away: "" };
  const { run, toEndS, numbers, load } = await duringBuild(app, async () => {
    // Redis is back before anybody asks: it hangs first
    await faults.kill(name, name === "redis" ? "SIGSTOP" : "SIGKILL");
    const isAway = async () => {
      const answer = await readyz();
      return answer.status === 503 ? answer : undefined;
    };
    if (part) told.away = (await eventually(isAway, 10, 1)).parts[part] ?? "";
    if (name === "redis") await faults.kill(name);
    await also?.();
    await eventually(async () => ((await readyz()).status === 200 ? true : undefined));
  });
  const { sent, failures } = await load.stop();
  recordFact({
    group: `kill -9 of ${name}${also ? " and FLUSHALL" : ""}`,
    case: "during a build",
    sent,
    failed: failures.length,
    toLeaseS: null,
    toEndS,
    end: run.status,
  });

  expect(run.status).toBe("succeeded");
  expect(failures).toEqual([]);
  expect(toEndS).toBeLessThan(30 + 5);
  expect(await answerOf(app)).toContain("after");
  expectWholeLedger(run);
  expect(numbers).toEqual(Array.from({ length: run.logLines }, (_, index) => index + 1));
  if (part) expect(told.away).not.toMatch(/^(ok)?$/);
  expect(await faults.orphans()).toEqual([]);
});

test("a push while PostgreSQL is away is answered 503 and when to come back; when the Git host does not, its commit goes live all the same", async () => {
  const app = await faults.app("refused");
  const { webhook } = await faults.platform.client.apps.read.query({ app: app.id, reveal: true });
  const load = startLoad(app.url, 100);
  const sha = app.repository.commit({ "server.js": SERVER("found") });
  const { at } = await faults.kill("postgresql");
  const refused = await eventually(
    async () => {
      const answer = await sendPush({ url: webhook.url, secret: webhook.secret ?? "" }, { branch: "main", sha });
      return answer.status === 503 ? answer : undefined;
    },
    10,
    1,
  );
  expect(refused.headers.get("retry-after")).toMatch(/^\d+$/);
  await eventually(async () => ((await answerOf(app)) === "found" ? true : undefined), 40, 200);
  const toEndS = (Date.now() - at) / 1000;
  const [newest] = (await faults.platform.client.deployments.list.query({ app: app.id })).items;
  const run = await untilFinal(newest?.id ?? "");
  const { sent, failures } = await load.stop();
  recordFact({ group: "kill -9 of postgresql", case: "a push meanwhile", sent, failed: failures.length, toLeaseS: null, toEndS, end: run.status });
  expect(run).toMatchObject({ status: "succeeded", commit: { sha } });
  expect(failures).toEqual([]);
  expect(await faults.orphans()).toEqual([]);
});

test("kill -9 of web: a push that met nobody is found by comparing heads", async () => {
  const app = await faults.app("unheard");
  await faults.kill("web");
  const sha = app.repository.commit({ "server.js": SERVER("found") });
  const found = await eventually(async () =>
    (await faults.platform.client.deployments.list.query({ app: app.id })).items.find((one) => one.trigger === "compare-heads"),
  );
  expect(await untilFinal(found.id)).toMatchObject({ status: "succeeded", commit: { sha } });
  expect(await answerOf(app)).toBe("found");
});
