import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SERVER, serverFiles, startGitServer, type TestRepository } from "../support/git-repository";
import { ask, openPlatform, type Platform } from "../support/platform";

let platform: Platform;
let git: Awaited<ReturnType<typeof startGitServer>>;
let repository: TestRepository;
const project = `cli-${randomBytes(3).toString("hex")}`;
const app = `${project}/shop`;
const home = mkdtempSync(path.join(tmpdir(), "cli-home-"));

const run = (...args: string[]) => platform.cli(args);
const json = async (...args: string[]) => {
  const { stdout } = await platform.cli(["--json", ...args]);
  return JSON.parse(stdout);
};

beforeAll(async () => {
  platform = openPlatform();
  git = await startGitServer();
  repository = git.repository(project, serverFiles("one", 'console.log("ready to serve");'));
});
afterAll(async () => {
  await run("project", "delete", project);
  await git.close();
  rmSync(home, { recursive: true });
});

describe("from nothing to live", () => {
  test("project, application, deployment: each with its answer", async () => {
    expect(await json("project", "create", project)).toMatchObject({ name: project });
    const created = await json("app", "create", "shop", "--project", project, "--git", repository.url, "--health-path", "/");
    expect(created).toMatchObject({
      name: "shop",
      project,
      environment: "production",
      status: "never_deployed",
      webhook: { url: expect.stringContaining("/webhooks/github/"), secret: expect.any(String) },
    });
    const shown = await run("deploy", app, "--wait");
    expect(shown).toMatchObject({ status: 0 });
    expect(shown.stdout).toMatch(/✓ build/);
    const listed = await json("app", "list", "--project", project);
    expect(listed.items).toMatchObject([{ name: "shop", status: "healthy", release: 1 }]);
    expect((await ask(listed.items[0].url)).body).toContain("one");
  });

  test("with --json the final deployment is the one document, on exit 0 and on exit 1", async () => {
    repository.commit({ "server.js": SERVER("two") });
    expect(await json("deploy", app, "--wait")).toMatchObject({ status: "succeeded", release: 2, spans: expect.any(Array) });
    repository.commit({ "server.js": "process.exit(4)" }, "Break it");
    const broken = await platform.cli(["deploy", app, "--wait", "--json"]);
    expect(broken.status).toBe(1);
    expect(JSON.parse(broken.stdout)).toMatchObject({ status: "failed", reason: { code: "crashed", what: expect.any(String), fix: expect.any(String) } });
    expect(broken.stderr).toMatch(/error: .+ — .+ — .+/);
    repository.commit({ "server.js": SERVER("three", 'console.log("ready to serve");') });
    expect((await run("deploy", app, "--wait")).status).toBe(0);
  });

  test("roll back, variables, domains, logs", async () => {
    expect(await json("rollback", app)).toMatchObject({ status: "succeeded", kind: "rollback", release: 2 });
    expect(await run("env", "set", app, "GREETING=hello there", "--wait")).toMatchObject({ status: 0 });
    expect(await json("env", "set", app, "TOKEN=hunter2hunter2", "--secret", "--no-deploy")).toMatchObject({ deployment: null });
    expect((await run("env", "list", app)).stdout).toBe("GREETING=hello there\nTOKEN=••••••••\n");
    expect((await platform.cli(["env", "import", app, "--no-deploy"], { stdin: 'A=1\nB="two words"\n' })).status).toBe(0);
    expect((await json("env", "list", app)).items.map((one: { key: string }) => one.key)).toEqual(["A", "B", "GREETING", "TOKEN"]);
    const host = `${project}.example.test`;
    expect(await json("domain", "add", app, host)).toMatchObject({ host, path: "/", tls: "off" });
    expect((await run("domain", "remove", host)).status).toBe(0);
    expect((await run("logs", app, "--since", "10m", "--grep", "ready to s.rve")).stdout).toContain("ready to serve");
    expect((await run("open", app)).stdout).toMatch(/^http:\/\/shop-[0-9a-f]{8}\.localhost:\d+\n$/);
  });
});

describe("exit status", () => {
  test.each([
    [2, ["nonsense"]],
    [2, ["project", "create", "Not A Name"]],
    [2, ["app", "create", "x"]],
    [2, ["deploy", "x", "--nonsense"]],
    [2, ["app", "create", "x", "--project", "y", "--compose", "f"]],
    [2, ["exec", "x", "--", "ls"]],
    [4, ["app", "show", "nowhere"]],
    [4, ["deployment", "show", "00000000-0000-4000-8000-000000000000"]],
    [4, ["deployment", "cancel", "nonsense"]],
  ])("%i for %j", async (status, args) => {
    const result = await run(...args);
    expect(result.status).toBe(status);
    expect(result.stderr.length).toBeGreaterThan(0);
  });

  test("3 without a valid token, 5 without a server; errors are JSON with --json", async () => {
    expect((await platform.cli(["whoami"], { env: { DOKPLOY_TOKEN: "wrong" } })).status).toBe(3);
    const away = await platform.cli(["whoami", "--json"], { env: { DOKPLOY_URL: "http://127.0.0.1:9" } });
    expect(away.status).toBe(5);
    expect(JSON.parse(away.stderr)).toMatchObject({ error: { code: "unreachable", fix: expect.any(String) } });
    expect(away.stdout).toBe("");
  });
});

describe("signing in", () => {
  test("by password: the token is kept for its owner only, and forgotten again", async () => {
    const { email, password } = platform.up.admin;
    const env = { HOME: home, DOKPLOY_TOKEN: "", DOKPLOY_URL: platform.up.dashboard };
    const signedIn = await platform.cli(["login", "--email", email, "--password-stdin"], { stdin: `${password}\n`, env });
    expect(signedIn).toMatchObject({ status: 0 });
    const file = path.join(home, ".config/dokploy/session.json");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect((await platform.cli(["login", "--email", email, "--password-stdin"], { stdin: "wrong\n", env })).status).toBe(3);
  });

  test("tokens are shown once, listed without themselves, limited by scope, and revoked", async () => {
    const name = `ci-${randomBytes(3).toString("hex")}`;
    const created = await json("token", "create", name, "--scope", "read", "--expires", "30d");
    expect(created).toMatchObject({ name, scopes: ["read"], token: expect.stringMatching(/^dkp_/) });
    expect(JSON.stringify(await json("token", "list"))).not.toContain(created.token);
    const env = { DOKPLOY_TOKEN: created.token };
    expect((await platform.cli(["project", "list"], { env })).status).toBe(0);
    expect((await platform.cli(["project", "create", "forbidden"], { env })).status).toBe(3);
    expect((await run("token", "revoke", name)).status).toBe(0);
    expect((await platform.cli(["project", "list"], { env })).status).toBe(3);
  });
});

test("credentials: a generated key prints its public half, and no secret is ever listed", async () => {
  const name = `deploy-${randomBytes(3).toString("hex")}`;
  expect(await json("credential", "add", name, "--host", "git.example.com", "--generate-ssh-key")).toMatchObject({
    kind: "ssh",
    publicKey: expect.stringMatching(/^ssh-ed25519 /),
  });
  expect(JSON.stringify(await json("credential", "list"))).not.toMatch(/PRIVATE KEY/);
  expect((await run("credential", "remove", name)).status).toBe(0);
});

test("the typed client's example script lists what there is", async () => {
  const { stdout } = await promisify(execFile)("node", ["--import", "tsx", "e2e/examples/client.ts"], {
    env: { ...process.env, DOKPLOY_URL: platform.up.dashboard, DOKPLOY_TOKEN: platform.up.token },
  });
  expect(stdout).toMatch(/demo\/hello\t/);
});
