import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BuildRequest, BuiltImage } from "../../../worker/ports";
import { openTestEngine, type TestEngine } from "../../support/engine-fixture";

let engine: TestEngine;
let scratch: string;
let count = 0;
beforeAll(async () => {
  engine = await openTestEngine();
  scratch = mkdtempSync(path.join(tmpdir(), "dokploy-context-"));
}, 120_000);
afterAll(async () => {
  await engine.close();
  rmSync(scratch, { recursive: true, force: true });
}, 60_000);

type Files = Record<string, string | { link: string } | null>;
type CheckOut = { directory: string; blobs: Uint8Array; contextKey: string };
const ALL = "FROM busybox\nCOPY . /app\n";

/** A repository whose state is checked out anew for each build, as a deployment does it. */
function repository(first: Files) {
  count += 1;
  const work = path.join(scratch, `repository-${count}`);
  const contextKey = `app-${count}`;
  const git = (...args: string[]) => execFileSync("git", args, { cwd: work });
  const write = (files: Files) => {
    for (const [name, content] of Object.entries(files)) {
      const file = path.join(work, name);
      rmSync(file, { recursive: true, force: true });
      if (content === null) continue;
      mkdirSync(path.dirname(file), { recursive: true });
      if (typeof content === "string") writeFileSync(file, content);
      else symlinkSync(content.link, file);
    }
  };
  mkdirSync(work);
  git("init", "-q");
  write({ "home.txt": engine.homeId, ...first });
  return {
    contextKey,
    file: (name: string) => path.join(work, name),
    checkOut(files: Files = {}): CheckOut {
      write(files);
      git("add", "-A");
      const tree = git("write-tree").toString().trim();
      const directory = mkdtempSync(path.join(scratch, "tree-"));
      git("checkout-index", "-a", `--prefix=${directory}/`);
      return { directory, contextKey, blobs: git("ls-tree", "-r", "-z", tree) };
    },
  };
}

function build(tree: CheckOut, more: Partial<BuildRequest> = {}): Promise<BuiltImage> {
  count += 1;
  return engine.ports.builder.build({
    ...tree,
    id: `${engine.homeId}-context-${count}`,
    dockerfile: { path: "Dockerfile" },
    args: {},
    secrets: {},
    labels: { "dokploy.home": engine.homeId },
    tag: `${engine.homeId}:context-${count}`,
    noCache: false,
    signal: new AbortController().signal,
    output: () => undefined,
    ...more,
  });
}
const shell = (image: BuiltImage, script: string) =>
  execFileSync("docker", ["--host", engine.dockerHost, "run", "--rm", image.imageId, "sh", "-c", `cd /app && ${script}`], {
    encoding: "utf8",
    env: { PATH: process.env.PATH, DOCKER_API_VERSION: "1.41" } as unknown as NodeJS.ProcessEnv,
  })
    .trim()
    .split("\n");
const files = (image: BuiltImage) => shell(image, "find . -type f | sort").filter((name) => name !== "./Dockerfile" && name !== "./home.txt");
const manifests = () => readdirSync(path.join(engine.home, "contexts")).map((name) => path.join(engine.home, "contexts", name));

describe("a further build of an application", () => {
  it("sends what changed, nothing when nothing did, and everything to an engine that knows another application", async () => {
    const many = Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`d${n % 7}/f${n}.txt`, `${n} `.repeat(1000)]));
    const source = repository({ Dockerfile: ALL, "a.txt": "first", ...many });
    const first = await build(source.checkOut());
    expect(first.sent).toEqual({ files: first.contextFiles, bytes: first.contextBytes });
    expect(first.contextFiles).toBe(203);
    const second = await build(source.checkOut({ "a.txt": "second one", "new.txt": "new" }));
    expect(second.sent).toEqual({ files: 2, bytes: "second one".length + "new".length });
    expect(shell(second, "cat a.txt new.txt")).toEqual(["second onenew"]);
    expect((await build(source.checkOut())).sent).toEqual({ files: 0, bytes: 0 });
    expect((await build({ ...source.checkOut(), contextKey: "another" })).sent.files).toBe(204);
  }, 90_000);

  it("is of the files that there are now: removed ones are gone, modes and owners are right", async () => {
    const source = repository({ Dockerfile: ALL, "keep/a": "a", "gone/b": "b", "run.sh": "echo" });
    await build(source.checkOut());
    chmodSync(source.file("run.sh"), 0o755);
    const second = await build(source.checkOut({ gone: null }));
    expect(files(second)).toEqual(["./keep/a", "./run.sh"]);
    expect(shell(second, "stat -c '%a %u:%g' run.sh keep keep/a")).toEqual(["755 0:0", "755 0:0", "644 0:0"]);
    const third = await build(source.checkOut({ "gone/b": "B" }));
    expect(shell(third, "cat gone/b")).toEqual(["B"]);
  }, 90_000);

  it("has a file where a folder was, a folder where a link was, and any other change of kind", async () => {
    const source = repository({ Dockerfile: ALL, target: "of the link", "x/y": "in a folder", "x/z/w": "below" });
    await build(source.checkOut());
    const describeX = "if [ -L x ]; then echo link $(readlink x); elif [ -d x ]; then echo folder $(find x -type f); else echo file $(cat x); fi";
    for (const [kind, state, shown] of [
      ["file", { x: "a file" }, "file a file"],
      ["link", { x: { link: "target" } }, "link target"],
      ["folder", { x: null, "x/y": "again" }, "folder x/y"],
      ["link", { x: { link: "tarGet" } }, "link tarGet"],
      ["file", { x: "tarGet" }, "file tarGet"],
      ["folder", { x: null, "x/v": "new" }, "folder x/v"],
    ] as const)
      expect(shell(await build(source.checkOut(state)), describeX), kind).toEqual([shown]);
  }, 120_000);

  it("builds a change of the same size at the same time, there and back", async () => {
    const source = repository({ Dockerfile: ALL });
    for (const text of ["aaaa", "bbbb", "aaaa", "cccc"]) {
      const tree = source.checkOut({ "a.txt": text });
      utimesSync(path.join(tree.directory, "a.txt"), 1_700_000_000, 1_700_000_000);
      const built = await build(tree);
      expect(shell(built, "cat a.txt")).toEqual([text]);
    }
    // nothing is known of the files: everything counts as changed
    const tree = source.checkOut({ "a.txt": "dddd" });
    expect(shell(await build(tree, { blobs: null }), "cat a.txt")).toEqual(["dddd"]);
  }, 90_000);

  it("builds what .gitattributes makes of the same blob, though its size stays", async () => {
    const encoded = (name: string) => ({ ".gitattributes": `a.txt text working-tree-encoding=UTF-16${name}\n` });
    const source = repository({ Dockerfile: ALL, ...encoded("LE") });
    writeFileSync(source.file("a.txt"), Buffer.from("ab\n", "utf16le"));
    const bytes = "od -An -tx1 a.txt";
    expect(shell(await build(source.checkOut()), bytes)).toEqual(["61 00 62 00 0a 00"]);
    writeFileSync(source.file("a.txt"), Buffer.from("ab\n", "utf16le").swap16());
    expect(shell(await build(source.checkOut(encoded("BE"))), bytes)).toEqual(["00 61 00 62 00 0a"]);
  }, 60_000);

  it("may run while another one runs, and each has its own files", async () => {
    const source = repository({ Dockerfile: ALL, "a.txt": "0000" });
    await build(source.checkOut());
    for (const round of ["1", "2"]) {
      const [left, right] = [source.checkOut({ "a.txt": `L${round}00` }), source.checkOut({ "a.txt": `R${round}00` })];
      const built = await Promise.all([build(left), build(right)]);
      expect(built.map((image) => shell(image, "cat a.txt"))).toEqual([[`L${round}00`], [`R${round}00`]]);
      const after = [await build(left), await build(right), await build(left)];
      expect(after.map((image) => shell(image, "cat a.txt"))).toEqual([[`L${round}00`], [`R${round}00`], [`L${round}00`]]);
    }
  }, 120_000);

  it("is right after a build that was cancelled while files were sent", async () => {
    const source = repository({ Dockerfile: ALL, ...Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`f${n}.bin`, `${n % 10}`.repeat(1 << 19)])) });
    const controller = new AbortController();
    const begun = (line: { text: string }) => line.text.includes("FROM") && controller.abort();
    await expect(build(source.checkOut(), { signal: controller.signal, output: begun })).rejects.toMatchObject({ code: "cancelled" });
    const built = await build(source.checkOut({ "f7.bin": "8".repeat(1 << 19) }));
    expect(shell(built, "cat f7.bin | tr -d 8 | wc -c; ls f*.bin | wc -l; cat f*.bin | wc -c")).toEqual(["0", "40", String(40 << 19)]);
  }, 90_000);

  it("sends everything when the manifest is broken, and keeps a new one; the manifest goes with the application", async () => {
    const source = repository({ Dockerfile: ALL, "a.txt": "aaaa" });
    await build(source.checkOut());
    for (const file of manifests()) writeFileSync(file, "not what it was");
    const broken = await build(source.checkOut({ "a.txt": "bbbb" }));
    expect(broken.sent.files).toBe(3);
    expect(shell(broken, "cat a.txt")).toEqual(["bbbb"]);
    expect((await build(source.checkOut())).sent.files).toBe(0);
    const before = manifests().length;
    await engine.ports.builder.forget(source.contextKey);
    await engine.ports.builder.forget(source.contextKey);
    expect(manifests()).toHaveLength(before - 1);
    const forgotten = await build(source.checkOut({ "a.txt": "cccc" }));
    expect(shell(forgotten, "cat a.txt")).toEqual(["cccc"]);
  }, 90_000);
});

describe("what goes into a context", () => {
  it("follows .dockerignore as it is for this build", async () => {
    const source = repository({ Dockerfile: ALL, "a.txt": "a", "b.log": "1111" });
    expect(files(await build(source.checkOut()))).toEqual(["./a.txt", "./b.log"]);
    expect(files(await build(source.checkOut({ ".dockerignore": "*.log\n.dockerignore\n" })))).toEqual(["./a.txt"]);
    const back = await build(source.checkOut({ ".dockerignore": ".dockerignore\n", "b.log": "2222" }));
    expect(shell(back, "cat b.log")).toEqual(["2222"]);
  }, 60_000);

  it("may leave out the Dockerfile, and all but .dockerignore", async () => {
    const source = repository({ "deploy/Dockerfile": "FROM busybox\nCOPY a.txt /app/\n", "a.txt": "a", ".dockerignore": "deploy\n**/Dockerfile\n" });
    expect(files(await build(source.checkOut(), { dockerfile: { path: "deploy/Dockerfile" } }))).toEqual(["./a.txt"]);
    const text = "FROM busybox\nCOPY .dockerignore /app/kept\n";
    expect(shell(await build(source.checkOut(), { dockerfile: { text } }), "cat kept")).toEqual(["deploy", "**/Dockerfile"]);
    const given = await build(source.checkOut(), { dockerfile: { text: ALL } });
    expect(files(given)).toEqual(["./.dockerignore", "./a.txt"]);
  }, 60_000);

  it("has what a link in COPY leads to, also where only that is named", async () => {
    const source = repository({
      Dockerfile: "FROM busybox\nCOPY link/inner.txt /app/\nCOPY other/*.txt /app/\nADD far /app/far\n",
      "real/deep/inner.txt": "inner",
      "other/x.txt": "x",
      link: { link: "hop" },
      hop: { link: "real/deep" },
      far: { link: "real/deep/inner.txt" },
      "not-named.txt": "",
    });
    expect(shell(await build(source.checkOut()), "cat inner.txt x.txt far")).toEqual(["innerxinner"]);
  }, 60_000);

  it("may be ignored by thousands of lines, and copied by hundreds", async () => {
    const names = Array.from({ length: 300 }, (_, n) => `some-folder-with-a-long-name/file-${n}.txt`);
    const source = repository({
      Dockerfile: `FROM busybox\nCOPY ${names.join(" ")} /app/\n`,
      ".dockerignore": Array.from({ length: 5000 }, (_, n) => `nothing/of/this/name-${n}-ä\n`).join(""),
      ...Object.fromEntries(names.map((name) => [name, name])),
    });
    expect(files(await build(source.checkOut()))).toHaveLength(300);
  }, 60_000);
});
