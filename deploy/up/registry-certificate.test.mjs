import { X509Certificate } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { advertisedAddress, ensureCertificate, keepAdvertised } from "./registry-certificate.mjs";

test("an address is one, and the loopback address is none that others reach", () => {
  expect(advertisedAddress({})).toBeNull();
  expect(advertisedAddress({ DOKPLOY_ADVERTISE_ADDR: "127.0.0.1" })).toBeNull();
  expect(advertisedAddress({ DOKPLOY_ADVERTISE_ADDR: "10.0.0.1" })).toBe("10.0.0.1");
  expect(advertisedAddress({ DOKPLOY_ADVERTISE_ADDR: "one.example.com" })).toBe("one.example.com");
  for (const wrong of ["10.0.0.1:5000", "../x", "a b", "$(id)", "-x.example.com"])
    expect(() => advertisedAddress({ DOKPLOY_ADVERTISE_ADDR: wrong }), wrong).toThrow(/cannot be used/);
});

test("a certificate is made for the address once, and vouches for itself", async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "certificate-"));
  try {
    const made = await ensureCertificate(folder, "10.1.2.3");
    const certificate = new X509Certificate(made.pem);
    expect(certificate.checkIP("10.1.2.3")).toBe("10.1.2.3");
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(fs.statSync(made.key).mode & 0o077).toBe(0);
    expect((await ensureCertificate(folder, "10.1.2.3")).pem).toBe(made.pem);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
});

test("an address that was said once is kept until it is taken back", () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "advertised-"));
  const said = (/** @type {string | undefined} */ address) => keepAdvertised(/** @type {any} */ ({ folder }), { DOKPLOY_ADVERTISE_ADDR: address });
  try {
    expect([said(undefined), said("10.0.0.1"), said(undefined), said(""), said("127.0.0.1"), said(undefined)]).toEqual([
      null,
      "10.0.0.1",
      "10.0.0.1",
      "10.0.0.1",
      null,
      null,
    ]);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
});
