import { randomBytes } from "node:crypto";
import { inspect } from "node:util";
import { expect, test } from "vitest";
import { createKeyring } from "./keyring";
import { Secret } from "./secret";

const master = () => randomBytes(32).toString("base64");

test("a sealed value opens with its own team's key and context only", () => {
  const keyring = createKeyring(master());
  const team = keyring.teamKey(keyring.newWrappedKey());
  const other = keyring.teamKey(keyring.newWrappedKey());
  const sealed = team.seal("s3cret", "variable:1:KEY");
  expect(sealed).not.toContain("s3cret");
  expect(team.open(sealed, "variable:1:KEY")).toBe("s3cret");
  expect(() => team.open(sealed, "variable:2:KEY")).toThrow();
  expect(() => other.open(sealed, "variable:1:KEY")).toThrow();
});

test("the same value never looks the same twice, and a changed byte is noticed", () => {
  const keyring = createKeyring(master());
  const team = keyring.teamKey(keyring.newWrappedKey());
  expect(team.seal("x", "c")).not.toBe(team.seal("x", "c"));
  const [version, nonce, tag, body] = team.seal("value", "c").split(".");
  const flipped = Buffer.from(body ?? "", "base64url");
  flipped[0] = (flipped[0] ?? 0) ^ 1;
  expect(() => team.open([version, nonce, tag, flipped.toString("base64url")].join("."), "c")).toThrow();
});

test("another master key opens nothing, and a short one is refused", () => {
  const wrapped = createKeyring(master()).newWrappedKey();
  expect(() => createKeyring(master()).teamKey(wrapped)).toThrow();
  expect(() => createKeyring("c2hvcnQ=")).toThrow(/32 bytes/);
});

test("a Secret does not show itself", () => {
  const secret = new Secret("hunter2");
  expect([String(secret), JSON.stringify({ secret }), inspect(secret), `${secret}`].join()).not.toContain("hunter2");
  expect(secret.reveal()).toBe("hunter2");
});
