import { BlockList, isIP } from "node:net";
import path from "node:path";
import { AppError } from "./errors";

const family = (address: string) => (isIP(address) === 6 ? "ipv6" : "ipv4");

/** `::ffff:10.0.0.1` is 10.0.0.1. */
const unmapped = (address: string) => /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;

function listOf(cidrs: string[]): BlockList {
  const list = new BlockList();
  for (const cidr of cidrs) {
    const [address = "", bits] = cidr.split("/");
    if (bits === undefined) list.addAddress(address, family(address));
    else list.addSubnet(address, Number(bits), family(address));
  }
  return list;
}

/** Cloud metadata services: never reached, whatever is allowed. */
const METADATA = listOf(["169.254.0.0/16", "fe80::/10", "fd00:ec2::254", "100.100.100.200", "192.0.0.192"]);
/** Loopback, private, shared, multicast and reserved ranges (IANA special-purpose registries). */
const PRIVATE = listOf([
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "224.0.0.0/3",
  "::",
  "::1",
  "64:ff9b::/96",
  "fc00::/7",
  "ff00::/8",
]);

export type AllowHosts = {
  /** Whether plain http may be used for this host. */
  lists(host: string): boolean;
  /** Why an outgoing request to `host`, which resolves to `addresses`, is refused; null when it may go. */
  refusal(host: string, addresses: readonly string[]): string | null;
};

/** Parses DOKPLOY_ALLOW_HOSTS: names, addresses and CIDRs, separated by commas or spaces. */
export function parseAllowHosts(text: string): AllowHosts {
  const entries = text
    .split(/[\s,]+/)
    .filter(Boolean)
    .map((entry) => entry.toLowerCase());
  const names = new Set(entries.filter((entry) => isIP(entry.split("/")[0] ?? "") === 0));
  const ranges = listOf(entries.filter((entry) => isIP(entry.split("/")[0] ?? "") !== 0));
  const bare = (host: string) => host.toLowerCase().replace(/^\[|\]$/g, "");
  const isListedAddress = (address: string) => ranges.check(address, family(address));

  return {
    lists(host) {
      const name = bare(host);
      return names.has(name) || (isIP(name) !== 0 && isListedAddress(name));
    },
    refusal(host, addresses) {
      const name = bare(host);
      for (const address of addresses.map(unmapped)) {
        if (METADATA.check(address, family(address))) return `${host} is a link-local metadata address, which is never reached.`;
        if (PRIVATE.check(address, family(address)) && !names.has(name) && !isListedAddress(address)) {
          return `${host} is on a private network and DOKPLOY_ALLOW_HOSTS does not list it.`;
        }
      }
      return null;
    },
  };
}

export type RepositoryPlace = { kind: "local"; directory: string } | { kind: "remote"; protocol: "https" | "http" | "ssh"; host: string };

/** Where a repository address leads. @throws AppError `bad_request` */
export function placeOf(url: string): RepositoryPlace {
  if (url.startsWith("/")) return { kind: "local", directory: url };
  if (url.startsWith("file:///")) return { kind: "local", directory: decodeURIComponent(url.slice("file://".length)) };
  const scp = /^[\w.-]+@([\w.-]+):/.exec(url);
  if (scp?.[1]) return { kind: "remote", protocol: "ssh", host: scp[1].toLowerCase() };
  const parsed = URL.canParse(url) ? new URL(url) : null;
  const protocol = parsed?.protocol.slice(0, -1);
  if (!parsed || (protocol !== "https" && protocol !== "http" && protocol !== "ssh") || parsed.hostname === "") {
    throw new AppError("bad_request", { what: "This is not a repository address.", fix: "Use an https://, ssh:// or git@host:path address." });
  }
  return { kind: "remote", protocol, host: parsed.hostname.toLowerCase() };
}

/**
 * Refuses, before anything is stored, an address that could never be fetched: the worker checks again, against resolved addresses.
 * @throws AppError `bad_request`
 */
export function refuseRepository(env: { DOKPLOY_ALLOW_HOSTS: string; DOKPLOY_LOCAL_REPOSITORIES: string }, url: string): void {
  const place = placeOf(url);
  if (place.kind === "local") {
    const root = env.DOKPLOY_LOCAL_REPOSITORIES;
    const relative = root === "" ? ".." : path.relative(root, path.resolve(place.directory));
    if (relative === "" || relative.startsWith("..") || path.isAbsolute(relative)) {
      throw new AppError("bad_request", {
        what: "Repositories on this machine's disk cannot be used.",
        why: "Only the demo's own folder is open.",
        fix: "Use an https://, ssh:// or git@host:path address.",
      });
    }
    return;
  }
  const allow = parseAllowHosts(env.DOKPLOY_ALLOW_HOSTS);
  if (place.protocol === "http" && !allow.lists(place.host)) {
    throw new AppError("bad_request", {
      what: "Plain http is not used for repositories.",
      why: "Anybody on the way could change the code.",
      fix: `Use https, or list ${place.host} in DOKPLOY_ALLOW_HOSTS.`,
    });
  }
  const literal = place.host.replace(/^\[|\]$/g, "");
  const addresses = isIP(literal) ? [literal] : literal === "localhost" || literal.endsWith(".localhost") ? ["127.0.0.1"] : [];
  const why = allow.refusal(place.host, addresses);
  if (why)
    throw new AppError("bad_request", {
      what: "This repository's host may not be reached.",
      why,
      fix: "Add it to DOKPLOY_ALLOW_HOSTS and start again, if it is yours.",
    });
}
