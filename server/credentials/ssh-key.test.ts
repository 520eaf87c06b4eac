import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { checkPrivateKey, generateSshKey } from "./ssh-key";

const directory = mkdtempSync(path.join(tmpdir(), "ssh-key-"));
afterAll(() => rmSync(directory, { recursive: true }));

test("ssh-keygen reads a generated key and finds the same public half", () => {
  const { privateKey, publicKey } = generateSshKey("dokploy-test");
  const file = path.join(directory, "generated");
  writeFileSync(file, privateKey, { mode: 0o600 });
  const read = execFileSync("ssh-keygen", ["-y", "-f", file]).toString().trim();
  expect(publicKey.startsWith(read.split(" ").slice(0, 2).join(" "))).toBe(true);
  expect(() => checkPrivateKey(privateKey)).not.toThrow();
});

test("a key with a passphrase is refused with the fix", () => {
  const file = path.join(directory, "locked");
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "a passphrase", "-f", file]);
  const locked = execFileSync("cat", [file]).toString();
  expect(() => checkPrivateKey(locked)).toThrow(/passphrase/);
});

test("text that is no key is refused", () => {
  expect(() => checkPrivateKey("-----BEGIN RSA PRIVATE KEY-----\nnonsense\n-----END RSA PRIVATE KEY-----\n")).toThrow(/not a private key/);
});
