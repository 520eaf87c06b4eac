import fc from "fast-check";
import { expect, test } from "vitest";
import { fromIso, toIso } from "../../db/schema/columns";
import { KEPT, MOST_POINTS } from "./schema";
import { DAY, keptFrom, readUsageWindow, SECOND } from "./window";

const NOW = fromIso("2026-03-20T14:19:26.5Z");
const ago = (seconds: number) => toIso(NOW - seconds * SECOND);

test("the step is the smallest that draws the window with at most 400 points and is still kept", () => {
  const step = (seconds: number) => readUsageWindow({ from: ago(seconds) }, NOW).step;
  expect(readUsageWindow({}, NOW).step).toBe(300);
  expect(step(3600)).toBe(10);
  expect(step(4000)).toBe(10);
  expect(step(4001)).toBe(60);
  expect(step(7 * 86_400)).toBe(3600);
  expect(step(400 * 86_400)).toBe(86_400);
  // an hour of last week is no longer kept by ten seconds
  expect(readUsageWindow({ from: ago(7 * 86_400), to: ago(7 * 86_400 - 3600) }, NOW)).toMatchObject({ step: 60, stored: 60 });
  expect(readUsageWindow({ from: ago(70 * 86_400), to: ago(70 * 86_400 - 3600) }, NOW)).toMatchObject({ step: 3600, stored: 3600 });
});

test("a window is whole steps, holds what was asked for, and is made of rows that are all there", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 399 * 86_400 }), fc.integer({ min: 0, max: 398 * 86_400 }), (seconds, before) => {
      const to = NOW - before * SECOND;
      const from = Math.max(to - seconds * SECOND, NOW - 399 * DAY);
      if (from >= to) return;
      const window = readUsageWindow({ from: toIso(from), to: toIso(to) }, NOW);
      expect(window.from % (window.step * SECOND)).toBe(0);
      expect(window.to % (window.step * SECOND)).toBe(0);
      expect(window.from).toBeLessThanOrEqual(from);
      expect(window.to).toBeGreaterThanOrEqual(to);
      expect((window.to - window.from) / SECOND / window.step).toBeLessThanOrEqual(MOST_POINTS + 2);
      expect(window.step % window.stored).toBe(0);
      if (window.stored !== 3600) expect(window.from).toBeGreaterThanOrEqual(keptFrom(window.stored, NOW));
    }),
  );
});

test("what is kept begins at a whole hour: no minute and no hour is made of a part of its samples", () => {
  for (const { step, days } of KEPT) {
    expect(keptFrom(step, NOW) % (3600 * SECOND)).toBe(0);
    expect(NOW - keptFrom(step, NOW)).toBeGreaterThanOrEqual(days * DAY);
  }
});

test("a question that cannot be answered says what would be", () => {
  const refusal = (input: Parameters<typeof readUsageWindow>[0]) => {
    try {
      readUsageWindow(input, NOW);
    } catch (error) {
      return (error as { explanation: { what: string; fix: string } }).explanation;
    }
    throw new Error("it was answered");
  };
  expect(refusal({ from: ago(0), to: ago(10) }).what).toBe("The window ends before it begins.");
  expect(refusal({ step: 7 })).toMatchObject({ what: "step is not one of 10, 60, 300, 900, 3600, 10800, 21600, 86400 seconds." });
  expect(refusal({ from: ago(7 * 86_400), step: 10 })).toMatchObject({
    what: "10 s is finer than what is kept of that time.",
    fix: "Ask for 60 or more, or for a later from.",
  });
  expect(refusal({ from: ago(14 * 86_400), step: 60 }).what).toBe("That would be more than 5000 points.");
  expect(refusal({ from: "yesterday" }).what).toContain("yesterday");
});
