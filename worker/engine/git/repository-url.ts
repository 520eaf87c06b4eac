import { realpath } from "node:fs/promises";
import path from "node:path";
import type { AllowHosts } from "../../../server/git-hosts";
import { DeployError } from "../../errors";
import { checkHost, type Resolve } from "./allowed-hosts";

/** A repository's address after every check. `url` is what git is given; it never holds a credential. */
export type Remote =
  | { kind: "path"; url: string; directory: string }
  | { kind: "http"; url: string; protocol: "https" | "http"; host: string; port: number; addresses: string[] }
  | { kind: "ssh"; url: string; host: string; port: number; user: string; addresses: string[] };

const HOST = /^(\[[0-9a-f:.]+\]|[a-z0-9]([a-z0-9.-]*[a-z0-9])?)$/i;
const USER = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const UNPRINTABLE = /[\u0000-\u0020\u007f]/;
const LONGEST = 2000;

const refused = (why: string, fix?: string) =>
  new DeployError("repository_refused", { what: "The repository's address is refused", why, ...(fix ? { fix } : {}) });
const bare = (host: string) => host.replace(/^\[(.*)\]$/, "$1");

async function localRemote(url: string, localRepositories: string): Promise<Remote> {
  if (!path.isAbsolute(localRepositories)) throw refused("This server takes no repositories from its own disk.", "Use an https or ssh address.");
  try {
    const [directory, root] = await Promise.all([realpath(url), realpath(localRepositories)]);
    if (directory.startsWith(`${root}${path.sep}`)) return { kind: "path", url: directory, directory };
  } catch (error) {
    const isInside = path.normalize(url).startsWith(`${path.normalize(localRepositories)}${path.sep}`);
    if (isInside && (error as { code?: string }).code === "ENOENT") {
      throw new DeployError(
        "repository_not_found",
        { what: "The repository was not found", why: `There is no repository at ${url}.`, fix: "Check the repository's address." },
        { cause: error },
      );
    }
  }
  throw refused("A path on the server is taken only from the folder for local repositories.", "Use an https or ssh address.");
}

type Parsed = { protocol: "https" | "http" | "ssh"; user: string | null; host: string; port: number | null; path: string };

/** Splits `https://…`, `http://…`, `ssh://…` and `user@host:path`; null for everything else. */
export function parseRemote(url: string): Parsed | null {
  if (url.length > LONGEST || UNPRINTABLE.test(url) || url.startsWith("-")) return null;
  const scp = /^([^@/:]+)@([^/:@]+):(?!\/\/)(.+)$/.exec(url);
  if (scp?.[1] && scp[2] && scp[3]) return { protocol: "ssh", user: scp[1], host: scp[2], port: null, path: scp[3] };
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    return null;
  }
  const protocol = parsed.protocol.slice(0, -1);
  if (protocol !== "https" && protocol !== "http" && protocol !== "ssh") return null;
  if (parsed.password !== "" || (parsed.username !== "" && protocol !== "ssh")) {
    throw refused("It holds a user name or a password.", "Keep them as a credential and leave them out of the address.");
  }
  if (parsed.hash !== "" || parsed.search !== "") return null;
  return { protocol, user: parsed.username || null, host: parsed.hostname, port: parsed.port ? Number(parsed.port) : null, path: parsed.pathname };
}

/**
 * Checks a repository's address and resolves its host; the connection is bound to the addresses that were checked.
 * @throws DeployError `repository_refused` `repository_unreachable` `repository_not_found`
 */
export async function checkRemote(url: string, options: { allow: AllowHosts; localRepositories: string; resolve?: Resolve }): Promise<Remote> {
  const local = url.startsWith("file:///") ? url.slice("file://".length) : url;
  if (path.isAbsolute(local) && !UNPRINTABLE.test(local)) return localRemote(local, options.localRepositories);
  const parsed = parseRemote(url);
  if (!parsed) throw refused("It is not an https, http or ssh address.", "Write it like https://git.example.com/team/project.git");
  const host = parsed.host.toLowerCase();
  if (!HOST.test(host)) throw refused(`${JSON.stringify(parsed.host)} is not a host name.`);
  const addresses = await checkHost({
    host: bare(host),
    protocol: parsed.protocol,
    allow: options.allow,
    ...(options.resolve ? { resolve: options.resolve } : {}),
  });
  if (parsed.protocol === "ssh") {
    const user = parsed.user ?? "git";
    if (!USER.test(user)) throw refused(`${JSON.stringify(user)} is not a user name.`);
    if (parsed.path.startsWith("-") || parsed.path.startsWith("/-")) throw refused("Its path begins with a dash.");
    const port = parsed.port ?? 22;
    const isHome = !parsed.path.startsWith("/");
    return { kind: "ssh", url: isHome ? `${user}@${host}:${parsed.path}` : `ssh://${user}@${host}:${port}${parsed.path}`, host, port, user, addresses };
  }
  const standard = parsed.protocol === "https" ? 443 : 80;
  const port = parsed.port ?? standard;
  const shown = port === standard ? "" : `:${port}`;
  return { kind: "http", url: `${parsed.protocol}://${host}${shown}${parsed.path}`, protocol: parsed.protocol, host: bare(host), port, addresses };
}
