import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canarySchema, STRATEGIES } from "../apps/schema";
import { scheduleOf, scheduleWords } from "./strategy";

const canary = canarySchema.parse({});

describe("a schedule", () => {
  test("of blue-green is one step; of recreate too, without the old release", () => {
    expect(scheduleOf("blue-green", 3, canary)).toEqual([{ newReplicas: 3, oldReplicas: 3, newWeight: 100, holdS: 0 }]);
    expect(scheduleOf("recreate", 1, canary)).toEqual([{ newReplicas: 1, oldReplicas: 0, newWeight: 100, holdS: 0 }]);
  });

  test("of a canary goes up in its steps and holds each", () => {
    const steps = [
      { weight: 10, holdS: 5 },
      { weight: 40, holdS: 0 },
    ];
    expect(scheduleOf("canary", 2, { steps }).map(({ newWeight, holdS }) => [newWeight, holdS])).toEqual([
      [10, 5],
      [40, 0],
      [100, 0],
    ]);
    expect(scheduleWords("canary", scheduleOf("canary", 2, { steps }))).toBe("canary: the new release gets 10 % for 5 s, then 40 %, then 100 % of the traffic");
  });

  test("ends with all of the traffic on all new replicas, never takes more than one replica beyond, and its shares only grow", () => {
    fc.assert(
      fc.property(fc.constantFrom(...STRATEGIES), fc.integer({ min: 1, max: 100 }), (strategy, replicas) => {
        const schedule = scheduleOf(strategy, replicas, canary);
        expect(schedule.at(-1)).toMatchObject({ newReplicas: replicas, newWeight: 100, holdS: 0 });
        for (const [at, step] of schedule.entries()) {
          expect(step.newWeight).toBeGreaterThan(schedule[at - 1]?.newWeight ?? 0);
          if (strategy === "rolling") expect(step.newReplicas + step.oldReplicas).toBe(replicas + 1);
        }
      }),
    );
  });
});

describe("a canary's settings", () => {
  test("weights that do not grow are refused; what is absent has its default", () => {
    expect(
      canarySchema.safeParse({
        steps: [
          { weight: 50, holdS: 1 },
          { weight: 20, holdS: 1 },
        ],
      }).success,
    ).toBe(false);
    expect(canarySchema.parse({ maxErrorPercent: 10 })).toMatchObject({ maxErrorPercent: 10, minRequests: 20, steps: canary.steps });
  });
});
