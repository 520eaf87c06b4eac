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
