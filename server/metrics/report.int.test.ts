import { afterAll, beforeAll, expect, test } from "vitest";
import golden from "../../e2e/support/golden-cases.json";
import { GOLDEN_WINDOW, leadTimeLines, rollbackLines } from "../../e2e/support/golden-events";
import { openTestServices, type TestServices } from "../../e2e/support/test-services";
import { importLines } from "../imports/import";

let t: TestServices;
let team: Awaited<ReturnType<TestServices["newTeam"]>>;
beforeAll(async () => {
  t = await openTestServices();
  team = await t.newTeam();
  async function* text() {
    for (const line of [...leadTimeLines("lead"), ...rollbackLines("back")]) yield JSON.stringify(line);
  }
  expect(await importLines(team.ctx, text())).toMatchObject({ rejected: [] });
});
afterAll(() => t.close());

test("the report says what the metrics say, and the period before of equal length", async () => {
  const report = await team.caller.metrics.report({ project: "back", ...GOLDEN_WINDOW });
  const dora = await team.caller.metrics.dora({ project: "back", ...GOLDEN_WINDOW });
  expect(report.now.changeFailRate).toEqual(dora.changeFailRate);
  expect(report.now.deploymentFrequency).toEqual(dora.deploymentFrequency);
  expect(report.windowBefore).toMatchObject({ from: "2026-01-29T00:00:00.000000Z", to: report.window.from });
  expect(report.before.changeFailRate).toMatchObject({ value: null, n: 0 });
  expect(report).toMatchObject({ apps: 1, deployments: 4, lastLiveAt: "2026-03-02T12:30:00.000000Z" });
});

test("failures carry the names that people know, and their remedy", async () => {
  const { failed, now } = await team.caller.metrics.report({ project: "back", ...GOLDEN_WINDOW });
  const { items } = await team.caller.deployments.listAll({ limit: 100 });
  const number = (clock: string) => items.find((one) => one.project === "back" && one.liveAt?.includes(`T${clock}`))?.number;
  expect(number("12:30")).toBeGreaterThan(0);
  expect(failed).toHaveLength(now.changeFailRate.numerator);
  expect(failed[0]).toMatchObject({
    app: "web",
    number: number("11:00"),
    recoveryS: golden.rollback_blames_the_right_release.expect.fdrt_s,
    remedy: { app: "web", number: number("12:30") },
    reason: `Rolled back by #${number("12:30")}.`,
  });
});

test("the window is what is asked for, and commits of both periods count", async () => {
  const { now, before } = await team.caller.metrics.report({ project: "lead", from: "2026-03-02T20:00:00Z", to: "2026-03-03T04:00:00Z" });
  expect(now.leadTime).toMatchObject({ n: 1, p50: null });
  expect(before.leadTime).toMatchObject({ n: 2, excluded: { merge: 1 } });
});

test("places are the team's own, and another team's project is not found", async () => {
  expect(await team.caller.metrics.places()).toEqual([
    { project: "back", app: "web", environment: "production" },
    { project: "lead", app: "web", environment: "production" },
  ]);
  const other = await t.newTeam();
  expect(await other.caller.metrics.places()).toEqual([]);
  await expect(other.caller.metrics.report({ project: "back" })).rejects.toMatchObject({ message: expect.stringContaining("back") });
});
