import { createPrivateKey, generateKeyPairSync, type KeyObject, sign, X509Certificate } from "node:crypto";
import { type AgentKeys, agentName, workerName } from "../../agent/agent-name";

/** What an installation signs certificates with, and those that it has signed: PEM. Whoever has it is let in by every agent. */
export type AgentAuthority = {
  home: string;
  authority: string;
  authorityKey: string;
  agent: Omit<AgentKeys, "authority">;
  worker: Omit<AgentKeys, "authority">;
};
/** Who is to hold a certificate, for what, and from when to when. */
export type Holder = { name: string; use: "server" | "client"; notBefore: Date; notAfter: Date };

const DAY_MS = 86_400_000;
/** Clocks of machines differ. */
const BEFORE_MS = DAY_MS;
const LIFE_MS = 3 * 365 * DAY_MS;
const RENEW_MS = 365 * DAY_MS;

const pem = (key: KeyObject) => key.export({ type: "pkcs8", format: "pem" }).toString();
const newKeys = () => generateKeyPairSync("ec", { namedCurve: "P-256" });

/** A new authority, that signs for one installation only. */
export async function newAuthority(home: string, now: Date): Promise<{ authority: string; authorityKey: string }> {
  const { certificateOf } = await import("./certificate");
  const { publicKey, privateKey } = newKeys();
  const name = `dokploy ${home}`;
  const time = { notBefore: new Date(now.getTime() - BEFORE_MS), notAfter: new Date(now.getTime() + 2 * LIFE_MS) };
  const authority = certificateOf({ subject: name, issuer: name, use: "authority", publicKey, ...time }, (data) => sign("sha256", data, privateKey));
  return { authority, authorityKey: pem(privateKey) };
}

/** Signs a certificate for a new key. @param name of the authority's installation, and its key as PEM */
export async function signed({ home, authorityKey }: { home: string; authorityKey: string }, holder: Holder): Promise<Omit<AgentKeys, "authority">> {
  const { certificateOf } = await import("./certificate");
  const { publicKey, privateKey } = newKeys();
  const { name, ...more } = holder;
  const signer = createPrivateKey(authorityKey);
  const certificate = certificateOf({ subject: name, issuer: `dokploy ${home}`, publicKey, ...more }, (data) => sign("sha256", data, signer));
  return { certificate, key: pem(privateKey) };
}

/** An authority with a certificate for the agents and one for workers, all new. */
export async function createAuthority(home: string, now: Date): Promise<AgentAuthority> {
  const own = { home, ...(await newAuthority(home, now)) };
  const time = { notBefore: new Date(now.getTime() - BEFORE_MS), notAfter: new Date(now.getTime() + LIFE_MS) };
  const [agent, worker] = await Promise.all([
    signed(own, { name: agentName(home), use: "server", ...time }),
    signed(own, { name: workerName(home), use: "client", ...time }),
  ]);
  return { ...own, agent, worker };
}

/** Whether its certificates end within a year: then everything is made anew, long before anybody notices. */
export const isDue = ({ agent }: AgentAuthority, now: Date): boolean => Date.parse(new X509Certificate(agent.certificate).validTo) - now.getTime() < RENEW_MS;
