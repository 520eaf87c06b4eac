/**
 * Images made from files at hand and loaded into an engine without a registry or a builder: the archive format of `docker save`
 * (manifest.json, one config, layers), with fixed times and owners so that the same files give the same image id. Plain Node, no packages.
 */
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { Readable } from "node:stream";
import { engineRequest } from "./engine-api.mjs";

const BLOCK = 512;
const RECIPE_LABEL = "dokploy.stand-in";
const TYPES = { file: "0", link: "2", directory: "5", longName: "L", longLink: "K" };
const sha256 = (parts) => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
};

/** One POSIX ustar header (IEEE Std 1003.1, pax). */
function header({ name, mode, size, type, link = "", uid = 0, gid = 0 }) {
  const block = Buffer.alloc(BLOCK);
  const octal = (value, offset, length) => block.write(value.toString(8).padStart(length - 1, "0"), offset, "ascii");
  block.write(name.slice(0, 100), 0, "utf8");
  octal(mode, 100, 8);
  octal(uid, 108, 8);
  octal(gid, 116, 8);
  octal(size, 124, 12);
  octal(0, 136, 12);
  block.fill(" ", 148, 156);
  block.write(type, 156, "ascii");
  block.write(link.slice(0, 100), 157, "utf8");
  block.write("ustar\u000000", 257, "ascii");
  octal(
    block.reduce((sum, byte) => sum + byte, 0),
    148,
    7,
  );
  block[155] = 0x20;
  return block;
}
const padded = (data) => [data, Buffer.alloc((BLOCK - (data.length % BLOCK)) % BLOCK)];
const longer = (text, type) => {
  const data = Buffer.from(`${text}\0`);
  return [header({ name: "././@LongLink", mode: 0, size: data.length, type }), ...padded(data)];
};

/**
 * A tar archive as a list of buffers.
 * @param {{ name: string, data?: Buffer, link?: string, mode?: number, directory?: boolean, uid?: number, gid?: number }[]} entries names without leading slash
 */
export function tarOf(entries) {
  const parts = [];
  for (const { name, data = Buffer.alloc(0), link, mode, directory = false, uid, gid } of entries) {
    if (Buffer.byteLength(name) > 100) parts.push(...longer(name, TYPES.longName));
    if (link && Buffer.byteLength(link) > 100) parts.push(...longer(link, TYPES.longLink));
    const type = directory ? TYPES.directory : link !== undefined ? TYPES.link : TYPES.file;
    parts.push(
      header({
        name: directory ? `${name}/` : name,
        mode: mode ?? (directory ? 0o755 : link !== undefined ? 0o777 : 0o644),
        size: data.length,
        type,
        link,
        uid,
        gid,
      }),
      ...padded(data),
    );
  }
  return [...parts, Buffer.alloc(2 * BLOCK)];
}

/** A file of this machine, symbolic links resolved. @param {string} source @param {string} [name] where it goes; its own place when not given */
export const fileEntry = (source, name = source.slice(1)) => ({ name, data: fs.readFileSync(source), mode: fs.statSync(source).mode & 0o777 });

/** A folder of this machine, sorted. Times are left out, so that the image is the same each time. */
export function folderEntries(source, name, keep = () => true) {
  const entries = [{ name, directory: true }];
  for (const item of fs.readdirSync(source, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const [from, to] = [path.join(source, item.name), `${name}/${item.name}`];
    if (!keep(from)) continue;
    if (item.isDirectory()) entries.push(...folderEntries(from, to, keep));
    else if (item.isSymbolicLink()) entries.push({ name: to, link: fs.readlinkSync(from) });
    else if (item.isFile()) entries.push(fileEntry(from, to));
  }
  return entries;
}

/** @returns {Promise<string | null>} the recipe an image was made by, "" for an image from elsewhere, null when there is none */
export async function recipeOf(dockerHost, reference) {
  const { status, json } = await engineRequest(dockerHost, "GET", `/images/${encodeURIComponent(reference)}/json`);
  if (status === 404) return null;
  if (status !== 200) throw new Error(`the engine could not say whether it has ${reference}: HTTP ${status}`);
  return json?.Config?.Labels?.[RECIPE_LABEL] ?? "";
}

/**
 * Loads one image under several names.
 * @param {string} dockerHost
 * @param {{ tags: string[], layers: Buffer[][], config: object, recipe: string }} image `layers` are tars, lowest first; `config` is the image's Config
 * @returns {Promise<void>}
 */
export async function loadImage(dockerHost, { tags, layers, config, recipe }) {
  const digests = layers.map((layer) => sha256(layer));
  const description = {
    architecture: { x64: "amd64", arm64: "arm64" }[process.arch] ?? process.arch,
    os: "linux",
    created: "2020-01-01T00:00:00Z",
    config: { ...config, Labels: { ...config.Labels, [RECIPE_LABEL]: recipe } },
    rootfs: { type: "layers", diff_ids: digests.map((digest) => `sha256:${digest}`) },
    history: digests.map(() => ({ created: "2020-01-01T00:00:00Z", created_by: "files of this machine" })),
  };
  const configData = Buffer.from(JSON.stringify(description));
  const configName = `${sha256([configData])}.json`;
  const manifest = [{ Config: configName, RepoTags: tags, Layers: digests.map((digest) => `${digest}/layer.tar`) }];
  function* archive() {
    const end = Buffer.alloc(2 * BLOCK);
    const open = (entry) => tarOf([entry]).slice(0, -1);
    yield* open({ name: configName, data: configData });
    yield* open({ name: "manifest.json", data: Buffer.from(JSON.stringify(manifest)) });
    const sent = new Set();
    for (const [index, layer] of layers.entries()) {
      if (sent.has(digests[index])) continue;
      sent.add(digests[index]);
      yield header({ name: `${digests[index]}/layer.tar`, mode: 0o644, size: layer.reduce((sum, part) => sum + part.length, 0), type: TYPES.file });
      yield* layer; // a tar is a whole number of blocks: no padding
    }
    yield end;
  }
  const { status, text } = await engineRequest(dockerHost, "POST", "/images/load?quiet=1", { stream: Readable.from(archive(), { objectMode: false }) });
  const problem = /"error":"((?:[^"\\]|\\.)*)"/.exec(text)?.[1];
  if (status !== 200 || problem) throw new Error(`the engine refused the image ${tags[0]}: ${problem ?? text.trim()}`);
}
