import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fromIso } from "../../db/schema/columns";
import golden from "../../e2e/support/golden-cases.json";
import { hoursOf, localDate, localDates, readWindow, startOfDate, wholeWeeks } from "./calendar";

const at = (text: string) => fromIso(text.replace("Z", ":00Z"));

test("the golden days in their time zones", () => {
  const { live, expect: wanted } = golden.calendar_days_in_time_zones;
  for (const tz of ["UTC", "Europe/Berlin", "America/New_York"] as const) {
    const counts: Record<string, number> = {};
    for (const instant of live) counts[localDate(at(instant), tz)] = (counts[localDate(at(instant), tz)] ?? 0) + 1;
    expect(counts).toEqual(wanted[tz]);
  }
  expect(hoursOf("2026-03-29", "Europe/Berlin")).toBe(wanted["berlin_2026-03-29_hours"]);
});

describe("days and weeks", () => {
  test("the days that a window touches, half-open and across a change of clocks", () => {
    const tz = "Europe/Berlin";
    expect(localDates(startOfDate("2026-03-28", tz), startOfDate("2026-03-31", tz), tz)).toEqual(["2026-03-28", "2026-03-29", "2026-03-30"]);
    expect(localDates(startOfDate("2026-03-28", tz), startOfDate("2026-03-28", tz), tz)).toEqual([]);
    expect(localDates(startOfDate("2026-03-28", tz) + 1, startOfDate("2026-03-29", tz) + 1, tz)).toEqual(["2026-03-28", "2026-03-29"]);
  });

  test("only whole ISO weeks count", () => {
    const weeks = wholeWeeks(at("2026-03-01T00:00Z"), at("2026-03-16T00:00Z"), "UTC");
    expect(weeks.map((week) => [week[0], week[6]])).toEqual([
      ["2026-03-02", "2026-03-08"],
      ["2026-03-09", "2026-03-15"],
    ]);
    expect(wholeWeeks(at("2026-03-02T00:01Z"), at("2026-03-09T00:00Z"), "UTC")).toEqual([]);
  });

  test("in any zone the days of a window are consecutive, and each instant's date is among them", () => {
    const zone = fc.constantFrom("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Apia", "Australia/Lord_Howe");
    fc.assert(
      fc.property(
        zone,
        fc.integer({ min: 0, max: 4_000_000 }),
        fc.integer({ min: 1, max: 40 * 1440 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (tz, minute, length, part) => {
          const from = (1_577_836_800 + minute * 60) * 1_000_000;
          const to = from + length * 60_000_000;
          const days = localDates(from, to, tz);
          expect(new Set(days).size).toBe(days.length);
          expect(days).toContain(localDate(from + Math.floor((to - from) * part), tz));
          expect(days.at(-1)).toBe(localDate(to - 1, tz));
        },
      ),
    );
  });
});

test("a window is read as dates in its zone or as instants; what is neither says so", () => {
  expect(readWindow({ from: "2026-03-01", to: "2026-03-02", tz: "Europe/Berlin" }, 0)).toEqual({
    from: at("2026-02-28T23:00Z"),
    to: at("2026-03-01T23:00Z"),
    tz: "Europe/Berlin",
  });
  expect(readWindow({ from: "2026-03-01T12:00:00.123456Z", to: "2026-03-02T00:00:00+01:00" }, 0)).toEqual({
    from: fromIso("2026-03-01T12:00:00.123456Z"),
    to: at("2026-03-01T23:00Z"),
    tz: "UTC",
  });
  for (const wrong of [{ from: "yesterday" }, { tz: "Mars/Olympus" }, { from: "2026-03-02", to: "2026-03-01" }]) expect(() => readWindow(wrong, 0)).toThrow();
});
