import { execFileSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { findHeavyPages, findTraces } from "./client-bundle.mjs";
import { greenBefore, rememberGreen, treeHash } from "./green.mjs";
import { LEVELS, readLevels } from "./test-command.mjs";

test("without a level all are run, in order; an unknown one is refused", () => {
  expect(readLevels([])).toEqual({ levels: LEVELS, isWhole: true, isFull: false, isFresh: false });
  expect(readLevels(["--fresh"])).toMatchObject({ levels: LEVELS, isFresh: true });
  expect(readLevels(["faults", "unit", "--full"])).toEqual({ levels: ["unit", "faults"], isWhole: false, isFull: true, isFresh: true });
  expect(() => readLevels(["units"])).toThrow("there is no level units");
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

test("a level is green before when all of it passed on this very tree, within a day", () => {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), "green-"));
  const records = path.join(root, "records");
  expect(treeHash(root)).toBeNull();
  execFileSync("git", ["init", "-q", root]);
  fs.mkdirSync(path.join(root, "docs"));
  fs.writeFileSync(path.join(root, "a.ts"), "1");
  fs.writeFileSync(path.join(root, ".gitignore"), "records\n");
  const hash = treeHash(root);
  expect(greenBefore(hash, "engine", records)).toBeNull();
  rememberGreen(hash, "engine", { passed: 3, failed: 1, skipped: 0 }, records);
  rememberGreen(hash, "engine", { passed: 3, failed: 0, skipped: 1 }, records);
  rememberGreen(null, "engine", { passed: 3, failed: 0, skipped: 0 }, records);
  expect(greenBefore(hash, "engine", records)).toBeNull();
  rememberGreen(hash, "engine", { passed: 3, failed: 0, skipped: 0 }, records);
  expect(greenBefore(hash, "engine", records)).toMatchObject({ passed: 3 });
  expect(greenBefore(hash, "faults", records)).toBeNull();

  fs.writeFileSync(path.join(root, "docs", "a.md"), "words");
  expect(treeHash(root)).toBe(hash);
  for (const change of [
    () => fs.writeFileSync(path.join(root, "a.ts"), "2"),
    () => fs.writeFileSync(path.join(root, "b.ts"), ""),
    () => fs.chmodSync(path.join(root, "b.ts"), 0o755),
  ]) {
    const before = treeHash(root);
    change();
    expect(treeHash(root)).not.toBe(before);
  }
  expect(treeHash(root, "tcp://elsewhere")).not.toBe(treeHash(root));

  const yesterday = new Date(Date.now() - 25 * 3_600_000);
  for (const name of fs.readdirSync(records)) fs.utimesSync(path.join(records, name), yesterday, yesterday);
  expect(greenBefore(hash, "engine", records)).toBeNull();
  rememberGreen(hash, "faults", { passed: 1, failed: 0, skipped: 0 }, records);
  expect(fs.readdirSync(records)).toHaveLength(1);
  fs.rmSync(root, { recursive: true });
});
