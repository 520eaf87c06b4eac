import { createHash, type KeyObject, randomBytes } from "node:crypto";
import { AsnConvert, OctetString } from "@peculiar/asn1-schema";
import * as x509 from "@peculiar/asn1-x509";

/** What a certificate says (RFC 5280). `authority` signs others, `server` and `client` are for TLS, each for its side only. */
export type CertificateFacts = {
  subject: string;
  issuer: string;
  use: "authority" | "server" | "client";
  notBefore: Date;
  notAfter: Date;
  publicKey: KeyObject;
};

const COMMON_NAME = "2.5.4.3";
/** ecdsa-with-SHA256, without parameters (RFC 5758, 3.2). */
const SIGNATURE = "1.2.840.10045.4.3.2";
const USES = { server: x509.id_kp_serverAuth, client: x509.id_kp_clientAuth };
const SERIAL_BYTES = 16;

const named = (name: string) =>
  new x509.Name([
    new x509.RelativeDistinguishedName([new x509.AttributeTypeAndValue({ type: COMMON_NAME, value: new x509.AttributeValue({ utf8String: name }) })]),
  ]);
const extension = (extnID: string, critical: boolean, value: object) =>
  new x509.Extension({ extnID, critical, extnValue: new OctetString(AsnConvert.serialize(value)) });

/** A positive number: its first byte keeps the sign away and is not null. */
function serialNumber(): ArrayBuffer {
  const bytes = randomBytes(SERIAL_BYTES);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return new Uint8Array(bytes).buffer;
}

function extensionsOf({ use, subject, publicKey }: CertificateFacts): x509.Extension[] {
  const keyId = createHash("sha1")
    .update(publicKey.export({ type: "spki", format: "der" }))
    .digest();
  if (use === "authority")
    return [
      extension(x509.id_ce_basicConstraints, true, new x509.BasicConstraints({ cA: true, pathLenConstraint: 0 })),
      extension(x509.id_ce_keyUsage, true, new x509.KeyUsage(x509.KeyUsageFlags.keyCertSign)),
      extension(x509.id_ce_subjectKeyIdentifier, false, new x509.SubjectKeyIdentifier(keyId)),
    ];
  return [
    extension(x509.id_ce_basicConstraints, true, new x509.BasicConstraints({ cA: false })),
    extension(x509.id_ce_keyUsage, true, new x509.KeyUsage(x509.KeyUsageFlags.digitalSignature)),
    extension(x509.id_ce_extKeyUsage, true, new x509.ExtendedKeyUsage([USES[use]])),
    extension(x509.id_ce_subjectAltName, false, new x509.SubjectAlternativeName([new x509.GeneralName({ dNSName: subject })])),
  ];
}

/** A certificate for a P-256 key, as PEM. @param sign by the issuer's key, ECDSA with SHA-256, as DER */
export function certificateOf(facts: CertificateFacts, sign: (data: Buffer) => Buffer): string {
  const algorithm = new x509.AlgorithmIdentifier({ algorithm: SIGNATURE });
  const tbsCertificate = new x509.TBSCertificate({
    version: x509.Version.v3,
    serialNumber: serialNumber(),
    signature: algorithm,
    issuer: named(facts.issuer),
    validity: new x509.Validity({ notBefore: facts.notBefore, notAfter: facts.notAfter }),
    subject: named(facts.subject),
    subjectPublicKeyInfo: AsnConvert.parse(facts.publicKey.export({ type: "spki", format: "der" }), x509.SubjectPublicKeyInfo),
    extensions: new x509.Extensions(extensionsOf(facts)),
  });
  const signature = sign(Buffer.from(AsnConvert.serialize(tbsCertificate)));
  const whole = new x509.Certificate({ tbsCertificate, signatureAlgorithm: algorithm, signatureValue: new Uint8Array(signature).buffer });
  const text = Buffer.from(AsnConvert.serialize(whole)).toString("base64");
  return `-----BEGIN CERTIFICATE-----\n${text.replace(/.{64}(?=.)/g, "$&\n")}\n-----END CERTIFICATE-----\n`;
}
