import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import type { AllowHosts } from "../../../server/git-hosts";
import { DeployError } from "../../errors";

/** An IPv4 address written as IPv6 (RFC 4291, 2.5.5.2) is judged as what it is. */
export function plainAddress(address: string): string {
  const mapped = /^::ffff:(?:(\d+\.\d+\.\d+\.\d+)|([0-9a-f]{1,4}):([0-9a-f]{1,4}))$/i.exec(address);
  if (!mapped) return address;
  if (mapped[1]) return mapped[1];
  const [high, low] = [Number.parseInt(mapped[2] ?? "", 16), Number.parseInt(mapped[3] ?? "", 16)];
  return [high >> 8, high & 255, low >> 8, low & 255].join(".");
}

export type Resolve = (host: string) => Promise<string[]>;
export const resolveHost: Resolve = async (host) => (isIP(host) !== 0 ? [host] : (await lookup(host, { all: true })).map(({ address }) => address));

const refused = (what: string, why: string, fix: string) => new DeployError("repository_refused", { what, why, fix });

/**
 * Decides whether a Git host may be reached, and answers the addresses that the connection is then bound to.
 * Public hosts may be reached by https and ssh; private ones, and any by plain http, only when they are listed.
 * @throws DeployError `repository_refused`, or `repository_unreachable` when the name leads nowhere
 */
export async function checkHost(request: { host: string; protocol: "https" | "http" | "ssh"; allow: AllowHosts; resolve?: Resolve }): Promise<string[]> {
  const { host, protocol, allow, resolve = resolveHost } = request;
  let addresses: string[];
  try {
    addresses = (await resolve(host)).map(plainAddress);
  } catch (error) {
    const explanation = {
      what: `The Git host ${host} is not known`,
      why: `Its name could not be resolved (${(error as { code?: string }).code ?? "no answer"}).`,
      fix: "Check the repository's address.",
    };
    throw new DeployError("repository_unreachable", explanation, { kind: "temporary", cause: error });
  }
  if (addresses.length === 0) throw refused(`The Git host ${host} has no address`, "Its name resolves to nothing.", "Check the repository's address.");
  const fix = `Add ${host} to DOKPLOY_ALLOW_HOSTS if it is yours.`;
  const refusal = allow.refusal(host, addresses);
  if (refusal) throw refused(`The Git host ${host} may not be reached`, refusal, fix);
  if (protocol === "http" && !allow.lists(host) && !addresses.every((address) => allow.lists(address))) {
    throw refused(`Plain http to ${host} is refused`, "Anybody on the way could change the code.", `Use https. ${fix}`);
  }
  return addresses;
}
