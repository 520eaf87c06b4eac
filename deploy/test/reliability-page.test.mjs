// @ts-check
import { expect, test } from "vitest";
import { reliabilityPage } from "./reliability-page.mjs";

test("a row a fact, under its group; what was not measured is a dash, and a bar in a message stays in its cell", () => {
  const facts = [
    { group: "kill -9", case: "in build", sent: 10, failed: 0, toLeaseS: 1.26, toEndS: 7.04, end: "succeeded" },
    { group: "bad releases", case: "deaf", sent: 5, failed: 1, toLeaseS: null, toEndS: null, end: "failed: a|b\nc" },
  ];
  const page = reliabilityPage(facts, { date: "2026-01-02", machine: "a machine" });
  expect(page).toContain("## kill -9\n");
  expect(page).toContain("| in build | 10 | 0 | 1.3 | 7.0 | succeeded |");
  expect(page).toContain("| deaf | 5 | 1 | – | – | failed: a\\|b c |");
  expect(page).toContain("on 2026-01-02, on a machine");
});
