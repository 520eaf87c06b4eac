import fc from "fast-check";
import { expect, test } from "vitest";
import { fromIso, toIso } from "./columns";

test("an instant survives the way to text and back to the microsecond", () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 4_000_000_000_000_000 }), (at) => fromIso(toIso(at)) === at));
});

test("PostgreSQL's own form is read", () => {
  expect(fromIso("2026-03-20 14:19:26.123456+00")).toBe(Date.UTC(2026, 2, 20, 14, 19, 26) * 1000 + 123_456);
  expect(fromIso("2026-03-20 15:19:26+01")).toBe(Date.UTC(2026, 2, 20, 14, 19, 26) * 1000);
  expect(fromIso("2026-03-20T14:19:26.5Z")).toBe(Date.UTC(2026, 2, 20, 14, 19, 26) * 1000 + 500_000);
});

test("anything else is refused", () => {
  expect(() => fromIso("yesterday")).toThrow(RangeError);
});
