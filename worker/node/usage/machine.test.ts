import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createMachine } from "./machine";

let root: string;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), "machine-"));
});
afterEach(() => rmSync(root, { recursive: true }));

const write = (file: string, text: string) => {
  mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
  writeFileSync(path.join(root, file), text);
};
const DEV = "a\nb\n  lo: 5 0 0 0 0 0 0 0 5 0 0 0 0 0 0 0\neth0: 100 0 0 0 0 0 0 0 200 0 0 0 0 0 0 0\n";

test("a container's counters are found by its process", () => {
  write("/proc/42/cgroup", "0::/docker/abc123\n");
  write("/proc/42/net/dev", DEV);
  const folder = "/sys/fs/cgroup/docker/abc123";
  write(`${folder}/cpu.stat`, "usage_usec 77\n");
  write(`${folder}/memory.current`, "1000\n");
  write(`${folder}/memory.stat`, "inactive_file 400\n");
  const machine = createMachine({ root, dataRoot: "/" });
  const ref = { id: "abc123", pid: 42 };
  expect(machine.container(ref)).toEqual({ cpuMicros: 77, memoryBytes: 600, readBytes: 0, writtenBytes: 0, receivedBytes: 100, sentBytes: 200 });
  // the place is remembered, its content is not
  rmSync(path.join(root, "/proc/42/cgroup"));
  write(`${folder}/cpu.stat`, "usage_usec 99\n");
  expect(machine.container(ref)?.cpuMicros).toBe(99);
  machine.keepOnly(new Set());
  expect(machine.container(ref)).toBeNull();
});

test("a process that is not the container's is not taken for it", () => {
  write("/proc/42/cgroup", "0::/user.slice/somebody-else\n");
  write("/sys/fs/cgroup/user.slice/somebody-else/cpu.stat", "usage_usec 77\n");
  write("/sys/fs/cgroup/user.slice/somebody-else/memory.current", "1\n");
  expect(createMachine({ root, dataRoot: "/" }).container({ id: "abc123", pid: 42 })).toBeNull();
  expect(createMachine({ root, dataRoot: "/" }).container({ id: "abc123", pid: 43 })).toBeNull();
});

test("this machine says of itself what it has, and no less than nothing", async () => {
  const node = await createMachine({ dataRoot: "/" }).node();
  expect(node.cores).toBeGreaterThan(0);
  expect(node.cpuMicros).toBeGreaterThan(0);
  expect(node.memoryBytes).toBeGreaterThan(0);
  expect(node.memoryBytes).toBeLessThan(node.memoryTotal);
  expect(node.diskUsed).toBeLessThanOrEqual(node.diskTotal);
});
