// @ts-check
/**
 * The image registry: the one that is given, else a private one with a password. It listens on the loopback address, which engines take
 * without a certificate, or on the address that other machines reach, with one.
 */
import fs from "node:fs";
import path from "node:path";
import { findProgram } from "./files.mjs";
import { installPackages } from "./packages.mjs";
import { ensureCertificate, OPENSSL_PACKAGE, trustRegistry } from "./registry-certificate.mjs";
import { run } from "./run.mjs";
import { Refusal } from "./say.mjs";
import { ensureOwnFolder, ensureUser } from "./users.mjs";

export const REGISTRY_PACKAGE = { program: "docker-registry", packages: ["docker-registry"], purpose: "keeps the images of releases" };
const USER = "dokploy";
/** Its collection must not meet an upload: it stands still for the seconds that it takes, once a day. */
const COLLECT_MS = 24 * 3_600_000;

/** The bcrypt line that the registry reads (htpasswd format), by the C library's crypt(3) through Perl. @param {string} password @param {string} salt 21 characters of [a-z0-9] */
export async function passwordLine(password, salt) {
  const { stdout } = await run("perl", ["-e", 'my ($word, $salt) = split /\\n/, join("", <STDIN>); print crypt($word, "\\$2y\\$05\\$" . $salt . "u");'], {
    input: `${password}\n${salt}\n`,
    doing: "hashing the registry's password",
  });
  const hash = stdout.trim();
  if (!/^\$2y\$05\$[./A-Za-z0-9]{53}$/.test(hash))
    throw new Refusal(
      "the registry's password cannot be hashed",
      "this system's crypt(3) does not know bcrypt",
      "give REGISTRY, REGISTRY_USERNAME and REGISTRY_PASSWORD",
    );
  return `${USER}:${hash}\n`;
}

/**
 * @param {import("./home.mjs").Home} home
 * @param {{ password: string, salt: string, port: number, advertised: string | null }} access `advertised`: where other machines reach this one
 * @returns {Promise<{ address: string, username: string, password: string, certificate: string, process: import("./plan.mjs").ProcessPlan }>}
 */
export async function ensureRegistry(home, { password, salt, port, advertised }) {
  await installPackages([REGISTRY_PACKAGE, ...(advertised ? [OPENSSL_PACKAGE] : [])]);
  const user = await ensureUser("dokploy-db");
  const folder = path.join(home.data, "registry");
  ensureOwnFolder(folder, user);
  // a collection of nothing fails for want of this one
  for (const name of ["images", "images/docker", "images/docker/registry", "images/docker/registry/v2", "images/docker/registry/v2/repositories"])
    ensureOwnFolder(path.join(folder, name), user);
  const line = await passwordLine(password, salt);
  const host = advertised ?? "127.0.0.1";
  const address = `${host}:${port}`;
  const tls = advertised ? await ensureCertificate(folder, advertised) : null;
  if (tls) trustRegistry(address, tls.pem);
  if (tls && user) for (const file of [tls.key, tls.certificate]) fs.chownSync(file, user.uid, user.gid);
  const config = {
    version: "0.1",
    log: { level: "warn", accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: path.join(folder, "images") }, delete: { enabled: true } },
    http: { addr: address, secret: salt, ...(tls ? { tls: { certificate: tls.certificate, key: tls.key } } : {}) },
    auth: { htpasswd: { realm: "dokploy", path: path.join(folder, "htpasswd") } },
  };
  // JSON is YAML.
  for (const [name, text] of [
    ["htpasswd", line],
    ["config.yml", JSON.stringify(config, null, 2)],
  ]) {
    const file = path.join(folder, /** @type {string} */ (name));
    fs.writeFileSync(file, /** @type {string} */ (text), { mode: 0o600 });
    if (user) fs.chownSync(file, user.uid, user.gid);
  }
  return {
    address,
    username: USER,
    password,
    certificate: tls?.pem ?? "",
    process: {
      name: "registry",
      command: /** @type {string} */ (findProgram("docker-registry")),
      args: ["serve", path.join(folder, "config.yml")],
      // what the worker no longer needs it forgets by name; the bytes go here
      upkeep: { args: ["garbage-collect", path.join(folder, "config.yml")], everyMs: COLLECT_MS },
      env: { PATH: process.env.PATH ?? "", OTEL_TRACES_EXPORTER: "none" },
      cwd: "/",
      ...(user ? { uid: user.uid, gid: user.gid } : {}),
      stopSignal: "SIGTERM",
      graceMs: 5_000,
      ready: tls ? { kind: "https", host, port, path: "/v2/", status: 401, ca: tls.pem } : { kind: "http", port, path: "/v2/", status: 401 },
    },
  };
}
