import { expect, test } from "vitest";
import { readUsageFilters, windowOf } from "./periods";

const NOW = Date.parse("2026-03-20T12:00:00Z");
const read = (query: string) => readUsageFilters(new URLSearchParams(query));

test("the address says how far back a page looks; what it does not understand is as if it were not there", () => {
  expect(read("")).toEqual({ period: "6h", from: "", to: "" });
  expect(read("period=7d&from=2026-03-01")).toEqual({ period: "7d", from: "", to: "" });
  expect(read("period=dates&from=2026-03-01&to=2026-03-03")).toEqual({ period: "dates", from: "2026-03-01", to: "2026-03-03" });
  expect(read("from=yesterday")).toEqual({ period: "6h", from: "", to: "" });
});

test("a day is meant with all of it, up to now", () => {
  expect(windowOf(read("period=1h"), NOW)).toEqual({ from: "2026-03-20T11:00:00.000Z" });
  expect(windowOf(read("from=2026-03-01&to=2026-03-03"), NOW)).toEqual({ from: "2026-03-01", to: "2026-03-04T00:00:00.000Z" });
  expect(windowOf(read("from=2026-03-01&to=2026-03-20"), NOW)).toEqual({ from: "2026-03-01" });
  expect(windowOf(read("from=2026-03-01"), NOW)).toEqual({ from: "2026-03-01" });
});
