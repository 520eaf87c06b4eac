import { createPrivateKey, createPublicKey, X509Certificate } from "node:crypto";
import { expect, test } from "vitest";
import { createAuthority, isDue } from "./authority";

const now = new Date("2026-11-21T12:00:00Z");

test("certificates are of their authority, each for its side only, and as long as they say", async () => {
  const made = await createAuthority("home-a", now);
  const authority = new X509Certificate(made.authority);
  expect([authority.ca, authority.subject, authority.verify(authority.publicKey)]).toEqual([true, "CN=dokploy home-a", true]);
  for (const [held, name, use] of [
    [made.agent, "agent.home-a.dokploy", "1.3.6.1.5.5.7.3.1"],
    [made.worker, "worker.home-a.dokploy", "1.3.6.1.5.5.7.3.2"],
  ] as const) {
    const certificate = new X509Certificate(held.certificate);
    expect([certificate.checkIssued(authority), certificate.verify(authority.publicKey), certificate.ca]).toEqual([true, true, false]);
    expect([certificate.subjectAltName, certificate.keyUsage]).toEqual([`DNS:${name}`, [use]]);
    expect(certificate.publicKey.equals(createPublicKey(createPrivateKey(held.key)))).toBe(true);
    expect(new Date(certificate.validFrom).toISOString()).toBe("2026-11-20T12:00:00.000Z");
    expect(new Date(certificate.validTo).toISOString()).toBe("2029-11-20T12:00:00.000Z");
  }
});

test("another installation's authority vouches for none of them; a year before the end they are due", async () => {
  const [made, other] = [await createAuthority("home-a", now), await createAuthority("home-a", now)];
  expect(new X509Certificate(made.worker.certificate).verify(new X509Certificate(other.authority).publicKey)).toBe(false);
  const after = (days: number) => new Date(now.getTime() + days * 86_400_000);
  expect([isDue(made, now), isDue(made, after(729)), isDue(made, after(731))]).toEqual([false, false, true]);
});
