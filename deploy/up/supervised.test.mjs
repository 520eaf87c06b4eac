import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { isAlive } from "./processes.mjs";
import { pauseMs, supervise } from "./supervised.mjs";

const plan = (code) => ({
  name: "one",
  command: process.execPath,
  args: ["-e", code],
  env: {},
  cwd: "/",
  stopSignal: "SIGTERM",
  graceMs: 1_000,
  ready: { kind: "none" },
});

test("what is killed is back within two seconds however often; what ends by itself waits longer after a while", () => {
  expect(pauseMs(1, true)).toBe(0);
  for (let ends = 1; ends < 100; ends++) expect(pauseMs(ends, true)).toBeLessThan(2_000);
  expect(pauseMs(1, false)).toBe(0);
  expect(pauseMs(20, false)).toBe(5_000);
});

test("a process that is killed is started again; closing ends it for good", async () => {
  const notes = [];
  const one = supervise(plan("setInterval(() => {}, 1000)"), { sink: () => {}, note: (line) => notes.push(line), onChange: () => {} });
  await one.untilReady(1_000);
  const first = one.record();
  process.kill(first.pid, "SIGKILL");
  while (isAlive(first) || one.record() === null || one.record().pid === first.pid) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(notes).toEqual(["one ended (SIGKILL), starting again"]);
  const second = one.record();
  await one.close();
  expect(isAlive(second)).toBe(false);
  expect(one.record()).toBeNull();
});

test("a process that ends each time is said so", async () => {
  const one = supervise(plan("process.exit(3)"), { sink: () => {}, note: () => {}, onChange: () => {} });
  await expect(
    (async () => {
      for (;;) {
        await one.untilReady(5_000);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    })(),
  ).rejects.toThrow("status 3");
  await one.close();
}, 20_000);

test("upkeep runs before the process and between, never beside it; that it fails keeps nothing from running", async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "upkeep-"));
  const diary = path.join(folder, "diary");
  const write = (word) => `require("node:fs").appendFileSync(${JSON.stringify(diary)}, "${word} ")`;
  const served = `${write("on")}; process.on("SIGTERM", () => { ${write("off")}; process.exit(0); }); setInterval(() => {}, 1000);`;
  const notes = [];
  const upkeep = { args: ["-e", `${write("kept")}; process.exit(2)`], everyMs: 700 };
  const one = supervise({ ...plan(served), upkeep }, { sink: () => {}, note: (line) => notes.push(line), onChange: () => {} });
  const words = () => (fs.existsSync(diary) ? fs.readFileSync(diary, "utf8").trim().split(" ") : []);
  while (words().length < 6) await new Promise((resolve) => setTimeout(resolve, 20));
  await one.close();
  expect(words().slice(0, 6)).toEqual(["kept", "on", "off", "kept", "on", "off"]);
  expect(new Set(notes)).toEqual(new Set(["one: its upkeep failed (status 2); it starts without"]));
  fs.rmSync(folder, { recursive: true });
}, 20_000);
