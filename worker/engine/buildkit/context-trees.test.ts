import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Context, contextTree, dockerfileTree } from "./context-trees";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "dokploy-context-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const write = (name: string, text = "x") => {
  mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
  writeFileSync(path.join(folder, name), text);
};
const request = (more: object = {}) => ({
  directory: folder,
  dockerfile: "Dockerfile",
  dockerfileText: null,
  limits: { files: 1000, bytes: 1e9 },
  manifest: path.join(folder, "..", "no-manifest"),
  blobs: null,
  ...more,
});
const paths = ({ tree }: Pick<Context, "tree">) => [...tree.entries].map((entry) => entry.path);
async function readAll({ tree }: Pick<Context, "tree">, name: string): Promise<string> {
  const parts: Uint8Array[] = [];
  for (const entry of tree.entries) if (entry.path === name) for await (const part of tree.read(entry)) parts.push(part);
  return Buffer.concat(parts).toString("utf8");
}
/** As fsutil's ComparePath: by bytes, and a separator before all of them. */
const asEngineSorts = (names: string[]) => {
  const key = (name: string) => Buffer.from(name.replaceAll("\u0001", "\u0002").replaceAll("/", "\u0000"));
  return [...names].sort((a, b) => Buffer.compare(key(a), key(b)));
};

describe("a context", () => {
  it("lists folders first, in the engine's order, with plain modes", async () => {
    for (const name of ["b/c/d.txt", "b.txt", "b-c/x", "a.txt", "Dockerfile"]) write(name);
    chmodSync(path.join(folder, "a.txt"), 0o4755);
    const context = await contextTree(request());
    expect(paths(context)).toEqual(["Dockerfile", "a.txt", "b", "b/c", "b/c/d.txt", "b-c", "b-c/x", "b.txt"]);
    expect([...context.tree.entries].find((entry) => entry.path === "a.txt")).toMatchObject({ type: "file", mode: 0o755, bytes: 1 });
    expect(context).toMatchObject({ files: 5, bytes: 5 });
  });

  it("keeps links and does not read what they lead to", async () => {
    symlinkSync("/etc/passwd", path.join(folder, "out"));
    symlinkSync("/etc", path.join(folder, "folder"));
    expect([...(await contextTree(request())).tree.entries]).toMatchObject([
      { path: "folder", type: "symlink", target: "/etc" },
      { path: "out", type: "symlink", target: "/etc/passwd" },
    ]);
  });

  it("refuses pipes, names that are not UTF-8, too many files and too many bytes, but not what is ignored", async () => {
    write("a");
    write("b");
    await expect(contextTree(request({ limits: { files: 1, bytes: 100 } }))).rejects.toThrow("more than 1 files");
    await expect(contextTree(request({ limits: { files: 9, bytes: 1 } }))).rejects.toThrow("larger than");
    execFileSync("mkfifo", [path.join(folder, "pipe")]);
    await expect(contextTree(request())).rejects.toThrow("pipe cannot be part of a build");
    write(".dockerignore", "pipe\n");
    expect(paths(await contextTree(request()))).toEqual([".dockerignore", "a", "b"]);
    mkdirSync(Buffer.from([...Buffer.from(`${folder}/`), 0xff]));
    await expect(contextTree(request())).rejects.toThrow("is not UTF-8");
  });

  it("has a Dockerfile that is ignored, and takes its text from where it is given", async () => {
    write("deploy/Dockerfile", "FROM a");
    write(".dockerignore", "*\n");
    const dockerfile = "deploy/Dockerfile";
    expect(paths(await contextTree(request({ dockerfile })))).toEqual(["deploy", dockerfile]);
    const given = await dockerfileTree(request({ dockerfile, dockerfileText: "FROM b" }));
    expect([paths({ tree: given }), await readAll({ tree: given }, dockerfile)]).toEqual([["deploy", dockerfile], "FROM b"]);
    expect(await readAll({ tree: await dockerfileTree(request({ dockerfile })) }, dockerfile)).toBe("FROM a");
    expect(paths({ tree: await dockerfileTree(request({ dockerfile: "none" })) })).toEqual([]);
  });

  it("reads no Dockerfile from outside, and none that is longer than one can be", async () => {
    symlinkSync("/etc/passwd", path.join(folder, "Dockerfile"));
    expect(paths({ tree: await dockerfileTree(request()) })).toEqual([]);
    rmSync(path.join(folder, "Dockerfile"));
    write("Dockerfile", "#".repeat((1 << 20) + 1));
    await expect(dockerfileTree(request())).rejects.toThrow("Dockerfile is too long");
  });

  it("sends no file that changed after it was told of", async () => {
    for (const name of ["shorter", "longer", "gone", "link", "pipe"]) write(name, "0123456789");
    const context = await contextTree(request());
    truncateSync(path.join(folder, "shorter"), 5);
    write("longer", "0123456789 and more");
    for (const name of ["gone", "link", "pipe"]) rmSync(path.join(folder, name));
    symlinkSync("/etc/passwd", path.join(folder, "link"));
    execFileSync("mkfifo", [path.join(folder, "pipe")]);
    for (const name of ["shorter", "gone", "link", "pipe"]) await expect(readAll(context, name), name).rejects.toThrow(`${name} changed while it was read`);
    expect(await readAll(context, "longer")).toBe("0123456789");
  });

  it("takes any file name that a file can have, once, at its place, with its content", async () => {
    const segment = fc
      .string({ minLength: 1, maxLength: 60, unit: "grapheme" })
      .filter(
        (name) =>
          !/[/\u0000-\u0002]/.test(name) &&
          name !== "." &&
          name !== ".." &&
          name !== ".dockerignore" &&
          Buffer.byteLength(name) < 200 &&
          !/[\uFFFD\p{Surrogate}]/u.test(name),
      );
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.tuple(segment, segment), { maxLength: 8, selector: ([name]) => name }), async (names) => {
        rmSync(folder, { recursive: true });
        mkdirSync(folder);
        for (const [parent, name] of names) write(`${parent}/${name}`, name);
        const context = await contextTree(request());
        const expected = names.flatMap(([parent, name]) => [parent, `${parent}/${name}`]);
        expect(paths(context)).toEqual(asEngineSorts(expected));
        for (const [parent, name] of names) expect(await readAll(context, `${parent}/${name}`)).toBe(readFileSync(path.join(folder, parent, name), "utf8"));
      }),
      { numRuns: 60 },
    );
  });
});
