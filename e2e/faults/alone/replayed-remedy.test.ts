import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type FaultApp, type Faults, openFaults } from "../../support/faults";
import { DOCKERFILE } from "../../support/git-repository";
import { untilEnded } from "../../support/platform";
import { startSecondWorker } from "../../support/second-worker";

let faults: Faults;
const apps: FaultApp[] = [];
const APPS = 8;
const BUILD_S = 6;

beforeAll(async () => {
  faults = await openFaults();
  for (let n = 0; n < APPS; n++) apps.push(await faults.app(`queue-${n}`));
}, 240_000);
afterAll(() => faults.close());

type Mapped = { replay: { slots: number; queueS: number }[]; bottleneck: { remedy: string } | null };

/** All applications at once, each with a build of its own that takes its time without the processor's. Answers the waits, and the map of just these runs. */
async function deployAll(turn: string): Promise<{ queueS: number; map: Mapped }> {
  const from = new Date().toISOString();
  // a name that is in no cache: the engine keeps what an earlier run has built
  const once = randomUUID();
  for (const app of apps) app.repository.commit({ Dockerfile: DOCKERFILE.replace("CMD", `RUN echo ${once} ${turn} ${app.name} && sleep ${BUILD_S}\nCMD`) });
  const ids = await Promise.all(apps.map((app) => faults.deploy(app)));
  const runs = await Promise.all(ids.map((id) => untilEnded(faults.platform, id)));
  expect(runs.map((run) => run.status)).toEqual(runs.map(() => "succeeded"));
  const [row] = await faults.sql<{ s: number }[]>`
    select avg(extract(epoch from finished_at - started_at))::float8 as s from spans where step = 'queue' and subject = any(${ids})`;
  const answer = await faults.platform.api(`/api/v1/metrics/map?project=${faults.project}&from=${from}&to=${new Date(Date.now() + 1000).toISOString()}`);
  expect(answer.status).toBe(200);
  return { queueS: row?.s ?? Number.NaN, map: (await answer.json()) as Mapped };
}

/** Within a fifth and a second and a half: the processors are shared, the sleep is not. */
const near = (one: number, other: number) => Math.abs(one - other) <= 0.2 * Math.max(one, other) + 1.5;

test("what the map foretells of more build slots is what more build slots bring", async () => {
  const before = await deployAll("before");
  const [asItWas] = before.map.replay;
  expect(asItWas?.slots).toBe(2);
  expect(near(asItWas?.queueS ?? Number.NaN, before.queueS), `replayed ${asItWas?.queueS} s, measured ${before.queueS} s`).toBe(true);
  const foretold = before.map.replay.find((one) => one.slots === 4)?.queueS ?? Number.NaN;
  expect(before.map.bottleneck?.remedy).toMatch(/raise build concurrency from 2 to \d/);

  const other = await startSecondWorker(await faults.pid("worker"), `${faults.homeId}-2`, faults.sql);
  try {
    const after = await deployAll("after");
    process.stdout.write(
      `queue of ${APPS} runs: ${before.queueS.toFixed(1)} s with 2 slots, ${foretold.toFixed(1)} s foretold for 4, ${after.queueS.toFixed(1)} s measured\n`,
    );
    expect(after.queueS).toBeLessThan(before.queueS / 2);
    expect(near(foretold, after.queueS), `foretold ${foretold} s, measured ${after.queueS} s`).toBe(true);
    expect(after.map.replay[0]?.slots).toBe(4);
  } finally {
    await other.end("SIGTERM");
  }
}, 300_000);
