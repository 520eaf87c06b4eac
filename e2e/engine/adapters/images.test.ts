import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { freePort } from "../../../deploy/up/ports.mjs";
import { parseDockerHost } from "../../../worker/engine/docker-client";
import { createImages } from "../../../worker/engine/images";
import { createRegistryImages } from "../../../worker/engine/registry";
import { openTestEngine, type TestEngine } from "../../support/engine-fixture";

let registry: ChildProcess;
let address = "";
let engine: TestEngine;
let imageId = "";
const PASSWORD = "open sesame";
/** bcrypt of it, as htpasswd -B writes it. */
const HASH = "$2y$04$gaTavb4zCCVgHmgGWNW1AeIybzODS.1guWIfJqibigX9nJFFoyXOy";

/** The registry says when it listens. */
async function listening(said: Readable): Promise<void> {
  for await (const line of createInterface({ input: said })) if (line.includes("listening on")) break;
  said.resume();
}

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "dokploy-registry-"));
  const port = await freePort();
  await writeFile(path.join(folder, "htpasswd"), `dokploy:${HASH}\n`);
  await writeFile(
    path.join(folder, "config.yml"),
    `version: 0.1\nlog: {level: info}\nstorage: {filesystem: {rootdirectory: ${folder}/data}, delete: {enabled: true}}\nhttp: {addr: "127.0.0.1:${port}"}\nauth: {htpasswd: {realm: test, path: ${folder}/htpasswd}}\n`,
  );
  registry = spawn("docker-registry", ["serve", path.join(folder, "config.yml")], { stdio: ["ignore", "ignore", "pipe"] });
  const ready = listening(registry.stderr as Readable);
  address = `127.0.0.1:${port}`;
  engine = await openTestEngine({ registry: { address, username: "dokploy", password: PASSWORD } });
  imageId = (await engine.ports.docker.getImage("busybox:latest").inspect()).Id;
  await ready;
}, 120_000);
afterAll(async () => {
  for (const name of [`${address}/team/app:1`, `${address}/team/app:2`]) {
    if (await engine.ports.images.inspect(name)) await engine.ports.docker.getImage(name).remove();
  }
  await engine.close();
  registry.kill();
  await once(registry, "exit");
}, 60_000);

it("pushes by digest, also what is there already", async () => {
  const lines: string[] = [];
  const push = () => engine.ports.images.push({ imageId, repository: `${address}/team/app`, tag: "1", output: ({ text }) => lines.push(text) });
  const digest = await push();
  expect(digest).toMatch(new RegExp(`^${address}/team/app@sha256:[0-9a-f]{64}$`));
  expect(await push()).toBe(digest);
  expect(lines.some((line) => /Pushed|Layer already exists/.test(line))).toBe(true);
});

it("tells a refused credential from success, though the engine answers 200", async () => {
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const wrong = createImages(
    { docker: engine.ports.docker, address: parseDockerHost(engine.dockerHost), homeId: engine.homeId, log },
    { address, username: "dokploy", password: "no" },
  );
  await expect(wrong.push({ imageId, repository: `${address}/team/app`, tag: "2" })).rejects.toMatchObject({
    code: "push_failed",
    explanation: { what: "The registry refused the credential" },
  });
});

it("pulls by digest with the credential, and says what is missing", async () => {
  const digest = await engine.ports.images.push({ imageId, repository: `${address}/team/app`, tag: "1" });
  await engine.ports.docker.getImage(`${address}/team/app:1`).remove();
  if (await engine.ports.images.inspect(digest)) await engine.ports.docker.getImage(digest).remove();
  expect(await engine.ports.images.inspect(digest)).toBeNull();
  expect(await engine.ports.images.pull({ reference: digest })).toEqual({ imageId, digest });
  expect(await engine.ports.images.pull({ reference: "busybox:latest" })).toMatchObject({ imageId });
  await expect(engine.ports.images.pull({ reference: `${address}/team/none:1` })).rejects.toMatchObject({ code: "image_not_found" });
});

it("takes an image from the registry, whose bytes go when it collects; the others stay", async () => {
  const store = createRegistryImages({ address, username: "dokploy", password: PASSWORD }, "");
  const stay = await engine.ports.images.push({ imageId, repository: `${address}/team/stays`, tag: "1" });
  const bytes = () => readdirSync(path.join(folder, "data"), { recursive: true }).filter((name) => String(name).endsWith("/data")).length;
  const [repository, tag] = ["team/goes", "one"];
  const node = (await engine.ports.docker.getImage("node:20-slim").inspect()).Id;
  await engine.ports.images.push({ imageId: node, repository: `${address}/${repository}`, tag });
  await engine.ports.images.remove(`${address}/${repository}:${tag}`);
  expect(await store.repositories()).toEqual(expect.arrayContaining(["team/goes", "team/stays"]));
  expect(await store.tags(repository)).toEqual([tag]);
  const digest = await store.digestOf(repository, tag);
  expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
  const before = bytes();
  await store.remove(repository, digest ?? "");
  await store.remove(repository, digest ?? "");
  expect([await store.tags(repository), await store.digestOf(repository, tag), await store.tags("team/never")]).toEqual([[], null, []]);
  await promisify(execFile)("docker-registry", ["garbage-collect", path.join(folder, "config.yml")]);
  expect(bytes()).toBeLessThan(before);
  expect(`${address}/team/stays@${await store.digestOf("team/stays", "1")}`).toBe(stay);
  await engine.ports.images.remove(`${address}/team/stays:1`);
  const stranger = createRegistryImages({ address, username: "dokploy", password: "no" }, "");
  await expect(stranger.tags(repository)).rejects.toThrow("the registry answered 401");
});

it("reads what an image exposes, and null for none", async () => {
  expect(await engine.ports.images.inspect("busybox:latest")).toMatchObject({ imageId, exposedPorts: [], layers: [expect.stringMatching(/^sha256:/)] });
  expect(await engine.ports.images.inspect("none-of-this:1")).toBeNull();
  await engine.ports.images.remove("none-of-this:1");
});

it("reclaims build cache and nameless images, and leaves named ones", async () => {
  expect(await engine.ports.images.reclaim({ unusedHours: 24 * 365, keepBytes: null })).toBeGreaterThanOrEqual(0);
  expect(await engine.ports.images.inspect("node:20-slim")).not.toBeNull();
});
