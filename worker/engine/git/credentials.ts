import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { DeployError } from "../../errors";
import type { GitCredential } from "../../ports";
import type { Remote } from "./repository-url";
import type { GitSettings } from "./run-git";
import { scratchPrefix } from "./scratch";

const CONTROL = /[\u0000-\u001f\u007f]/;
const isForHost = (credential: GitCredential, host: string) => credential.host.toLowerCase().replace(/:\d+$/, "") === host.replace(/^\[(.*)\]$/, "$1");

const refused = (why: string) => new DeployError("repository_credentials", { what: "The credential cannot be used", why, fix: "Store the credential again." });

/** A word for ssh's command line, which git hands to a shell: single quotes, nothing else is special inside. */
const quoted = (word: string) => `'${word.replaceAll("'", "'\\''")}'`;

/**
 * The ssh program with everything fixed: no configuration of the machine, no agent, no prompt, no forwarding, only this key, and a
 * connection to the address that was checked. Every word is a constant or a path made here.
 */
export function sshCommand(options: { keyFile: string | null; knownHostsFile: string; address: string; host: string; port: number; strict: boolean }): string {
  const words = [
    "ssh",
    "-F",
    "/dev/null",
    "-T",
    "-o",
    "BatchMode=yes",
    "-o",
    `StrictHostKeyChecking=${options.strict ? "yes" : "accept-new"}`,
    "-o",
    `UserKnownHostsFile=${options.knownHostsFile}`,
    "-o",
    "GlobalKnownHostsFile=/dev/null",
    "-o",
    `HostName=${options.address}`,
    "-o",
    `HostKeyAlias=${options.port === 22 ? options.host : `[${options.host}]:${options.port}`}`,
    "-o",
    "CheckHostIP=no",
    "-o",
    "IdentitiesOnly=yes",
    "-o",
    "IdentityAgent=none",
    "-o",
    "ClearAllForwardings=yes",
    "-o",
    "PermitLocalCommand=no",
    "-o",
    "ProxyCommand=none",
    "-o",
    "ConnectTimeout=15",
    ...(options.keyFile ? ["-i", options.keyFile] : ["-o", "PubkeyAuthentication=no"]),
  ];
  return words.map(quoted).join(" ");
}

const listed = (addresses: string[]) => addresses.map((address) => (address.includes(":") ? `[${address}]` : address)).join(",");

async function httpSettings(remote: Remote & { kind: "http" }, credential: GitCredential | undefined): Promise<GitSettings> {
  const settings: GitSettings = {
    [`protocol.${remote.protocol}.allow`]: "always",
    // the name was checked against these addresses: curl must not ask again
    "http.curloptResolve": `${remote.host}:${remote.port}:${listed(remote.addresses)}`,
    "http.proxy": "",
    "http.lowSpeedLimit": "1",
    "http.lowSpeedTime": "60",
  };
  if (credential) {
    if (credential.kind !== "https") throw refused("It is an ssh key, and the address is https.");
    if (CONTROL.test(credential.username) || CONTROL.test(credential.token)) throw refused("It holds control characters.");
    const basic = Buffer.from(`${credential.username}:${credential.token}`).toString("base64");
    settings[`http.${remote.protocol}://${remote.host.includes(":") ? `[${remote.host}]` : remote.host}:${remote.port}/.extraHeader`] =
      `Authorization: Basic ${basic}`;
  }
  return settings;
}

async function sshSettings(remote: Remote & { kind: "ssh" }, credential: GitCredential | undefined, home: string, folder: string): Promise<GitSettings> {
  let keyFile: string | null = null;
  let knownHostsFile = path.join(home, "known_hosts");
  const [address] = remote.addresses;
  if (!address) throw refused("The host has no address.");
  if (credential) {
    if (credential.kind !== "ssh") throw refused("It is a token, and the address is ssh.");
    keyFile = path.join(folder, "key");
    await writeFile(keyFile, `${credential.privateKey.trimEnd()}\n`, { mode: 0o600 });
    if (credential.knownHosts) {
      knownHostsFile = path.join(folder, "known_hosts");
      await writeFile(knownHostsFile, `${credential.knownHosts.trimEnd()}\n`, { mode: 0o600 });
    }
  }
  const strict = credential?.kind === "ssh" && Boolean(credential.knownHosts);
  const host = remote.host.replace(/^\[(.*)\]$/, "$1");
  return {
    "protocol.ssh.allow": "always",
    "core.sshCommand": sshCommand({ keyFile, knownHostsFile, address, host, port: remote.port, strict }),
    "ssh.variant": "ssh",
  };
}

/**
 * Gives `run` the settings that let git reach a remote with a credential, and removes what was written for it afterwards.
 * A credential is used only for the host that it belongs to.
 * @param home a folder of the worker's own, for keys (0600, in a folder 0700, only while `run` runs) and the known hosts
 */
export async function withAccess<T>(
  remote: Remote,
  credential: GitCredential | undefined,
  home: string,
  run: (settings: GitSettings) => Promise<T>,
): Promise<T> {
  if (remote.kind === "path") return run({ "protocol.file.allow": "always" });
  const usable = credential && isForHost(credential, remote.host) ? credential : undefined;
  if (credential && !usable) throw refused(`It belongs to ${credential.host}, and the repository is on ${remote.host}.`);
  if (remote.kind === "http") return run(await httpSettings(remote, usable));
  await mkdir(home, { recursive: true, mode: 0o700 });
  const folder = await mkdtemp(path.join(home, scratchPrefix("access")));
  try {
    await chmod(folder, 0o700);
    return await run(await sshSettings(remote, usable, home, folder));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
