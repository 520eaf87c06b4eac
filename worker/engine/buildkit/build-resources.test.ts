import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, totalmem } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { defaultMemory, limitBuilds } from "./build-resources";

let root: string;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), "cgroup-"));
});
afterEach(() => rmSync(root, { recursive: true }));
const read = (name: string) => readFileSync(path.join(root, name), "utf8");

test("one hierarchy (v2): memory.max and cpu.max, and none again", async () => {
  writeFileSync(path.join(root, "cgroup.controllers"), "cpu memory");
  mkdirSync(path.join(root, "docker"));
  await limitBuilds({ memoryBytes: 2 ** 30, cpus: 1.5 }, root);
  expect([read("docker/buildkit/memory.max"), read("docker/buildkit/cpu.max")]).toEqual(["1073741824", "150000 100000"]);
  await limitBuilds({ memoryBytes: 0, cpus: 0 }, root);
  expect([read("docker/buildkit/memory.max"), read("docker/buildkit/cpu.max")]).toEqual(["max", "max"]);
});

test("a hierarchy each (v1): the limit, the period and the quota, and none again", async () => {
  for (const name of ["memory", "cpu"]) mkdirSync(path.join(root, name, "docker"), { recursive: true });
  await limitBuilds({ memoryBytes: 2 ** 30, cpus: 0.5 }, root);
  expect(["memory/docker/buildkit/memory.limit_in_bytes", "cpu/docker/buildkit/cpu.cfs_period_us", "cpu/docker/buildkit/cpu.cfs_quota_us"].map(read)).toEqual([
    "1073741824",
    "100000",
    "50000",
  ]);
  await limitBuilds({ memoryBytes: 0, cpus: 0 }, root);
  expect(["memory/docker/buildkit/memory.limit_in_bytes", "cpu/docker/buildkit/cpu.cfs_quota_us"].map(read)).toEqual(["-1", "-1"]);
});

test("where nobody asked, builds leave the machine its own; what somebody else asked for stays", async () => {
  writeFileSync(path.join(root, "cgroup.controllers"), "cpu memory");
  mkdirSync(path.join(root, "docker"));
  const unasked = () => limitBuilds({ memoryBytes: null, cpus: null }, root);
  await unasked();
  expect(Number(read("docker/buildkit/memory.max"))).toBe(defaultMemory(totalmem()));
  await limitBuilds({ memoryBytes: 2 ** 29, cpus: 1 }, root);
  await unasked();
  expect([read("docker/buildkit/memory.max"), read("docker/buildkit/cpu.max")]).toEqual([String(2 ** 29), "100000 100000"]);
  await limitBuilds({ memoryBytes: 0, cpus: null }, root);
  await unasked();
  expect(Number(read("docker/buildkit/memory.max"))).toBe(defaultMemory(totalmem()));
  const gib = 1024 ** 3;
  expect([1, 4, 24].map((total) => defaultMemory(total * gib) / gib)).toEqual([0.5, 3, 21]);
});

test("where they cannot be set, it says why", async () => {
  await expect(limitBuilds({ memoryBytes: 1, cpus: 1 }, root)).rejects.toThrow("no control groups are mounted");
  writeFileSync(path.join(root, "cgroup.controllers"), "cpu memory");
  await expect(limitBuilds({ memoryBytes: 1, cpus: 1 }, root)).rejects.toThrow("the engine keeps no control groups");
});
