import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseAllowHosts } from "../../../server/git-hosts";
import { createSource } from "../../../worker/engine/git/source";
import type { SourceRepository } from "../../../worker/ports";

let folder: string;
let bare: string;
let work: string;
let source: SourceRepository;
let server: http.Server;
let remote = "";
const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
const TOKEN = "t0ken-of-the-test";

const git = (cwd: string, ...args: string[]) =>
  execFileSync("git", ["-c", "user.name=Ann", "-c", "user.email=a@b", ...args], {
    cwd,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
    env: { ...process.env, GIT_AUTHOR_DATE: "2026-01-02T03:04:05Z" },
  }).trim();
function commit(message: string, files: Record<string, string> = { f: message }): string {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(work, name)), { recursive: true });
    writeFileSync(path.join(work, name), text);
  }
  git(work, "add", "-A");
  git(work, "commit", "-q", "--allow-empty", "-m", message);
  return git(work, "rev-parse", "HEAD");
}
const push = (...args: string[]) => git(work, "push", "-q", ...args);
const fetch = (ref = "main", url = bare) => source.fetch({ url, ref: { kind: "branch", name: ref } });

/** git's own server behind a token (git-http-backend(1)). */
function serveGit(): http.Server {
  return http.createServer((request, response) => {
    if (request.url?.startsWith("/away")) return response.writeHead(302, { location: `${remote}/r.git${request.url.slice(5)}` }).end();
    if (request.headers.authorization !== `Basic ${Buffer.from(`ann:${TOKEN}`).toString("base64")}`)
      return response.writeHead(401, { "www-authenticate": "Basic" }).end();
    const url = new URL(request.url ?? "/", "http://x");
    const backend = spawn("git", ["http-backend"], {
      env: {
        PATH: process.env.PATH,
        GIT_PROJECT_ROOT: path.dirname(bare),
        GIT_HTTP_EXPORT_ALL: "1",
        PATH_INFO: url.pathname,
        QUERY_STRING: url.search.slice(1),
        REQUEST_METHOD: request.method,
        CONTENT_TYPE: request.headers["content-type"] ?? "",
        HTTP_CONTENT_ENCODING: request.headers["content-encoding"] ?? "",
        GIT_CONFIG_COUNT: "1",
        GIT_CONFIG_KEY_0: "safe.directory",
        GIT_CONFIG_VALUE_0: "*",
      } as unknown as NodeJS.ProcessEnv,
    });
    request.pipe(backend.stdin);
    const parts: Buffer[] = [];
    backend.stdout.on("data", (part: Buffer) => parts.push(part));
    backend.on("close", () => {
      const all = Buffer.concat(parts);
      const end = all.indexOf("\r\n\r\n");
      const headers = Object.fromEntries(
        all
          .subarray(0, end)
          .toString()
          .split("\r\n")
          .map((line) => [line.split(": ")[0] ?? "", line.slice(line.indexOf(": ") + 2)]),
      );
      const { Status, ...rest } = headers;
      response.writeHead(Number.parseInt(Status ?? "200", 10), rest).end(all.subarray(end + 4));
    });
  });
}

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "dokploy-git-e2e-"));
  const repositories = path.join(folder, "repositories");
  bare = path.join(repositories, "r.git");
  work = path.join(folder, "work");
  mkdirSync(repositories);
  git(folder, "init", "-q", "--bare", "-b", "main", bare);
  git(folder, "init", "-q", "-b", "main", work);
  git(work, "remote", "add", "origin", bare);
  commit("first", { f: "1", "sub/x": "x" });
  push("origin", "main");
  server = serveGit();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  remote = `http://127.0.0.1:${address && typeof address === "object" ? address.port : 0}`;
  source = createSource({ home: path.join(folder, "home"), localRepositories: repositories, allowHosts: parseAllowHosts("127.0.0.1"), log });
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

describe("a local repository", () => {
  it("is fetched, with the commit's facts", async () => {
    const sha = commit("second\n\nwith a body");
    push("origin", "main");
    expect((await fetch()).commit).toEqual({
      sha,
      message: "second\n\nwith a body",
      author: "Ann",
      authoredAt: Date.UTC(2026, 0, 2, 3, 4, 5) * 1000,
      merge: false,
      parents: [git(work, "rev-parse", "HEAD~1")],
    });
  });

  it("gives the commits between two, merges marked", async () => {
    const from = (await fetch()).commit.sha;
    git(work, "checkout", "-q", "-b", "side");
    const side = commit("side", { s: "1" });
    git(work, "checkout", "-q", "main");
    const main = commit("main", { m: "1" });
    git(work, "merge", "-q", "--no-ff", "-m", "merged", "side");
    push("origin", "main");
    const { commit: head } = await fetch();
    const { commits, known } = await source.commitSet({ url: bare, from, to: head.sha });
    expect(known).toBe(true);
    expect(commits.map(({ sha }) => sha).sort()).toEqual([side, main, head.sha].sort());
    expect(commits.filter(({ merge }) => merge).map(({ sha }) => sha)).toEqual([head.sha]);
    expect(await source.commitSet({ url: bare, from: head.sha, to: from })).toEqual({ commits: [], known: true });
    expect((await source.commitSet({ url: bare, from: null, to: head.sha })).commits).toHaveLength(1);
  });

  it("gives only the commits that change a watched path, taken by its letters", async () => {
    const from = (await fetch()).commit.sha;
    const web = commit("web", { "apps/web/a": "1" });
    commit("api", { "apps/api/a": "1" });
    commit("website", { "apps/website/a": "1" });
    const shared = commit("shared", { "lib/[x]/a": "1" });
    push("origin", "main");
    const { commit: head } = await fetch();
    const set = async (...paths: string[]) => (await source.commitSet({ url: bare, from, to: head.sha, paths })).commits.map(({ sha }) => sha);
    expect(await set("apps/web")).toEqual([web]);
    expect(await set("apps/web", "lib/[x]")).toEqual([shared, web]);
    expect(await set("lib/*")).toEqual([]);
    expect(await set()).toHaveLength(4);
  });

  it("tells of a force push: the old head is no longer known", async () => {
    const old = commit("to be lost");
    push("origin", "main");
    await fetch();
    git(work, "commit", "-q", "--amend", "-m", "in its place");
    push("-f", "origin", "main");
    const { commit: head, forcePushed } = await fetch();
    expect(forcePushed).toBe(true);
    expect(await source.commitSet({ url: bare, from: old, to: head.sha })).toMatchObject({ known: false, commits: [{ sha: head.sha }] });
  });

  it("finds tags and abbreviated commits, and says what is not there", async () => {
    git(work, "tag", "v1");
    push("origin", "v1");
    const head = git(work, "rev-parse", "HEAD");
    expect((await source.fetch({ url: bare, ref: { kind: "tag", name: "v1" } })).commit.sha).toBe(head);
    expect((await source.fetch({ url: bare, ref: { kind: "sha", name: head.slice(0, 9) } })).commit.sha).toBe(head);
    await expect(fetch("none")).rejects.toMatchObject({ code: "ref_not_found" });
    await expect(fetch("--upload-pack=id")).rejects.toMatchObject({ code: "ref_not_found" });
    await expect(source.fetch({ url: bare, ref: { kind: "sha", name: "ab".repeat(20) } })).rejects.toMatchObject({ code: "commit_not_found" });
    git(folder, "init", "-q", "--bare", path.join(path.dirname(bare), "empty.git"));
    await expect(fetch("main", path.join(path.dirname(bare), "empty.git"))).rejects.toMatchObject({ code: "repository_empty" });
    expect((await source.heads({ url: bare })).get("main")).toBe(head);
  });

  it("is checked out as it is: links stay links, hooks and filters do not run", async () => {
    symlinkSync("/etc/passwd", path.join(work, "out"));
    const sha = commit("links", { ".gitattributes": "f filter=evil\n", f: "plain" });
    push("origin", "main");
    await fetch();
    const target = mkdtempSync(path.join(folder, "tree-"));
    await source.checkout({ url: bare, sha, path: "", directory: target });
    expect(readlinkSync(path.join(target, "out"))).toBe("/etc/passwd");
    expect(readFileSync(path.join(target, "f"), "utf8")).toBe("plain");
    const below = mkdtempSync(path.join(folder, "tree-"));
    await source.checkout({ url: bare, sha, path: "/sub/", directory: below });
    expect(readdirSync(below)).toEqual(["x"]);
    for (const bad of ["none", "f", "../x", "out"])
      await expect(source.checkout({ url: bare, sha, path: bad, directory: mkdtempSync(path.join(folder, "tree-")) })).rejects.toMatchObject({
        code: "ref_not_found",
      });
    await expect(source.checkout({ url: bare, sha: "ab".repeat(20), path: "", directory: mkdtempSync(path.join(folder, "tree-")) })).rejects.toMatchObject({
      code: "commit_not_found",
    });
  });

  it("says which content its files have, below a folder too, without a checkout", async () => {
    const sha = commit("contents", { "sub/ä b": "1", "sub/deep/c": "2" });
    push("origin", "main");
    await fetch();
    const list = async (below: string) =>
      Buffer.from(await source.listBlobs({ url: bare, sha, path: below }))
        .toString()
        .split("\0");
    expect(await list("sub")).toEqual(
      expect.arrayContaining([`100644 blob ${git(work, "rev-parse", "HEAD:sub/ä b")}\tä b`, expect.stringMatching(/\tdeep\/c$/)]),
    );
    expect(await list("")).toEqual(expect.arrayContaining([expect.stringMatching(/\tsub\/ä b$/)]));
    for (const bad of ["none", "../x"]) await expect(list(bad)).rejects.toMatchObject({ code: "ref_not_found" });
    await expect(source.listBlobs({ url: bare, sha: "ab".repeat(20), path: "" })).rejects.toMatchObject({ code: "commit_not_found" });
  });

  it("is fetched by many at once, and past the locks of a killed git", async () => {
    const sha = commit("again");
    push("origin", "main");
    const [mirror = ""] = readdirSync(path.join(folder, "home", "mirrors"))
      .map((name) => path.join(folder, "home", "mirrors", name))
      .filter((name) => readdirSync(path.join(name, "refs", "heads")).includes("main"));
    for (const lock of ["refs/heads/main.lock", "packed-refs.lock", "config.lock"]) writeFileSync(path.join(mirror, lock), "");
    const all = await Promise.all(Array.from({ length: 8 }, () => fetch()));
    expect(all.every((result) => result.commit.sha === sha)).toBe(true);
  });
});

describe("a repository behind http", () => {
  const request = (token: string) => ({
    url: `${remote}/r.git`,
    ref: { kind: "branch" as const, name: "main" },
    credential: { kind: "https" as const, host: "127.0.0.1", username: "ann", token },
  });
  it("is fetched with its token, which is in no argument and no file", async () => {
    const seen = new Set<string>();
    const watch = setInterval(() => {
      for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
        try {
          const line = readFileSync(`/proc/${pid}/cmdline`, "utf8");
          if (line.startsWith("git")) seen.add(line);
        } catch (error) {
          if (!["ENOENT", "ESRCH"].includes((error as { code: string }).code)) throw error;
        }
      }
    }, 2);
    const { commit: head } = await source.fetch(request(TOKEN));
    clearInterval(watch);
    expect(head.sha).toBe(git(work, "rev-parse", "HEAD"));
    const basic = Buffer.from(`ann:${TOKEN}`).toString("base64");
    for (const line of seen) for (const secret of [TOKEN, basic]) expect(line).not.toContain(secret);
    for (const secret of [TOKEN, basic]) expect(() => execFileSync("grep", ["-r", secret, path.join(folder, "home")])).toThrow();
  });

  it("says what is wrong with the credential, the address or the host", async () => {
    await expect(source.fetch(request("wrong"))).rejects.toMatchObject({ code: "repository_credentials" });
    await expect(source.fetch({ ...request(TOKEN), credential: undefined })).rejects.toMatchObject({ code: "repository_credentials" });
    await expect(source.fetch({ ...request(TOKEN), url: `${remote}/none.git` })).rejects.toMatchObject({ code: "repository_not_found" });
    await expect(source.fetch({ ...request(TOKEN), url: `${remote}/away` })).rejects.toMatchObject({ code: "repository_refused" });
    await expect(source.fetch({ ...request(TOKEN), url: "http://127.0.0.1:1/x.git" })).rejects.toMatchObject({
      code: "repository_unreachable",
      kind: "temporary",
    });
  });

  it("ends on abort", async () => {
    const silent = http.createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const address = silent.address();
    const controller = new AbortController();
    silent.once("request", () => controller.abort());
    const url = `http://127.0.0.1:${address && typeof address === "object" ? address.port : 0}/x.git`;
    await expect(source.fetch({ url, ref: { kind: "branch", name: "main" }, signal: controller.signal })).rejects.toMatchObject({ code: "cancelled" });
    silent.closeAllConnections();
    silent.close();
  });
});
