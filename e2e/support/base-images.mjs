/**
 * Stand-ins for the base images that Dockerfiles name, for machines without an image registry in reach: made from this machine's own
 * files (static busybox, the running Node with its libraries, npm). Only names that are absent, or stand-ins of an older recipe, are made.
 * Plain Node, no packages.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { fileEntry, folderEntries, loadImage, recipeOf, tarOf } from "./engine-image.mjs";

const RECIPE_VERSION = 1;
const BUSYBOX_PLACES = ["/bin/busybox", "/usr/bin/busybox", "/usr/local/bin/busybox"];
const SEARCH_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

function busyboxFile() {
  const found = BUSYBOX_PLACES.find((file) => fs.existsSync(file));
  if (!found) throw new Error("a static busybox is needed to make base images: install the package busybox-static.");
  return found;
}

const text = (name, content, mode) => ({ name, data: Buffer.from(content), mode });
const directory = (name, mode) => ({ name, directory: true, mode });

function busyboxLayer() {
  const file = busyboxFile();
  const applets = execFileSync(file, ["--list-full"], { encoding: "utf8" })
    .split("\n")
    .filter((name) => name !== "" && !name.endsWith("/busybox"));
  const folders = ["bin", "sbin", "usr", "usr/bin", "usr/sbin", "etc", "var", "var/run", "root", "home", "proc", "sys", "dev", "lib"];
  return tarOf([
    ...folders.map((name) => directory(name)),
    directory("tmp", 0o1777),
    directory("var/tmp", 0o1777),
    fileEntry(file, "bin/busybox"),
    ...applets.map((name) => ({ name: name.includes("/") ? name : `bin/${name}`, link: "/bin/busybox" })),
    text("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n"),
    text("etc/group", "root:x:0:\ntty:x:5:\nnogroup:x:65534:\n"),
    text("etc/nsswitch.conf", "hosts: files dns\n"),
    text("etc/profile", "export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"),
  ]);
}

function alpineLayer() {
  const user = [
    text("etc/alpine-release", "3.0.0\n"),
    text("etc/os-release", 'ID=alpine\nNAME="Alpine Linux"\nPRETTY_NAME="busybox stand-in for Alpine Linux"\nVERSION_ID=3.0.0\n'),
  ];
  return tarOf([...user, ...certificates()]);
}

function certificates() {
  const bundle = "/etc/ssl/certs/ca-certificates.crt";
  return fs.existsSync(bundle) ? [directory("etc/ssl"), directory("etc/ssl/certs"), fileEntry(bundle)] : [];
}

/** The shared libraries of a dynamic program, as ldd(1) prints them, at the places where its loader looks. */
function libraries(program) {
  const output = execFileSync("ldd", [program], { encoding: "utf8" });
  return [...output.matchAll(/(?:=> )?(\/\S+) \(0x/g)].map((match) => match[1]);
}

const npmFolder = () => {
  const places = [
    path.join(path.dirname(process.execPath), "../lib/node_modules/npm"),
    "/usr/lib/node_modules/npm",
    "/usr/share/nodejs/npm",
    "/usr/local/lib/node_modules/npm",
  ];
  return places.find((folder) => fs.existsSync(path.join(folder, "bin/npm-cli.js")));
};

function nodeLayer() {
  const node = fs.realpathSync(process.execPath);
  const found = new Set(libraries(node));
  const bash = fs.existsSync("/bin/bash") ? "/bin/bash" : null;
  for (const library of bash ? libraries(bash) : []) found.add(library);
  const folders = new Set();
  for (const library of found) for (let at = path.dirname(library).slice(1); at !== "." && at !== ""; at = path.dirname(at)) folders.add(at);
  const npm = npmFolder();
  const modules = "usr/local/lib/node_modules";
  return tarOf([
    ...["usr/local", "usr/local/bin", "usr/local/lib", modules, ...[...folders].sort()].map((name) => directory(name)),
    { name: "home/node", directory: true, uid: 1000, gid: 1000 },
    fileEntry(node, "usr/local/bin/node"),
    { name: "usr/local/bin/nodejs", link: "node" },
    ...[...found].sort().map((library) => fileEntry(library)),
    ...(bash ? [fileEntry(bash)] : []),
    ...(npm
      ? [
          ...folderEntries(npm, `${modules}/npm`, (file) => !/\/npm\/(docs|man)$/.test(file)),
          { name: "usr/local/bin/npm", link: "../lib/node_modules/npm/bin/npm-cli.js" },
          { name: "usr/local/bin/npx", link: "../lib/node_modules/npm/bin/npx-cli.js" },
        ]
      : []),
    text("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nnode:x:1000:1000::/home/node:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n"),
    text("etc/group", "root:x:0:\ntty:x:5:\nnode:x:1000:\nnogroup:x:65534:\n"),
    ...certificates(),
  ]);
}

const welcome = () =>
  tarOf([
    directory("usr/share"),
    directory("usr/share/nginx"),
    directory("usr/share/nginx/html"),
    text("usr/share/nginx/html/index.html", "<!doctype html><title>Welcome</title><h1>It works</h1>\n"),
    directory("etc/nginx"),
    directory("etc/nginx/conf.d"),
  ]);

const KINDS = [
  { names: ["busybox:latest", "busybox:1", "busybox:stable"], layers: ["busybox"], config: { Env: [SEARCH_PATH], Cmd: ["sh"] } },
  { names: ["alpine:3", "alpine:latest"], layers: ["busybox", "alpine"], config: { Env: [SEARCH_PATH], Cmd: ["/bin/sh"] } },
  {
    names: ["node:20-slim", "node:20-alpine", "node:20", "node:22-slim", "node:22-alpine", "node:22", "node:lts-slim"],
    layers: ["busybox", "node"],
    config: { Env: [SEARCH_PATH, `NODE_VERSION=${process.versions.node}`], Cmd: ["node"] },
  },
  {
    names: ["nginx:alpine", "nginx:latest"],
    layers: ["busybox", "welcome"],
    config: { Env: [SEARCH_PATH], Cmd: ["httpd", "-f", "-p", "80", "-h", "/usr/share/nginx/html"], ExposedPorts: { "80/tcp": {} } },
  },
];
const MAKERS = { busybox: busyboxLayer, alpine: alpineLayer, node: nodeLayer, welcome };

/** Every name that can be made. */
export const baseImageNames = KINDS.flatMap((kind) => kind.names);

function recipe(kind) {
  const busybox = fs.statSync(busyboxFile());
  const parts = [RECIPE_VERSION, JSON.stringify(kind), busybox.size, process.version, process.arch, fs.statSync(process.execPath).size];
  return createHash("sha256").update(parts.join("\n")).digest("hex").slice(0, 16);
}

/**
 * Makes the base images that are absent. An image of that name from elsewhere is left as it is.
 * @param {{ dockerHost: string, names?: string[], log?: (line: string) => void }} options `names` defaults to all
 * @returns {Promise<string[]>} the names that were made
 */
export async function ensureBaseImages({ dockerHost, names = baseImageNames, log = () => {} }) {
  const unknown = names.filter((name) => !baseImageNames.includes(name));
  if (unknown.length > 0) throw new Error(`no stand-in is known for ${unknown.join(", ")}`);
  const made = [];
  const layers = {};
  for (const kind of KINDS) {
    const wanted = kind.names.filter((name) => names.includes(name));
    const present = await Promise.all(wanted.map((name) => recipeOf(dockerHost, name)));
    const id = recipe(kind);
    const missing = wanted.filter((_, index) => present[index] === null || (present[index] !== "" && present[index] !== id));
    if (missing.length === 0) continue;
    log(`making ${missing.join(", ")}`);
    for (const name of kind.layers) layers[name] ??= MAKERS[name]();
    await loadImage(dockerHost, { tags: missing, layers: kind.layers.map((name) => layers[name]), config: kind.config, recipe: id });
    made.push(...missing);
  }
  return made;
}
