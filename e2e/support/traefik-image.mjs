/** The edge's image, made from a Traefik binary built on this machine. Plain Node, no packages. */
import { createHash } from "node:crypto";
import fs from "node:fs";
import { fileEntry, loadImage, recipeOf, tarOf } from "./engine-image.mjs";

/**
 * Makes `traefik:v3.6` from a static binary, with the machine's certificate authorities. Does nothing when it is there already.
 * @param {{ dockerHost: string, binary: string, tag?: string, log?: (line: string) => void }} options
 * @returns {Promise<string>} the image's name
 */
export async function ensureTraefikImage({ dockerHost, binary, tag = "traefik:v3.6", log = () => {} }) {
  const { size, mtimeMs } = fs.statSync(binary);
  const recipe = createHash("sha256")
    .update(`1\n${size}\n${Math.trunc(mtimeMs)}`)
    .digest("hex")
    .slice(0, 16);
  const present = await recipeOf(dockerHost, tag);
  if (present === recipe || present === "") return tag;
  log(`making ${tag}`);
  const bundle = "/etc/ssl/certs/ca-certificates.crt";
  const layer = tarOf([
    { name: "etc", directory: true },
    { name: "etc/ssl", directory: true },
    { name: "etc/ssl/certs", directory: true },
    { name: "tmp", directory: true, mode: 0o1777 },
    ...(fs.existsSync(bundle) ? [fileEntry(bundle)] : []),
    { ...fileEntry(binary, "traefik"), mode: 0o755 },
  ]);
  await loadImage(dockerHost, { tags: [tag], layers: [layer], config: { Entrypoint: ["/traefik"], ExposedPorts: { "80/tcp": {} } }, recipe });
  return tag;
}
