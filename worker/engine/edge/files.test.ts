import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { EdgeApp } from "../../ports";
import { createEdgeFiles, type EdgeFiles } from "./files";

let home: string;
let files: EdgeFiles;
beforeEach(async () => {
  home = await mkdtemp(path.join(tmpdir(), "dokploy-edge-"));
  files = createEdgeFiles(home, { probeSecret: "abcdefghijklmnop", pagesUrl: null });
});
afterEach(() => rm(home, { recursive: true }));

const app = (epoch: number, generation = `1.${epoch}`): EdgeApp => ({
  appId: "x",
  generation,
  epoch,
  routes: [{ host: "x.localhost", path: "/" }],
  slots: { a: { service: "sa", port: 1, weight: 1 }, b: { service: "sb", port: 2, weight: 0 } },
  split: null,
  unavailable: null,
});

it("renames a whole file in, readable by its owner alone, and leaves nothing beside it", async () => {
  await files.writeApp(app(1));
  expect(await readdir(files.directory)).toEqual(["app-x.yml"]);
  expect(await readdir(path.join(home, "edge", "incoming"))).toEqual([]);
  expect((await stat(path.join(files.directory, "app-x.yml"))).mode & 0o777).toBe(0o600);
});

it("does not touch a file that would not change", async () => {
  await files.writeApp(app(1));
  const before = await stat(path.join(files.directory, "app-x.yml"));
  await files.writeApp(app(1));
  expect((await stat(path.join(files.directory, "app-x.yml"))).ino).toBe(before.ino);
});

it("keeps the file of a newer epoch", async () => {
  await files.writeApp(app(5));
  await expect(files.writeApp(app(4, "9.4"))).rejects.toMatchObject({ code: "fenced" });
  expect(await readFile(path.join(files.directory, "app-x.yml"), "utf8")).toContain("epoch=5");
  await files.writeApp(app(5, "9.5"));
  expect(await files.readTarget("x", "b")).toEqual({ service: "sb", port: 2 });
});

it("writes in the order of the calls", async () => {
  await Promise.all([1, 2, 3, 4, 5].map((number) => files.writeApp(app(1, `${number}.1`))));
  expect(await readFile(path.join(files.directory, "app-x.yml"), "utf8")).toContain("generation=5.1");
});

it("removes, also twice, and refuses an id that is a path", async () => {
  await files.writeApp(app(1));
  await files.removeApp("x");
  await files.removeApp("x");
  expect(await readdir(files.directory)).toEqual([]);
  await expect(files.removeApp("../x")).rejects.toThrow(TypeError);
});
