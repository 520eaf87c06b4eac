import { expect, test } from "vitest";
import type { MapStep, ValueStreamMap } from "../../../server/metrics/map";
import { apartText, compareSteps, drawManual, drawSteps, totalTiles, withBefore } from "./map-model";

const step = (key: string, cls: MapStep["class"], seconds: number, more: Partial<MapStep> = {}): MapStep => ({
  key,
  title: key,
  class: cls,
  processTime: cls === "wait" ? 0 : seconds,
  waitTime: cls === "wait" ? seconds : 0,
  leadTime: seconds,
  activityRatio: null,
  percentCompleteAccurate: null,
  n: 2,
  utilisation: null,
  ...more,
});
const MAP: ValueStreamMap = {
  steps: [step("queue", "wait", 60, { n: 1 }), step("build", "va", 30, { percentCompleteAccurate: 0.5 }), step("push-image", "nnva", 10)],
  total: { runs: 2, processTime: 40, waitTime: 60, leadTime: 100, pce: 0.3, activityRatio: 0.4, rolledCA: null, throughput: 0.5, wip: 0.1, littlesLaw: 0.1 },
  fromPush: { leadTime: 80, pce: null, activityRatio: null },
  bottleneck: { step: "queue", share: 0.6, remedy: "Build more at once." },
};

test("rungs are of a mean run and add up to its lead time", () => {
  const drawn = drawSteps(MAP);
  expect(drawn.map((one) => one.lead)).toEqual([30, 15, 5]);
  expect(drawn.reduce((sum, one) => sum + one.share, 0)).toBeCloseTo(1, 9);
  expect(drawn[0]).toMatchObject({ kind: "wait", isBottleneck: true, runs: "1 of 2" });
  expect(drawn.map((one) => one.kind)).toEqual(["wait", "work", "support"]);
});

test("what is not known is said so", () => {
  const tiles = totalTiles(MAP, 4);
  expect(tiles.find((one) => one.label === "Rolled %C/A")?.value).toBe("not known");
  expect(tiles.find((one) => one.label === "Throughput")).toMatchObject({ value: "0.50", how: "2 runs ÷ 4 days" });
});

test("an empty map divides by nothing", () => {
  const empty = { ...MAP, steps: [step("build", "va", 0)], total: { ...MAP.total, runs: 0, leadTime: 0 } };
  expect(drawSteps(empty)[0]).toMatchObject({ lead: 0, share: 0 });
});

test("what was set apart is counted by how it ended", () => {
  expect(apartText({ failed: 2, cancelled: 0, superseded: 1 })).toBe("2 failed, 1 superseded");
  expect(apartText({})).toBeNull();
});

test("two periods: a mean run of each, steps that only one had included", () => {
  const before: ValueStreamMap = { ...MAP, steps: [step("queue", "wait", 40), step("review", "wait", 20)], total: { ...MAP.total, runs: 4, leadTime: 60 } };
  expect(compareSteps(MAP, before).map(({ key, now, before: was }) => [key, now, was])).toEqual([
    ["queue", 30, 10],
    ["build", 15, null],
    ["push-image", 5, null],
    ["review", null, 5],
  ]);
  expect(withBefore(drawSteps(MAP), before).map((one) => one.was)).toEqual([10, null, null]);
  expect(withBefore(drawSteps(MAP), { ...before, total: { ...before.total, runs: 0 } })[0]?.was).toBeUndefined();
});

test("what people say is drawn apart from what is measured, and has no share of it", () => {
  const manual = { title: "Review", processS: 3600, waitS: 86_400, class: "va" as const, projectId: null, setBy: "a", setAt: "" };
  const steps = [
    { ...manual, id: "1", place: "before" as const },
    { ...manual, id: "2", place: "after" as const },
  ];
  expect(drawManual(steps, "before")).toMatchObject([{ key: "1", lead: 90_000, share: 0, isManual: true }]);
  expect(drawManual(steps, "after").map((one) => one.key)).toEqual(["2"]);
});
