import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseAllowHosts } from "../../../server/git-hosts";
import { checkHost, plainAddress } from "./allowed-hosts";
import { parseCommits } from "./commit-log";
import { sshCommand, withAccess } from "./credentials";
import { fetchError } from "./git-errors";
import { checkRemote, parseRemote } from "./repository-url";
import { gitEnvironment } from "./run-git";
import { isRefName } from "./source";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), "dokploy-git-"));
  mkdirSync(path.join(folder, "repositories", "a.git"), { recursive: true });
  symlinkSync("/etc", path.join(folder, "repositories", "out"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const none = parseAllowHosts("");
const resolve =
  (...addresses: string[]) =>
  () =>
    Promise.resolve(addresses);
const check = (url: string, allow = none, addresses = ["140.82.112.3"]) =>
  checkRemote(url, { allow, localRepositories: path.join(folder, "repositories"), resolve: resolve(...addresses) });

describe("hosts", () => {
  it.each(["169.254.169.254", "::ffff:169.254.169.254", "::ffff:a9fe:a9fe", "fd00:ec2::254", "fe80::1"])(
    "never reaches %s, whatever is listed",
    async (address) => {
      const allow = parseAllowHosts("meta.example 0.0.0.0/0 ::/0");
      await expect(checkHost({ host: "meta.example", protocol: "https", allow, resolve: resolve("140.82.112.3", address) })).rejects.toMatchObject({
        code: "repository_refused",
      });
    },
  );
  it.each(["10.1.2.3", "127.0.0.1", "192.168.1.1", "::1", "fc00::1", "::ffff:10.0.0.1"])("reaches %s only where it is listed", async (address) => {
    const request = { host: "git.internal", protocol: "https" as const, resolve: resolve(address) };
    await expect(checkHost({ ...request, allow: none })).rejects.toMatchObject({ code: "repository_refused" });
    expect(await checkHost({ ...request, allow: parseAllowHosts("git.internal") })).toEqual([plainAddress(address)]);
  });
  it("takes plain http only where the host, or all of its addresses, are listed", async () => {
    const request = { host: "git.example", protocol: "http" as const, resolve: resolve("10.0.0.5") };
    await expect(checkHost({ ...request, allow: none, resolve: resolve("140.82.112.3") })).rejects.toMatchObject({ code: "repository_refused" });
    expect(await checkHost({ ...request, allow: parseAllowHosts("10.0.0.0/8") })).toEqual(["10.0.0.5"]);
  });
  it("says when a name leads nowhere", async () => {
    const away = () => Promise.reject(Object.assign(new Error("no"), { code: "ENOTFOUND" }));
    await expect(checkHost({ host: "x.y", protocol: "https", allow: none, resolve: away })).rejects.toMatchObject({
      code: "repository_unreachable",
      kind: "temporary",
    });
  });
});

describe("addresses of repositories", () => {
  it.each([
    ["https://GitHub.com/a/b.git", { kind: "http", url: "https://github.com/a/b.git", port: 443 }],
    ["https://h.example:8443/a", { kind: "http", url: "https://h.example:8443/a", port: 8443 }],
    ["git@h.example:a/b.git", { kind: "ssh", url: "git@h.example:a/b.git", user: "git", port: 22 }],
    ["ssh://me@h.example:2222/a/b.git", { kind: "ssh", url: "ssh://me@h.example:2222/a/b.git", user: "me", port: 2222 }],
  ])("takes %s", async (url, expected) => expect(await check(url)).toMatchObject(expected));

  it.each([
    "ext::sh -c id",
    "file:///etc",
    "ftp://h/x",
    "git://h/x",
    "-oProxyCommand=id",
    "https://user:token@h.example/x",
    "ssh://-oProxyCommand=id/x",
    "git@-h:x",
    "git@h.example:-x",
    "ssh://h.example/-x",
    "https://h.example/x?y",
    "https://h/x\n",
    "a",
    "../x",
    "git@h:x\u0000y",
  ])("refuses %j", async (url) => expect(check(url)).rejects.toMatchObject({ code: "repository_refused" }));

  it("takes paths only below the folder for them, links resolved", async () => {
    const root = path.join(folder, "repositories");
    expect(await check(path.join(root, "a.git"))).toMatchObject({ kind: "path" });
    for (const url of [root, path.join(root, "out"), `${root}/../x`, `${root}-other`, "/etc"])
      await expect(check(url)).rejects.toMatchObject({ code: "repository_refused" });
    await expect(check(path.join(root, "b.git"))).rejects.toMatchObject({ code: "repository_not_found" });
    await expect(checkRemote("/etc", { allow: none, localRepositories: "" })).rejects.toMatchObject({ code: "repository_refused" });
  });

  it("never answers an address that git could take for an option or another protocol", async () => {
    const hostile = fc.oneof(
      fc.string(),
      fc.string({ unit: "binary" }),
      fc.tuple(fc.constantFrom("https://", "ssh://", "git@", "-", "ext::", "http://a@", "ssh://-"), fc.string()).map((parts) => parts.join("")),
    );
    await fc.assert(
      fc.asyncProperty(hostile, async (url) => {
        const remote = await check(url, parseAllowHosts("h.example")).catch((error: { code: string }) => error);
        if ("code" in remote) {
          expect(remote.code).toMatch(/^repository_/);
          return;
        }
        expect(remote.url).toMatch(/^(https?:\/\/|ssh:\/\/|[A-Za-z0-9][A-Za-z0-9._-]*@[a-z0-9[])/);
        expect(remote.url).not.toMatch(/[\u0000-\u0020]/);
        if (remote.kind === "ssh") expect(remote.user).not.toMatch(/^-/);
      }),
      { numRuns: 1000 },
    );
    expect(parseRemote("git@h:x")).toMatchObject({ protocol: "ssh", host: "h" });
  });
});

describe("names of branches and tags", () => {
  it("agrees with git for what it takes", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ maxLength: 12 }), fc.stringMatching(/^[-a-z./@{~^:]{1,10}$/)), (name) => {
        if (!isRefName(name)) return;
        execFileSync("git", ["check-ref-format", `refs/heads/${name}`]);
        expect(name).not.toMatch(/^-/);
      }),
      { numRuns: 150 },
    );
  });
  it.each(["main", "feature/x-1", "v1.2.3", "ünïcode"])("takes %s", (name) => expect(isRefName(name)).toBe(true));
  it.each(["", "-x", "a..b", "a b", "a:b", "a^", "x.lock", "/a", "a/", "@", "a@{b", "refs/heads/-x"])("refuses %j", (name) =>
    expect(isRefName(name)).toBe(false),
  );
});

describe("credentials", () => {
  const http = { kind: "http", url: "https://h.example/x", protocol: "https", host: "h.example", port: 443, addresses: ["1.2.3.4", "2001::1"] } as const;
  it("keep a token out of every argument, and give it to its own host alone", async () => {
    const credential = { kind: "https", host: "h.example", username: "u", token: "t0ken" } as const;
    const settings = await withAccess({ ...http, addresses: [...http.addresses] }, credential, folder, (given) => Promise.resolve(given));
    expect(settings["http.https://h.example:443/.extraHeader"]).toBe(`Authorization: Basic ${Buffer.from("u:t0ken").toString("base64")}`);
    expect(settings["http.curloptResolve"]).toBe("h.example:443:1.2.3.4,[2001::1]");
    await expect(withAccess({ ...http, addresses: ["1.2.3.4"] }, { ...credential, host: "other" }, folder, () => Promise.resolve())).rejects.toMatchObject({
      code: "repository_credentials",
    });
    await expect(withAccess({ ...http, addresses: ["1.2.3.4"] }, { ...credential, token: "a\nX: y" }, folder, () => Promise.resolve())).rejects.toMatchObject({
      code: "repository_credentials",
    });
  });
  it("put a key into a file of mode 0600 that is gone afterwards", async () => {
    const remote = { kind: "ssh", url: "git@h.example:x", host: "h.example", port: 22, user: "git", addresses: ["1.2.3.4"] } as const;
    let file = "";
    const mode = await withAccess({ ...remote, addresses: ["1.2.3.4"] }, { kind: "ssh", host: "h.example", privateKey: "KEY" }, folder, async (settings) => {
      file = /'-i' '([^']+)'/.exec(settings["core.sshCommand"] ?? "")?.[1] ?? "";
      return execFileSync("stat", ["-c", "%a %s", file], { encoding: "utf8" }).trim();
    });
    expect(mode).toBe("600 4");
    expect(() => execFileSync("stat", [file], { stdio: "ignore" })).toThrow();
  });
  it("quote every word of ssh's command line", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 20 }), (word) => {
        const command = sshCommand({ keyFile: `/tmp/${word}`, knownHostsFile: "/k", address: "1.2.3.4", host: "h", port: 22, strict: false });
        const printed = execFileSync("sh", ["-c", `printf '%s\\n' ${command}`], { encoding: "utf8" });
        expect(printed).toContain(`/tmp/${word}\n`);
      }),
      { numRuns: 30 },
    );
  });
  it("reach git by its environment, with everything else shut", () => {
    const environment = gitEnvironment({ "protocol.https.allow": "always" }, "/home/x", "/usr/bin");
    expect(environment).toMatchObject({ GIT_TERMINAL_PROMPT: "0", GIT_CONFIG_NOSYSTEM: "1", GIT_CONFIG_GLOBAL: "/dev/null" });
    const keys = Object.entries(environment).filter(([key]) => key.startsWith("GIT_CONFIG_KEY_"));
    expect(keys).toHaveLength(Number(environment.GIT_CONFIG_COUNT));
    expect(keys.map(([, value]) => value)).toEqual(expect.arrayContaining(["protocol.allow", "core.hooksPath", "http.followRedirects"]));
  });
});

it.each([
  ["remote: Repository not found.\nfatal: repository 'https://h/x/' not found", "repository_not_found"],
  ["fatal: could not read Username for 'https://h': terminal prompts disabled", "repository_credentials"],
  ["git@h: Permission denied (publickey).\nfatal: Could not read from remote repository.", "repository_credentials"],
  ["fatal: unable to access 'https://h/': The requested URL returned error: 403", "repository_credentials"],
  ["fatal: unable to access 'https://h/': Failed to connect to h port 443: Connection refused", "repository_unreachable"],
  ["fatal: unable to update url base from redirection", "repository_refused"],
  ["Host key verification failed.", "repository_refused"],
  ["fatal: couldn't find remote ref refs/heads/x", "ref_not_found"],
  ["fatal: something new", "repository_unreachable"],
])("explains %j as %s", (stderr, code) => expect(fetchError(stderr, "h").code).toBe(code));

it("never repeats a user name or token out of git's messages", () => {
  expect(JSON.stringify(fetchError("fatal: unable to access 'https://me:t0ken@h/x': odd", "h"))).not.toContain("t0ken");
});

it("reads commits as git writes them, whatever their messages hold", () => {
  const repository = path.join(folder, "log");
  const git = (...args: string[]) =>
    execFileSync("git", ["-c", "user.name=A \u001e B", "-c", "user.email=a@b", ...args], { cwd: repository, encoding: "utf8" });
  mkdirSync(repository);
  git("init", "-q");
  writeFileSync(path.join(repository, "f"), "1");
  git("add", "f");
  git("commit", "-q", "--cleanup=verbatim", "-m", "one\n\n%H \u001e body\n\n\nend");
  const commits = parseCommits(git("log", "--format=tformat:%H%x00%P%x00%at%x00%an%x00%B%x00%x1e"));
  expect(commits).toHaveLength(1);
  expect(commits[0]).toMatchObject({ message: "one\n\n%H \u001e body\n\n\nend", merge: false, parents: [] });
});
