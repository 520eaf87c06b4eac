import { createPrivateKey, generateKeyPairSync, randomBytes } from "node:crypto";
import { AppError } from "../errors";

const uint32 = (value: number) => {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32BE(value);
  return buffer;
};
const field = (value: Buffer | string) => {
  const body = Buffer.from(value as string);
  return Buffer.concat([uint32(body.length), body]);
};

/** A new Ed25519 key in OpenSSH's own file format (PROTOCOL.key of OpenSSH), which every `ssh` reads. */
export function generateSshKey(comment: string): { privateKey: string; publicKey: string } {
  const { privateKey } = generateKeyPairSync("ed25519");
  const jwk = privateKey.export({ format: "jwk" });
  const seed = Buffer.from(jwk.d as string, "base64url");
  const point = Buffer.from(jwk.x as string, "base64url");
  const publicBlob = Buffer.concat([field("ssh-ed25519"), field(point)]);
  const check = randomBytes(4);
  const open = Buffer.concat([check, check, field("ssh-ed25519"), field(point), field(Buffer.concat([seed, point])), field(comment)]);
  const padding = Buffer.from(Array.from({ length: (8 - (open.length % 8)) % 8 }, (_, index) => index + 1));
  const file = Buffer.concat([
    Buffer.from("openssh-key-v1\0"),
    field("none"),
    field("none"),
    field(""),
    uint32(1),
    field(publicBlob),
    field(Buffer.concat([open, padding])),
  ]);
  const lines = file.toString("base64").match(/.{1,70}/g) ?? [];
  return {
    privateKey: `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines.join("\n")}\n-----END OPENSSH PRIVATE KEY-----\n`,
    publicKey: `ssh-ed25519 ${publicBlob.toString("base64")} ${comment}`,
  };
}

/** Refuses a key that no unattended `ssh` could use. @throws AppError `bad_request` when it is encrypted or unreadable. */
export function checkPrivateKey(key: string): void {
  if (key.includes("BEGIN OPENSSH PRIVATE KEY")) {
    const body = Buffer.from(key.replace(/-----[^-]+-----|\s/g, ""), "base64");
    const cipher = body.subarray(19, 19 + (body.length > 19 ? body.readUInt32BE(15) : 0)).toString();
    if (!body.subarray(0, 14).equals(Buffer.from("openssh-key-v1")) || cipher === "") throw unreadable();
    if (cipher !== "none") throw encrypted();
    return;
  }
  if (key.includes("ENCRYPTED")) throw encrypted();
  try {
    createPrivateKey(key);
  } catch (error) {
    throw unreadable(error);
  }
}

const encrypted = () =>
  new AppError("bad_request", {
    what: "This SSH key is protected by a passphrase.",
    why: "Deployments run unattended.",
    fix: "Use a deploy key without a passphrase, or let Dokploy generate one.",
  });
const unreadable = (cause?: unknown) =>
  new AppError("bad_request", { what: "This is not a private key that can be read.", fix: "Paste the whole file, first and last line included." }, cause);
