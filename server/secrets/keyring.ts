import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { AppError } from "../errors";

const VERSION = 1;

/** AES-256-GCM: `v1.<nonce>.<tag>.<ciphertext>` in base64url. `context` is authenticated, so that a value cannot be moved to another row's place. */
function encrypt(key: Buffer, plain: Buffer, context: string): string {
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(context));
  const body = Buffer.concat([cipher.update(plain), cipher.final()]);
  return [`v${VERSION}`, nonce.toString("base64url"), cipher.getAuthTag().toString("base64url"), body.toString("base64url")].join(".");
}

function decrypt(key: Buffer, sealed: string, context: string): Buffer {
  const [version, nonce, tag, body] = sealed.split(".");
  if (version !== `v${VERSION}` || !nonce || !tag || body === undefined) throw new AppError("internal", { what: "A stored secret has an unknown form." });
  const decipher = createDecipheriv("aes-256-gcm", key, Buffer.from(nonce, "base64url")).setAAD(Buffer.from(context)).setAuthTag(Buffer.from(tag, "base64url"));
  return Buffer.concat([decipher.update(Buffer.from(body, "base64url")), decipher.final()]);
}

/** Seals and opens with one data key. */
export type TeamKey = { seal(plain: string, context: string): string; open(sealed: string, context: string): string };

export type Keyring = {
  /** A new data key, wrapped by the master key, to be stored with the team. */
  newWrappedKey(): string;
  teamKey(wrapped: string): TeamKey;
  /** Seals what belongs to the installation and to no team. */
  installationKey: TeamKey;
  /** A 32-byte key for one purpose, derived from the master key (HKDF-SHA-256, RFC 5869). */
  derive(purpose: string): Buffer;
};

/** Envelope encryption: the master key wraps a data key for each team. @param masterKey 32 bytes, base64. */
export function createKeyring(masterKey: string): Keyring {
  const master = Buffer.from(masterKey, "base64");
  if (master.length !== 32) throw new Error("The master key must be 32 bytes in base64.");
  const derive = (purpose: string) => Buffer.from(hkdfSync("sha256", master, "dokploy", purpose, 32));
  const wrapping = derive("wrap-team-keys");
  const sealing = (key: Buffer): TeamKey => ({
    seal: (plain, context) => encrypt(key, Buffer.from(plain), context),
    open: (sealed, context) => decrypt(key, sealed, context).toString(),
  });

  return {
    installationKey: sealing(derive("seal-installation")),
    newWrappedKey: () => encrypt(wrapping, randomBytes(32), "team-key"),
    teamKey: (wrapped) => sealing(decrypt(wrapping, wrapped, "team-key")),
    derive,
  };
}
