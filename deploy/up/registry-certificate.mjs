// @ts-check
/**
 * The certificate of a registry that other machines reach. No public authority vouches for a private address: it vouches for itself, this
 * machine's engine is told to trust it, and machines that join are told by the command with which they join.
 */
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { readJson, writeJson, writeWhole } from "./files.mjs";
import { readText } from "./processes.mjs";
import { run } from "./run.mjs";
import { Refusal, say } from "./say.mjs";

export const OPENSSL_PACKAGE = { program: "openssl", packages: ["openssl"], purpose: "makes the certificate of the registry that other machines reach" };
const DAYS = "3650";
/** Where engines look for certificates, a folder a registry (docs.docker.com, "Verify repository client with certificates"). */
const TRUSTED = "/etc/docker/certs.d";

/**
 * @param {Record<string, string | undefined>} env
 * @returns {string | null} the address at which other machines reach this one; null when there are none
 * @throws {Refusal} for what is no address or host name
 */
export function advertisedAddress(env) {
  const address = env.DOKPLOY_ADVERTISE_ADDR ?? "";
  if (address === "" || address === "127.0.0.1" || address === "localhost") return null;
  if (net.isIPv4(address) || /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$/.test(address)) return address;
  throw new Refusal(
    `DOKPLOY_ADVERTISE_ADDR=${address} cannot be used`,
    "it is neither an IPv4 address nor a host name",
    "set it to this machine's address in its network",
  );
}

/**
 * Once said, an address is kept: other machines take images from there, also after a bin/up that does not name it. 127.0.0.1 takes it back.
 * @param {import("./home.mjs").Home} home @param {NodeJS.ProcessEnv} env @returns {string | null}
 */
export function keepAdvertised(home, env) {
  const facts = path.join(home.folder, "advertised.json");
  const given = env.DOKPLOY_ADVERTISE_ADDR;
  const address = advertisedAddress({ DOKPLOY_ADVERTISE_ADDR: given || readJson(facts)?.address });
  if (given) writeJson(facts, { address });
  return address;
}

/**
 * @param {string} folder
 * @param {string} address
 * @returns {Promise<{ key: string, certificate: string, pem: string }>} files and the certificate's text, made once for an address
 */
export async function ensureCertificate(folder, address) {
  const [key, certificate] = [path.join(folder, `${address}.key`), path.join(folder, `${address}.crt`)];
  if (!fs.existsSync(key) || !fs.existsSync(certificate)) {
    const name = `subjectAltName=${net.isIP(address) ? "IP" : "DNS"}:${address}`;
    const made = [
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:prime256v1",
      "-nodes",
      "-days",
      DAYS,
      "-subj",
      "/CN=dokploy registry",
      "-addext",
      name,
    ];
    await run("openssl", ["req", ...made, "-keyout", key, "-out", certificate], { doing: "making the registry's certificate" });
  }
  return { key, certificate, pem: /** @type {string} */ (readText(certificate)) };
}

/**
 * This machine's engine trusts the registry. Engines read it anew for each transfer.
 * @param {string} registry `host:port` @param {string} pem
 */
export function trustRegistry(registry, pem) {
  const file = path.join(TRUSTED, registry, "ca.crt");
  if (readText(file) === pem) return;
  try {
    fs.mkdirSync(path.dirname(file), { recursive: true });
    writeWhole(file, pem, 0o644);
    say(`the engine trusts the registry at ${registry} (${file})`);
  } catch (error) {
    throw new Refusal(
      `the engine cannot be told to trust the registry at ${registry}`,
      error instanceof Error ? error.message : String(error),
      "run bin/up as root, or give REGISTRY with a certificate that engines know",
    );
  }
}

/** @param {string} registry `host:port` */
export const forgetRegistry = (registry) => fs.rmSync(path.join(TRUSTED, registry), { recursive: true, force: true });
