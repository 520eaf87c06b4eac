import { afterAll, beforeAll, expect, test } from "vitest";
import { releases, spans } from "../../db/schema";
import { openTestServices, type TestServices } from "../../e2e/support/test-services";
import { lastDurations } from "./cache-savings";

let t: TestServices;
beforeAll(async () => {
  t = await openTestServices();
});
afterAll(() => t.close());

const SECOND = 1_000_000;
type Vertex = { name: string; seconds: number; cached?: boolean; outcome?: "ok" | "failed" };

async function history() {
  const { ctx } = await t.newTeam();
  const appId = crypto.randomUUID();
  let number = 0;
  const build = async (vertices: Vertex[], isRelease = true) => {
    const subject = crypto.randomUUID();
    number += 1;
    const startedAt = number * 1000 * SECOND;
    await ctx.team.insertMany(
      spans,
      vertices.map(({ name, seconds, cached = false, outcome = "ok" }, index) => ({
        stream: "deployment",
        subject,
        appId,
        step: "vertex",
        class: "va" as const,
        startedAt: startedAt + index,
        finishedAt: startedAt + index + seconds * SECOND,
        outcome,
        cached,
        detail: { name },
        recordedAt: startedAt,
      })),
    );
    if (isRelease) await ctx.team.insert(releases, { appId, number, deploymentId: subject, imageId: "sha256:x", config: "", createdAt: startedAt });
  };
  return { ctx, appId, build };
}

test("the last time that a step really ran counts: not from the cache, not failed, not outside a release", async () => {
  const { ctx, appId, build } = await history();
  await build([
    { name: "RUN npm ci", seconds: 30 },
    { name: "COPY . .", seconds: 1.25 },
  ]);
  await build([
    { name: "RUN npm ci", seconds: 20.5 },
    { name: "COPY . .", seconds: 0.5, cached: true },
  ]);
  await build([{ name: "RUN npm ci", seconds: 0.01, cached: true }]);
  await build([{ name: "RUN npm ci", seconds: 99, outcome: "failed" }]);
  await build([{ name: "RUN npm ci", seconds: 77 }], false);
  expect(await lastDurations(ctx, appId, ["RUN npm ci", "COPY . .", "RUN never"])).toEqual(
    new Map([
      ["COPY . .", 1.25],
      ["RUN npm ci", 20.5],
    ]),
  );
});

test("beyond the last 50 releases, in another application or another team nothing is known", async () => {
  const { ctx, appId, build } = await history();
  await build([{ name: "RUN npm ci", seconds: 30 }]);
  const other = await history();
  expect((await lastDurations(ctx, other.appId, ["RUN npm ci"])).size).toBe(0);
  expect((await lastDurations(other.ctx, appId, ["RUN npm ci"])).size).toBe(0);
  for (let release = 0; release < 49; release++) await build([]);
  expect((await lastDurations(ctx, appId, ["RUN npm ci"])).get("RUN npm ci")).toBe(30);
  await build([]);
  expect((await lastDurations(ctx, appId, ["RUN npm ci"])).size).toBe(0);
});

test("no name asks nothing", async () => {
  const { ctx, appId } = await history();
  expect(await lastDurations(ctx, appId, [])).toEqual(new Map());
});
