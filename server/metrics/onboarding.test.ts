import { expect, test } from "vitest";
import { fromIso } from "../../db/schema/columns";
import { onboarding, type PersonRecord } from "./onboarding";

const begin = fromIso("2026-01-01T00:00:00Z");
const DAY = 86_400_000_000;
const window = { from: 0, to: begin + 400 * DAY, tz: "UTC" };
const person = (id: string, signedUp: number, live: number | null, active: number[] = []): PersonRecord => ({
  id,
  signedUpAt: begin + signedUp * DAY,
  firstLiveAt: live === null ? null : begin + live * DAY,
  activeAt: active.map((day) => begin + day * DAY),
});

test("the median is Kaplan and Meier’s: who has not deployed yet counts as long as they have waited", () => {
  // after 1, 3 and 6 days one each of 5, 4 and 2 at risk: 0.8 · 0.75 · 0.5 = 0.3; dropping the censored would say 3
  const people = [person("a", 0, 1), person("b", 0, 3), person("c", 5, null), person("d", 0, 6), person("e", 0, null)];
  const result = onboarding(people, window, begin + 9 * DAY);
  expect(result.timeToFirstDeployment).toMatchObject({ median: (6 * DAY) / 1_000_000, n: 5, censored: 2 });
  expect(onboarding([person("a", 0, 1), person("b", 0, null), person("c", 0, null)], window, begin + 9 * DAY).timeToFirstDeployment.median).toBeNull();
});

test("activation is of sign-ups at least 7 days old, retention of those at least 37, active in days [30, 37)", () => {
  const people = [person("old", 0, 7, [30]), person("late", 0, 8, [29.99, 37]), person("edge", 3, null, []), person("young", 36, 36.5)];
  const result = onboarding(people, window, begin + 40 * DAY);
  expect(result.activation).toMatchObject({ numerator: 1, denominator: 3, excluded: { too_young: 1 } });
  expect(result.retention).toMatchObject({ numerator: 1, denominator: 3 });
  expect(result.funnel.map(({ key, n, of, dropped }) => [key, n, of, dropped])).toEqual([
    ["signed_up", 4, 4, 0],
    ["deployed", 3, 4, 1],
    ["activated", 1, 3, 2],
    ["retained", 1, 3, 2],
  ]);
});

test("what is later than now is not known, and what lies before the sign-up is left out", () => {
  const result = onboarding([person("a", 0, 20), person("b", 5, 2)], window, begin + 10 * DAY);
  expect(result.timeToFirstDeployment).toMatchObject({ n: 1, censored: 1, excluded: { negative_span: 1 } });
  expect(onboarding([], window, begin)).toMatchObject({ activation: { value: null, interval: null }, timeToFirstDeployment: { median: null } });
});
