import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { isReachableByAll, readJson, writeJson } from "./files.mjs";
import { ensureHome, ensureSecrets, findHome, homeFolder } from "./home.mjs";
import { locked } from "./lock.mjs";
import { logSink } from "./logs.mjs";

let folder = "";
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "dokploy-home-"));
});
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

test("JSON is written whole, private, and read back", () => {
  const file = path.join(folder, "state.json");
  writeJson(file, { a: 1 });
  expect(readJson(file)).toEqual({ a: 1 });
  expect(fs.statSync(file).mode & 0o777).toBe(0o600);
  expect(fs.readdirSync(folder)).toEqual(["state.json"]);
  expect(readJson(path.join(folder, "none"))).toBeNull();
});

test("a folder below a closed one is not reachable by all", () => {
  fs.mkdirSync(path.join(folder, "open"), { mode: 0o755 });
  expect(isReachableByAll(path.join(folder, "open"))).toBe(false);
  fs.chmodSync(folder, 0o711);
  expect(isReachableByAll(path.join(folder, "open"))).toBe(true);
});

test("DOKPLOY_HOME names the home; two checkouts have two", () => {
  expect(homeFolder({ DOKPLOY_HOME: "/somewhere/else" })).toBe("/somewhere/else");
  expect(homeFolder({}, folder)).not.toBe(homeFolder({}, os.tmpdir()));
});

test("a home keeps its id and its secrets, none of them readable by others", () => {
  const home = ensureHome(path.join(folder, "home"));
  const secrets = ensureSecrets(home);
  expect(ensureHome(home.folder).id).toBe(home.id);
  expect(ensureSecrets(findHome(home.folder))).toEqual(secrets);
  expect(Buffer.from(secrets.masterKey, "base64")).toHaveLength(32);
  expect(secrets.registrySalt).toMatch(/^[a-f0-9]{21}$/);
  expect(fs.statSync(home.secrets).mode & 0o777).toBe(0o600);
  expect(fs.statSync(home.folder).mode & 0o066).toBe(0);
  if (home.run.startsWith("/var/lib/")) fs.rmSync(path.dirname(home.run), { recursive: true, force: true });
});

test("a lock is held by one at a time, and a dead holder's lock is broken", async () => {
  const lock = path.join(folder, "lock");
  fs.writeFileSync(lock, JSON.stringify({ pid: 1, startTime: "0", bootId: "long ago" }));
  let inside = 0;
  let most = 0;
  const enter = () =>
    locked(lock, async () => {
      most = Math.max(most, ++inside);
      await new Promise((resolve) => setTimeout(resolve, 20));
      inside--;
    });
  await Promise.all([enter(), enter(), enter()]);
  expect(most).toBe(1);
  expect(fs.readdirSync(folder)).toEqual([]);
});

test("a log is turned over by size and the oldest goes", () => {
  const file = path.join(folder, "web.log");
  const write = logSink(file, { largestBytes: 10, kept: 3 });
  for (const word of ["first-----", "second----", "third-----", "fourth----"]) write(word);
  expect(fs.readdirSync(folder).sort()).toEqual(["web.log", "web.log.1", "web.log.2"]);
  expect(fs.readFileSync(file, "utf8")).toBe("fourth----");
  expect(fs.readFileSync(`${file}.2`, "utf8")).toBe("second----");
});
