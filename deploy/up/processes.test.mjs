import { spawn } from "node:child_process";
import { expect, test } from "vitest";
import { endProcess, isAlive, recordOf, startTimeIn } from "./processes.mjs";

const sleeper = (...args) => spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)", ...args], { stdio: "ignore" });

test("the start time is found behind a command with blanks and brackets", () => {
  const fields = Array.from({ length: 25 }, (_, index) => `f${index + 3}`)
    .join(" ")
    .replace("f3", "S");
  expect(startTimeIn(`42 (a ) b) ${fields}`)).toBe("f22");
  expect(startTimeIn(`42 (a) Z ${fields}`)).toBeNull();
  expect(startTimeIn(null)).toBeNull();
});

test("a recorded process is alive until it is ended, and is ended once", async () => {
  const record = recordOf(sleeper().pid);
  expect(isAlive(record)).toBe(true);
  expect(await endProcess(record)).toBe(true);
  expect(isAlive(record)).toBe(false);
  expect(await endProcess(record)).toBe(false);
});

test("a pid that was given to another process is left alone", async () => {
  const child = sleeper();
  const stranger = { ...recordOf(child.pid), startTime: "1" };
  expect(await endProcess(stranger)).toBe(false);
  expect(await endProcess({ ...recordOf(child.pid), bootId: "another boot" })).toBe(false);
  expect(isAlive(recordOf(child.pid))).toBe(true);
  await endProcess(recordOf(child.pid));
});

test("what does not listen to a signal is killed after its time", async () => {
  const child = spawn(process.execPath, ["-e", "process.on('SIGTERM', () => {}); console.log('on'); setInterval(() => {}, 1000)"], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  await new Promise((resolve) => child.stdout.once("data", resolve));
  const ended = new Promise((resolve) => child.once("exit", (_code, signal) => resolve(signal)));
  await endProcess(recordOf(child.pid), { graceMs: 100 });
  expect(await ended).toBe("SIGKILL");
});
