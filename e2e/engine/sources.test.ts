import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import Dockerode from "dockerode";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { serverFiles, startGitServer } from "../support/git-repository";
import { ask, openPlatform, type Platform, untilEnded } from "../support/platform";
import { startSshServer } from "../support/ssh-server";

let platform: Platform;
const suffix = randomBytes(3).toString("hex");
const project = `sources-${suffix}`;

beforeAll(async () => {
  platform = openPlatform();
  await platform.client.projects.create.mutate({ name: project });
});
afterAll(() => platform.client.projects.delete.mutate({ project }));

const deploy = async (app: string, wish: object = {}) => untilEnded(platform, (await platform.client.deployments.create.mutate({ app, ...wish })).id);
const newApp = (name: string, settings: object) => platform.client.apps.create.mutate({ name, project, ...settings });

describe("private repositories", () => {
  test("by token: without it the reason says so, with it the deployment goes live, and the token is nowhere to be seen", async () => {
    const token = `token-${randomBytes(12).toString("hex")}`;
    const git = await startGitServer({ username: "deployer", password: token });
    const repository = git.repository("private", serverFiles("private"));
    const app = await newApp("by-token", { git: repository.url });
    const refused = await deploy(app.id);
    expect(refused).toMatchObject({ status: "failed", reason: { code: "repository_credentials", fix: expect.any(String) } });
    await platform.client.credentials.create.mutate({ name: `token-${suffix}`, host: "127.0.0.1", username: "deployer", token });
    await platform.client.apps.update.mutate({ app: app.id, settings: { credential: `token-${suffix}` } });
    const run = await deploy(app.id);
    expect(run.reason).toBeNull();
    expect((await ask(app.url ?? "")).body).toContain("private");
    const log = await platform.client.deployments.logs.query({ deployment: run.id, limit: 10_000 });
    expect(JSON.stringify([run, log, await platform.client.credentials.list.query()])).not.toContain(token);
    await git.close();
  });

  test("by a generated deploy key, from a real SSH server", async () => {
    const ssh = await startSshServer();
    const work = path.join(ssh.root, "work");
    mkdirSync(work);
    for (const [file, text] of Object.entries(serverFiles("by ssh"))) writeFileSync(path.join(work, file), text);
    const git = (...args: string[]) =>
      execFileSync("git", ["-c", "user.name=Test", "-c", "user.email=test@example.test", ...args], { cwd: work, stdio: ["ignore", "pipe", "pipe"] });
    git("init", "-q", "-b", "main");
    git("add", "-A");
    git("commit", "-q", "-m", "First");
    git("clone", "-q", "--bare", work, path.join(ssh.root, "private.git"));

    const key = await platform.client.credentials.create.mutate({ name: `ssh-${suffix}`, host: "127.0.0.1", generateSshKey: true });
    const app = await newApp("by-ssh", { git: ssh.url, credential: key.name });
    expect(await deploy(app.id)).toMatchObject({ status: "failed", reason: { code: "repository_credentials" } });
    ssh.allow(key.publicKey ?? "");
    const run = await deploy(app.id);
    expect(run.reason).toBeNull();
    expect((await ask(app.url ?? "")).body).toContain("by ssh");
    await ssh.close();
  });
});

describe("what cannot be fetched says why", () => {
  test("no such repository, an empty one, an unreachable one", async () => {
    const git = await startGitServer();
    const empty = git.repository("empty", {});
    const cases: [string, string, string][] = [
      ["missing", empty.url.replace("empty", "nowhere"), "repository_not_found"],
      ["empty", empty.url, "repository_empty"],
      ["away", "http://127.0.0.1:9/away.git", "repository_unreachable"],
    ];
    for (const [name, url, code] of cases) {
      const app = await newApp(name, { git: url });
      expect(await deploy(app.id), name).toMatchObject({
        status: "failed",
        outcome: "build_failed",
        reason: { code, what: expect.any(String), fix: expect.any(String) },
      });
    }
    await git.close();
  });

  test("a private host that is not allowed is refused before anything is queued", async () => {
    await expect(newApp("forbidden", { git: "http://10.1.2.3/a.git" })).rejects.toThrow(/http|reached/i);
    await expect(newApp("metadata", { git: "https://169.254.169.254/a.git" })).rejects.toThrow();
    await expect(newApp("disk", { git: "/etc" })).rejects.toThrow(/disk/);
  });
});

describe("images", () => {
  test("one that is there is deployed without a build; one that is nowhere says so", async () => {
    const app = await newApp("image", { image: "node:20-slim" });
    expect(await deploy(app.id)).toMatchObject({ status: "failed", commit: null, reason: { code: "crashed" } });
    await platform.client.apps.delete.mutate({ app: app.id });
    const docker = new Dockerode({ socketPath: platform.up.dockerHost.replace("unix://", "") });
    expect((await docker.getImage("node:20-slim").inspect()).RepoTags).toContain("node:20-slim");
    const nowhere = await newApp("unpullable", { image: "registry.example.invalid/no/such:1" });
    expect(await deploy(nowhere.id)).toMatchObject({ status: "failed", reason: { code: "image_not_found", fix: expect.any(String) } });
  });
});

describe("limits and checks", () => {
  test("a program that outgrows its memory is told so", async () => {
    const git = await startGitServer();
    const repository = git.repository("hungry", {
      ...serverFiles("x"),
      "server.js": "const kept = []; setInterval(() => kept.push(Buffer.alloc(16 * 1024 * 1024, 1)), 5);",
    });
    const app = await newApp("hungry", { git: repository.url, resources: { memoryBytes: 64 * 1024 * 1024 }, health: { timeoutS: 20 } });
    expect(await deploy(app.id)).toMatchObject({ status: "failed", reason: { code: "out_of_memory", fix: expect.stringContaining("memory") } });
    await git.close();
  });

  test("a TCP check takes any answer for listening", async () => {
    const git = await startGitServer();
    const repository = git.repository("tcp", {
      ...serverFiles("x"),
      "server.js": 'require("node:http").createServer((q, r) => { r.statusCode = 500; r.end("no page here"); }).listen(process.env.PORT, "0.0.0.0");',
    });
    const app = await newApp("tcp", { git: repository.url, health: { kind: "tcp", timeoutS: 10 } });
    expect(await deploy(app.id)).toMatchObject({ status: "succeeded" });
    await git.close();
  });
});
