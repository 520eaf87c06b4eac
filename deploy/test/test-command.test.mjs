import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { findHeavyPages, findTraces } from "./client-bundle.mjs";
import { LEVELS, readLevels } from "./test-command.mjs";
import { countReport } from "./vitest-run.mjs";

test("without a level all are run, in order; an unknown one is refused", () => {
  expect(readLevels([])).toEqual({ levels: LEVELS, isWhole: true, isFull: false });
  expect(readLevels(["faults", "unit", "--full"])).toEqual({ levels: ["unit", "faults"], isWhole: false, isFull: true });
  expect(() => readLevels(["units"])).toThrow("there is no level units");
});

test("a run that failed without a failing test is a failure", () => {
  const report = { numPassedTests: 3, numFailedTests: 0, numPendingTests: 1, numTodoTests: 1, testResults: [] };
  expect(countReport(report, true)).toEqual({ passed: 3, failed: 0, skipped: 2 });
  expect(countReport(report, false)).toEqual({ passed: 3, failed: 1, skipped: 2 });
  expect(countReport(null, true)).toEqual({ passed: 0, failed: 1, skipped: 0 });
  const broken = {
    ...report,
    numFailedTests: 1,
    testResults: [
      { status: "failed", assertionResults: [] },
      { status: "failed", assertionResults: [{ status: "failed" }] },
    ],
  };
  expect(countReport(broken, false).failed).toBe(2);
});

test("a server package in the browser's bundle is found", () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "bundle-"));
  fs.writeFileSync(path.join(folder, "a.js"), "fine");
  expect(findTraces(folder)).toBeNull();
  fs.writeFileSync(path.join(folder, "b.js"), 'x.maxRetriesPerRequest=null;import "node:crypto"');
  expect(findTraces(folder)).toContain("b.js: ioredis");
  fs.rmSync(folder, { recursive: true });
  expect(findTraces(folder)).toContain("not built");
});

test("a page is weighed with its parents and what they all load first; pages with charts are not", () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "bundle-"));
  const noise = (/** @type {number} */ bytes) => Array.from({ length: bytes }, (_, n) => String.fromCharCode(33 + ((n * n * 31 + n * 17) % 89))).join("");
  const manifest = {
    entry: { module: "/build/entry.js" },
    routes: {
      root: { id: "root", module: "/build/root.js" },
      page: { id: "page", parentId: "root", module: "/build/page.js", imports: ["/build/big.js"] },
      chart: { id: "chart", parentId: "page", module: "/build/chart.js" },
    },
  };
  fs.writeFileSync(path.join(folder, "manifest-1.js"), `window.__remixManifest=${JSON.stringify(manifest)};`);
  for (const name of ["entry", "root", "page"]) fs.writeFileSync(path.join(folder, `${name}.js`), "");
  fs.writeFileSync(path.join(folder, "big.js"), noise(4000));
  fs.writeFileSync(path.join(folder, "chart.js"), "recharts");
  expect(findHeavyPages(folder, 10_000)).toBeNull();
  expect(findHeavyPages(folder, 100)).toBe("page: 0 KiB");
  fs.rmSync(folder, { recursive: true });
  expect(findHeavyPages(folder, 100)).toContain("not built");
});
