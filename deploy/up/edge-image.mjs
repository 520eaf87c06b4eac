// @ts-check
/** The edge's image: present, given as a file, made from a Traefik binary, pulled, or built with Go from the pinned module. */
import dns from "node:dns";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { engineRequest } from "../../e2e/support/engine-api.mjs";
import { ensureTraefikImage } from "../../e2e/support/traefik-image.mjs";
import { PRIVATE_ROOT } from "./engine.mjs";
import { findProgram } from "./files.mjs";
import { checkout, isRoot } from "./home.mjs";
import { locked } from "./lock.mjs";
import { run } from "./run.mjs";
import { Refusal, say } from "./say.mjs";
import { isAtLeast } from "./version.mjs";

const TAG = "traefik:v3.6";
const MODULE = path.join(checkout, "e2e/peers/traefik");
const PACKAGE = "github.com/traefik/traefik/v3/cmd/traefik";
const OLDEST_GO = "1.25";
const LONGEST_PULL_MS = 300_000;
/** Says that the private engine holds the image, while it is not running. */
const MARK = path.join(PRIVATE_ROOT, "edge-image");

/** The version that the module pins. */
export const pinnedVersion = () => /github\.com\/traefik\/traefik\/v3 (v[\d.]+)/.exec(fs.readFileSync(path.join(MODULE, "go.mod"), "utf8"))?.[1] ?? "v3";

/** What takes long to build is kept outside the checkout. */
export const cacheFolder = () => (isRoot() ? "/var/cache/dokploy" : path.join(process.env.XDG_CACHE_HOME ?? path.join(os.homedir(), ".cache"), "dokploy"));
const cachedBinary = () => path.join(cacheFolder(), `traefik-${pinnedVersion()}`);

async function findGo() {
  const go = findProgram("go");
  if (!go) return null;
  const { stdout } = await run(go, ["version"]);
  return isAtLeast(/go\d[\d.]*/.exec(stdout)?.[0] ?? "", OLDEST_GO) ? go : null;
}

/** A Traefik 3 on PATH that needs no libraries. */
async function binaryOnPath() {
  const binary = findProgram("traefik");
  if (!binary) return null;
  const { output } = await run(binary, ["version"]);
  return isAtLeast(/Version:\s+(\S+)/.exec(output)?.[1] ?? "", "3.1") ? binary : null;
}

/** Without an engine nothing can be pulled yet: whether the images' default home has an address here is the best that can be known. */
const isHubInReach = () =>
  dns.promises.lookup("docker.io").then(
    () => true,
    () => false,
  );

/** @param {string} dockerHost */
const isPresent = async (dockerHost) => (await engineRequest(dockerHost, "GET", `/images/${encodeURIComponent(TAG)}/json`)).status === 200;

/** @param {string} dockerHost @param {string} reference @returns {Promise<boolean>} whether it is there now */
export async function pull(dockerHost, reference) {
  const [name, tag] = reference.split(":");
  try {
    const { status, text } = await engineRequest(dockerHost, "POST", `/images/create?fromImage=${name}&tag=${tag}`, { timeoutMs: LONGEST_PULL_MS });
    if (status === 200 && !text.includes('"error"')) return true;
    say(`${reference} cannot be pulled (${text.trim().split("\n").at(-1)?.slice(0, 160)})`);
  } catch (error) {
    say(`${reference} cannot be pulled (${error instanceof Error ? error.message : String(error)})`);
  }
  return false;
}

/**
 * Before anything is changed: is there any way to an edge?
 * @param {NodeJS.ProcessEnv} env
 * @param {string | null} dockerHost an engine that answers, if there is one
 * @throws {Refusal}
 */
export async function refuseWithoutEdge(env, dockerHost) {
  if (env.DOKPLOY_EDGE_IMAGE) return;
  if (env.DOKPLOY_EDGE_IMAGE_FILE) {
    if (!fs.existsSync(env.DOKPLOY_EDGE_IMAGE_FILE))
      throw new Refusal(`${env.DOKPLOY_EDGE_IMAGE_FILE} is not there`, "DOKPLOY_EDGE_IMAGE_FILE names it", "give a file made by docker save, or unset it");
    return;
  }
  if ((dockerHost && (await isPresent(dockerHost))) || fs.existsSync(cachedBinary()) || (await binaryOnPath()) || (await findGo())) return;
  if (dockerHost ? await pull(dockerHost, TAG) : fs.existsSync(MARK) || (await isHubInReach())) return;
  const go = findProgram("go") ? `Go is older than ${OLDEST_GO}` : "there is no Go on PATH";
  throw new Refusal(
    "no edge can be had",
    `the image ${TAG} is not present and cannot be pulled, no traefik is on PATH, and ${go}`,
    `install Go ${OLDEST_GO} or later, or give DOKPLOY_EDGE_IMAGE_FILE=file of docker save ${TAG}`,
  );
}

/**
 * @param {string} dockerHost
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<string>} the image's name
 */
export async function ensureEdgeImage(dockerHost, env) {
  const image = await makeEdgeImage(dockerHost, env);
  if (dockerHost.startsWith(`unix://${PRIVATE_ROOT}/`)) fs.writeFileSync(MARK, image);
  return image;
}

/** @param {string} dockerHost @param {NodeJS.ProcessEnv} env */
async function makeEdgeImage(dockerHost, env) {
  if (env.DOKPLOY_EDGE_IMAGE) return env.DOKPLOY_EDGE_IMAGE;
  if (env.DOKPLOY_EDGE_IMAGE_FILE && !(await isPresent(dockerHost))) {
    say(`loading ${env.DOKPLOY_EDGE_IMAGE_FILE}`);
    const { status, text } = await engineRequest(dockerHost, "POST", "/images/load?quiet=1", { stream: fs.createReadStream(env.DOKPLOY_EDGE_IMAGE_FILE) });
    if (status !== 200 || text.includes('"error"') || !(await isPresent(dockerHost)))
      throw new Refusal(`${env.DOKPLOY_EDGE_IMAGE_FILE} does not bring ${TAG}`, text.trim(), `make it with docker save ${TAG}`);
  }
  if (await isPresent(dockerHost)) return TAG;
  const binary = fs.existsSync(cachedBinary()) ? cachedBinary() : await binaryOnPath();
  if (binary) return ensureTraefikImage({ dockerHost, binary, tag: TAG, log: say });
  if (await pull(dockerHost, TAG)) return TAG;
  return ensureTraefikImage({ dockerHost, binary: await buildEdge(), tag: TAG, log: say });
}

/** @returns {Promise<string>} the binary, built once for this machine */
async function buildEdge() {
  const binary = cachedBinary();
  fs.mkdirSync(cacheFolder(), { recursive: true });
  const onWait = () => say("another bin/up builds the edge: waiting for it");
  await locked(
    `${binary}.lock`,
    async () => {
      if (fs.existsSync(binary)) return;
      const go = await findGo();
      if (!go) throw new Refusal("the edge cannot be built", `no Go ${OLDEST_GO} or later is on PATH`, "install Go, or give DOKPLOY_EDGE_IMAGE_FILE");
      say(`building the edge (Traefik ${pinnedVersion()}) with ${go}: about 12 minutes on two cores, once; kept in ${cacheFolder()}`);
      await compile(go, `${binary}.next`);
      fs.renameSync(`${binary}.next`, binary);
    },
    { onWait },
  );
  return binary;
}

/** @param {string} go @param {string} output */
async function compile(go, output) {
  const began = Date.now();
  const env = { ...process.env, CGO_ENABLED: "0", GOFLAGS: "-mod=readonly -buildvcs=false" };
  let downloads = 0;
  let packages = 0;
  const minutes = () => `${((Date.now() - began) / 60_000).toFixed(1)} min`;
  const progress = setInterval(
    () =>
      say(packages > 0 ? `building the edge: ${packages} packages compiled, ${minutes()}` : `building the edge: ${downloads} modules downloaded, ${minutes()}`),
    30_000,
  );
  try {
    const onLine = (/** @type {string} */ line) => {
      if (line.startsWith("go: downloading")) downloads++;
      else if (/^[\w.-]+(\/|$)/.test(line)) packages++;
    };
    await run(go, ["build", "-v", "-trimpath", "-ldflags", "-s -w", "-o", output, PACKAGE], { cwd: MODULE, env, onLine, doing: "building the edge" });
    say(`the edge is built (${minutes()})`);
  } finally {
    clearInterval(progress);
  }
}
