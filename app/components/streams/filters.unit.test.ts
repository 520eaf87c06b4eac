import { describe, expect, test } from "vitest";
import { optionsOf, queryOf, readFilters } from "./filters";

const read = (query: string) => readFilters(new URLSearchParams(query));
const PLACES = [
  { project: "shop", app: "web", environment: "production" },
  { project: "shop", app: "web", environment: "staging" },
  { project: "tools", app: "ci", environment: "production" },
];

describe("filters", () => {
  test("nothing asked is everything, in the last 28 days", () => {
    expect(read("")).toEqual({ project: "", app: "", environment: "", period: "28", from: "", to: "", tz: "UTC" });
    expect(queryOf(read(""))).toBe("");
  });

  test("dates without a period are meant; with another period they are not", () => {
    expect(read("from=2026-03-01&to=2026-03-31")).toMatchObject({ period: "dates", from: "2026-03-01", to: "2026-03-31" });
    expect(read("period=7&from=2026-03-01")).toMatchObject({ period: "7", from: "" });
    expect(read("period=13")).toMatchObject({ period: "28" });
  });

  test("an application of another project gives way to the project", () => {
    expect(read("project=tools&app=shop/web").app).toBe("");
    expect(read("project=shop&app=shop/web").app).toBe("shop/web");
    expect(read("app=shop/web").app).toBe("shop/web");
  });

  test("a query that is written is read back the same", () => {
    const filters = read("project=shop&app=shop/web&environment=staging&period=90&tz=Europe/Berlin");
    expect(readFilters(new URLSearchParams(queryOf(filters)))).toEqual(filters);
    expect(queryOf(filters, { project: "", app: "", tz: "UTC" })).toBe("?environment=staging&period=90");
  });

  test("what can be chosen follows the project, each thing once", () => {
    const all = optionsOf(PLACES, read(""));
    expect(all.projects.map((one) => one.value)).toEqual(["shop", "tools"]);
    expect(all.apps.map((one) => one.label)).toEqual(["shop/web", "tools/ci"]);
    expect(optionsOf(PLACES, read("project=shop")).apps).toEqual([{ value: "shop/web", label: "web" }]);
    expect(optionsOf(PLACES, read("project=tools")).environments).toEqual([{ value: "production", label: "production" }]);
  });

  test("what was asked for and does not exist stays chosen", () => {
    expect(optionsOf(PLACES, read("project=gone")).projects.map((one) => one.value)).toEqual(["gone", "shop", "tools"]);
  });
});
