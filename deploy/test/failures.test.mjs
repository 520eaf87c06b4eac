import { execFileSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { countReport } from "./count.mjs";
import { readFailures, tell } from "./failures.mjs";
import { readPressure, shortOf } from "./pressure.mjs";
import { filesToRepeat, MOST_FILES, merge } from "./second-go.mjs";

const checkout = path.resolve(import.meta.dirname, "../..");
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "failures-"));
afterAll(() => fs.rmSync(folder, { recursive: true }));

const file = (/** @type {string} */ name, /** @type {string[]} */ ...statuses) => ({
  name: path.join(folder, name),
  status: statuses.includes("failed") || statuses.length === 0 ? "failed" : "passed",
  assertionResults: statuses.map((status) => ({ status })),
});

test("a run that failed without a failing test is a failure; a file that could not be loaded is one too", () => {
  const fine = { testResults: [file("a", "passed", "passed", "pending", "todo")] };
  expect(countReport(fine, true)).toEqual({ passed: 2, failed: 0, skipped: 2 });
  expect(countReport(fine, false)).toEqual({ passed: 2, failed: 1, skipped: 2 });
  expect(countReport(null, true)).toEqual({ passed: 0, failed: 1, skipped: 0 });
  expect(countReport({ testResults: [...fine.testResults, file("b"), file("c", "failed", "passed")] }, false)).toEqual({ passed: 3, failed: 2, skipped: 2 });
});

test("vitest's own run says what differed, where, and what failed outside of a test", () => {
  const [failing, broken] = [path.join(folder, "failing.test.mjs"), path.join(folder, "broken.test.mjs")];
  const imports = `import { beforeAll, expect, test } from ${JSON.stringify(path.join(checkout, "node_modules/vitest/dist/index.js"))};\n`;
  fs.writeFileSync(failing, `${imports}test("fine", () => expect(1).toBe(1));\ntest("differs", () => expect({ a: 1, b: "x" }).toMatchObject({ a: 2 }));\n`);
  fs.writeFileSync(broken, `${imports}beforeAll(() => { throw new Error("no platform"); });\ntest("never", () => expect(1).toBe(1));\n`);
  const report = path.join(folder, "failures.json");
  const args = [
    path.join(checkout, "node_modules/vitest/vitest.mjs"),
    "run",
    "--root",
    folder,
    `--reporter=${path.join(checkout, "deploy/test/failure-reporter.mjs")}`,
  ];
  expect(() => execFileSync(process.execPath, args, { stdio: "pipe", env: { ...process.env, DOKPLOY_TEST_FAILURES: report } })).toThrow();
  const told = (readFailures(report) ?? []).map((one) => tell("engine", one, null, folder));
  expect(told.map((text) => text.split("\n")[0]).sort()).toEqual(["engine: broken.test.mjs", "engine: failing.test.mjs: differs"]);
  expect(told.join("\n")).toMatch(/-\s+"a": 2,\n\s+\+\s+"a": 1,/);
  expect(told.join("\n")).toContain("at failing.test.mjs:3");
  expect(told.join("\n")).toContain("no platform");
  expect(readFailures(path.join(folder, "nothing.json"))).toBeNull();
});

test("what the platform complained of while the test ran stands beside it, and no more", () => {
  const logs = path.join(folder, "logs");
  fs.mkdirSync(logs);
  const line = (/** @type {number} */ level, /** @type {number} */ time, /** @type {string} */ msg, more = {}) =>
    JSON.stringify({ level, time, name: "worker", msg, ...more });
  const lines = [
    line(40, 900, "before"),
    line(30, 1100, "usual"),
    line(50, 1200, "no engine", { err: { message: "ECONNREFUSED" } }),
    line(40, 2100, "after"),
    '{"level":40,"ti',
  ];
  fs.writeFileSync(path.join(logs, "worker.log"), lines.join("\n"));
  const failure = {
    file: path.join(folder, "a.test.ts"),
    name: "one",
    messages: [Array.from({ length: 60 }, (_, n) => `line ${n}`).join("\n")],
    from: 1000,
    to: 2000,
  };
  const text = tell("engine", failure, logs, folder);
  expect(text).toMatch(/^engine: .*a\.test\.ts: one\n {2}line 0\n/);
  expect(text).toContain("line 28\n  …\n  [00:00:01.200 worker] no engine: ECONNREFUSED");
  expect(text).not.toMatch(/line 29|usual|before|after/);
});

test("files with failures are run again, unless they are many or not files; what fails twice has failed", () => {
  for (const name of ["a", "b"]) fs.writeFileSync(path.join(folder, name), "");
  const failure = (/** @type {string} */ name, /** @type {string} */ test) => ({ file: path.join(folder, name), name: test, messages: ["no"], from: 0, to: 0 });
  const result = (/** @type {object[]} */ testResults, /** @type {ReturnType<typeof failure>[]} */ ...failures) => ({
    count: countReport({ testResults }, failures.length === 0),
    failures,
    logs: null,
    report: { testResults },
  });
  const first = result([file("a", "passed", "failed", "failed"), file("c", "passed")], failure("a", "one"), failure("a", "two"));
  expect(filesToRepeat(first)).toEqual([path.join(folder, "a")]);
  expect(filesToRepeat({ ...first, failures: [failure("engine as a whole", "")] })).toEqual([]);
  expect(filesToRepeat({ ...first, failures: Array.from({ length: MOST_FILES + 1 }, (_, n) => failure(String(n), "")) })).toEqual([]);

  const second = merge(first, result([file("a", "passed", "passed", "failed")], failure("a", "two")), [path.join(folder, "a")]);
  expect(second.result.count).toEqual({ passed: 3, failed: 1, skipped: 0 });
  expect(second.result.failures.map(({ name }) => name)).toEqual(["two"]);
  expect(second.unsteady.map(({ name }) => name)).toEqual(["one"]);
  const gone = { count: countReport(null, false), failures: [failure("engine as a whole", "")], logs: null, report: null };
  expect(merge(first, gone, [path.join(folder, "a")])).toMatchObject({ result: { count: { passed: 1, failed: 1 } }, unsteady: [] });
});

test("what a machine was short of is told where the kernel counts it", () => {
  expect(shortOf([10, 1, 0], [40.4, 3, 0.2])).toBe("waited for a processor 30 s, for the disk 2 s, for memory 0 s");
  expect(shortOf(null, [1, 2, 3])).toBe("");
  expect(readPressure(path.join(folder, "none"))).toBeNull();
  fs.mkdirSync(path.join(folder, "psi"));
  for (const kind of ["cpu", "io", "memory"])
    fs.writeFileSync(path.join(folder, "psi", kind), "some avg10=0.00 total=2000000\nfull avg10=0.00 total=1000000\n");
  expect(readPressure(path.join(folder, "psi"))).toEqual([2, 1, 1]);
});
