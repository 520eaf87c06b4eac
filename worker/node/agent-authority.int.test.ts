import { X509Certificate } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { authorities } from "../../db/schema";
import { openTestServices, type TestServices } from "../../e2e/support/test-services";
import { readAuthority } from "./agent-authority";

let t: TestServices;
beforeAll(async () => {
  t = await openTestServices();
});
afterAll(() => t.close());

test("the authority is made once, whichever worker comes first, and lies sealed", async () => {
  const [first, second] = await Promise.all([readAuthority(t.worker), readAuthority(t.worker)]);
  expect(second).toEqual(first);
  expect(await readAuthority(t.worker)).toEqual(first);
  const rows = await t.worker.db.select().from(authorities);
  expect(rows).toHaveLength(1);
  expect(rows[0]?.sealed).not.toContain("PRIVATE KEY");
  expect(new X509Certificate(first.worker.certificate).verify(new X509Certificate(first.authority).publicKey)).toBe(true);
});

test("web cannot read it, though it has the master key", async () => {
  await expect(t.web.sql`select * from authorities`).rejects.toThrow(/permission denied/);
  await expect(t.web.sql`insert into authorities values ('agents', '', now())`).rejects.toThrow(/permission denied/);
});

test("a year before its certificates end it is made anew, once", async () => {
  const before = await readAuthority(t.worker);
  const later = { ...t.worker, clock: () => t.worker.clock() + 2.5 * 365 * 86_400 * 1e6 };
  const [first, second] = await Promise.all([readAuthority(later), readAuthority(later)]);
  expect(first.authority).not.toBe(before.authority);
  expect(second).toEqual(first);
});
