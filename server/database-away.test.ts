import { expect, test } from "vitest";
import { isDatabaseAway } from "./database-away";
import { AppError } from "./errors";

const refused = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });

test("a refused connection is the database's, at any depth, unless somebody has explained whose it was", () => {
  expect(isDatabaseAway(refused)).toBe(true);
  expect(isDatabaseAway(new Error("Failed query", { cause: new Error("driver", { cause: refused }) }))).toBe(true);
  expect(isDatabaseAway(new AppError("unavailable", { what: "The Docker engine does not answer" }, refused))).toBe(false);
  expect(isDatabaseAway(new Error("a bug"))).toBe(false);
  expect(isDatabaseAway("text")).toBe(false);
});
