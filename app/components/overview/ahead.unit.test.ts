import { describe, expect, test } from "vitest";
import type { UnderWay } from "../../../server/overview/schema";
import { drawUnderWay, leftText, shippingText } from "./ahead";

const begin = Date.parse("2026-03-20T12:00:00Z");
const run = (more: Partial<UnderWay>): UnderWay =>
  ({
    id: "one",
    status: "running",
    kind: "code",
    createdAt: new Date(begin).toISOString(),
    finishedAt: null,
    step: "build",
    stepStartedAt: new Date(begin + 10_000).toISOString(),
    spans: [],
    usual: [
      { step: "build", seconds: 30 },
      { step: "verify", seconds: 5 },
    ],
    ...more,
  }) as UnderWay;

describe("runs under way", () => {
  test("the end is predicted from what is left of each usual step", () => {
    const { drawn, max } = drawUnderWay([run({})], begin + 20_000);
    const [model] = drawn.map((one) => one.model);
    expect(model?.elapsed).toBe(20);
    expect(model?.predicted).toBe(45);
    expect(max).toBeGreaterThanOrEqual(45);
    expect(model && leftText(model)).toBe("~25\u202fs left");
  });

  test("all are on the scale of the longest", () => {
    const one = drawUnderWay([run({})], begin + 20_000).max;
    const both = drawUnderWay([run({}), run({ id: "two", createdAt: new Date(begin - 300_000).toISOString() })], begin + 20_000).max;
    expect(both).toBeGreaterThan(one);
  });

  test("without a history nothing is predicted; past its time it is any moment", () => {
    const [alone] = drawUnderWay([run({ usual: [] })], begin + 20_000).drawn;
    expect(alone?.model.predicted).toBeNull();
    expect(alone && leftText(alone.model)).toBe("20\u202fs so far");
    expect(leftText({ elapsed: 40, predicted: 40.2 })).toBe("any moment");
  });
});

test("how many ship, and how many of them wait", () => {
  expect(shippingText({ running: 0, queued: 0 })).toEqual({ said: "Nothing.", rest: "" });
  expect(shippingText({ running: 2, queued: 1 })).toEqual({ said: "Three.", rest: "One of them waits for its turn." });
  expect(shippingText({ running: 1, queued: 12 })).toEqual({ said: "13.", rest: "12 of them wait for their turn." });
  expect(shippingText({ running: 0, queued: 1 }).rest).toBe("It waits for its turn.");
});
