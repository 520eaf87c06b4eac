import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { freePort } from "../../deploy/up/ports.mjs";

/** OpenSSH's own server on loopback, which lets in the keys that it is told and runs nothing but Git. */
export async function startSshServer() {
  const root = mkdtempSync(path.join(tmpdir(), "sshd-"));
  chmodSync(root, 0o755);
  const port = await freePort();
  const keys = path.join(root, "authorized_keys");
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", path.join(root, "host_key")]);
  writeFileSync(keys, "", { mode: 0o600 });
  mkdirSync("/run/sshd", { recursive: true });
  const settings = [
    `Port ${port}`,
    "ListenAddress 127.0.0.1",
    `HostKey ${root}/host_key`,
    `AuthorizedKeysFile ${keys}`,
    `PidFile ${root}/pid`,
    "StrictModes no",
    "UsePAM no",
    "PasswordAuthentication no",
    "PermitRootLogin yes",
  ];
  writeFileSync(path.join(root, "sshd_config"), `${settings.join("\n")}\n`);
  const server: ChildProcess = spawn("/usr/sbin/sshd", ["-D", "-e", "-f", path.join(root, "sshd_config")], { stdio: ["ignore", "ignore", "pipe"] });
  await new Promise<void>((resolve, reject) => {
    let said = "";
    server.stderr?.on("data", (part: Buffer) => {
      said += part.toString();
      if (/Server listening/.test(said)) resolve();
    });
    server.once("exit", (code) => reject(new Error(`sshd ended with ${code}: ${said}`)));
    server.once("error", reject);
  });
  return {
    port,
    root,
    allow: (publicKey: string) => writeFileSync(keys, `restrict,command="git-upload-pack '${root}/private.git'" ${publicKey}\n`, { mode: 0o600 }),
    url: `ssh://root@127.0.0.1:${port}${root}/private.git`,
    async close() {
      const ended = new Promise((resolve) => server.once("exit", resolve));
      server.kill("SIGTERM");
      await ended;
      rmSync(root, { recursive: true, force: true });
    },
  };
}
