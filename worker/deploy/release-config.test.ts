import { expect, test } from "vitest";
import { canarySchema, healthSchema } from "../../server/apps/schema";
import { changedKeys, configChanges, type ReleaseConfig } from "./release-config";

const config = (changes: Partial<ReleaseConfig> = {}): ReleaseConfig => ({
  env: {},
  secretKeys: [],
  buildKeys: [],
  port: null,
  replicas: 1,
  strategy: "blue-green",
  canary: canarySchema.parse({}),
  volumes: [],
  files: [],
  placement: [],
  maxReplicasPerNode: null,
  health: healthSchema.parse({}),
  resources: {},
  stopGraceS: 10,
  drainS: 30,
  bakeS: 60,
  releaseCommand: null,
  dockerfile: null,
  buildTarget: null,
  buildArgs: {},
  path: "",
  ...changes,
});

const secrets = { A: "1", B: "secret one", C: "3" };

test("names of what differs, told apart, and never a value", () => {
  const changes = configChanges(config({ env: secrets }), config({ env: { A: "1", B: "secret two", D: "4" }, replicas: 2 }));
  expect(changes).toEqual({ added: ["D"], removed: ["C"], changed: ["B", "settings.replicas"] });
  expect(changedKeys(changes)).toEqual(["B", "C", "D", "settings.replicas"]);
});

test("nothing is compared with nothing, and nothing differs from itself", () => {
  expect(configChanges(null, config({ env: secrets }))).toBeNull();
  expect(changedKeys(null)).toEqual([]);
  expect(configChanges(config({ env: secrets }), config({ env: secrets }))).toEqual({ added: [], removed: [], changed: [] });
});

test("a key that names a property of every object is a key like any other", () => {
  expect(configChanges(config(), config({ env: { constructor: "x", toString: "y" } }))?.added).toEqual(["constructor", "toString"]);
});

test("a config file is named by its path, and a new version of it counts as changed", () => {
  const file = { id: "1", path: "/etc/app.yml", configName: "dkp-1", mode: 0o444, uid: 0, gid: 0 };
  const other = { ...file, id: "2", path: "/srv/x", configName: "dkp-2" };
  expect(configChanges(config({ files: [file] }), config({ files: [{ ...file, id: "3", configName: "dkp-3" }, other] }))).toEqual({
    added: ["/srv/x"],
    removed: [],
    changed: ["/etc/app.yml"],
  });
  expect(changedKeys(configChanges(config({ files: [file], env: { Z: "1" } }), config({ replicas: 2 })))).toEqual(["/etc/app.yml", "Z", "settings.replicas"]);
});
