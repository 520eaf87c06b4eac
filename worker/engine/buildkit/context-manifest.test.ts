import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTimes, freshTime, type Manifest, parseBlobs, readManifest, writeManifest } from "./context-manifest";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), "dokploy-manifest-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const ID = (digit: string) => digit.repeat(40);
const listing = (files: Record<string, string>) =>
  Buffer.from(
    Object.entries(files)
      .map(([name, digit]) => `100644 blob ${ID(digit)}\t${name}\0`)
      .join(""),
  );
const empty: Manifest = { attributes: "", latest: 0n, files: new Map() };
const NOW = 1_700_000_000_000;

/** One build: the times that its files are told with, and the manifest that is kept. */
function tell(former: Manifest, files: Record<string, string>, nowMs = NOW) {
  const times = createTimes(former, parseBlobs(listing(files)), nowMs);
  const told = Object.fromEntries(Object.keys(files).map((name) => [name, times.timeOf(name)]));
  return { told, manifest: times.told() ?? former, isKept: times.told() === null };
}

describe("the listing of git", () => {
  it("gives each file's blob, whatever its name, and leaves out what is none", () => {
    const blobs = parseBlobs(Buffer.from(`100644 blob ${ID("a")}\ta b\t\nc\0${"120000"} blob ${ID("b")}\tä/link\u0000160000 commit ${ID("c")}\tmodule\0`));
    expect([...blobs.ids]).toEqual([
      ["a b\t\nc", ID("a")],
      ["ä/link", ID("b")],
    ]);
    expect(parseBlobs(null).ids.size).toBe(0);
  });
});

describe("the times of files", () => {
  it("stay for as long as the content stays, and are later for another", () => {
    const first = tell(empty, { a: "1", b: "2" });
    const second = tell(first.manifest, { a: "1", b: "3" });
    expect(second.told.a).toBe(first.told.a);
    expect(second.told.b).toBeGreaterThan(first.told.b as bigint);
    expect(tell(second.manifest, { a: "1", b: "3" })).toMatchObject({ told: second.told, isKept: true });
  });

  it("are new for files that nothing is known of", () => {
    const times = createTimes(tell(empty, { a: "1" }).manifest, parseBlobs(null), NOW);
    expect(times.timeOf("a")).toBe(times.now);
  });

  it("are all new when what is checked out changes with .gitattributes", () => {
    const first = tell(empty, { a: "1", "sub/.gitattributes": "2" });
    const second = tell(first.manifest, { a: "1", "sub/.gitattributes": "3" });
    expect(second.told.a).toBeGreaterThan(first.told.a as bigint);
  });

  it("grow though the clock goes back", () => {
    const first = tell(empty, { a: "1" }, NOW + 5000);
    expect(tell(first.manifest, { a: "2" }, NOW).told.a).toBeGreaterThan(first.told.a as bigint);
  });

  it("never stand for two contents of a file, in whatever order builds come, fail or lose the manifest", () => {
    const build = fc.record({
      files: fc.dictionary(fc.constantFrom("a", "b", "c"), fc.constantFrom("1", "2", "3")),
      outcome: fc.constantFrom("kept", "lost", "at once"),
      clock: fc.integer({ min: -3, max: 3 }),
    });
    fc.assert(
      fc.property(fc.array(build, { maxLength: 30 }), (builds) => {
        const contents = new Map<string, string>();
        let manifest = empty;
        for (const { files, outcome, clock } of builds) {
          const { told, manifest: next } = tell(manifest, files, NOW + clock);
          for (const [name, time] of Object.entries(told)) {
            const known = contents.get(`${name} ${time}`);
            expect(known ?? files[name]).toBe(files[name]);
            contents.set(`${name} ${time}`, files[name] as string);
          }
          // what runs at once with the next has read the same manifest, and its own is overwritten
          if (outcome === "kept") manifest = next;
          if (outcome === "lost") manifest = empty;
        }
      }),
      { numRuns: 200 },
    );
  });

  it("differ between builds that begin at once", () => {
    expect(new Set(Array.from({ length: 50 }, () => freshTime(NOW))).size).toBeGreaterThan(45);
  });
});

describe("a manifest", () => {
  it("is read as it was written, and leaves nothing beside it", async () => {
    const file = path.join(folder, "whole.json.gz");
    const { manifest } = tell(empty, { __proto__x: "1", "a/ä": "2" });
    await writeManifest(file, manifest);
    expect(await readManifest(file)).toEqual(manifest);
    expect(readdirSync(folder)).toEqual(["whole.json.gz"]);
  });

  it.each([
    ["missing", null],
    ["cut off", gzipSync("{}".repeat(99)).subarray(0, 12)],
    ["no gzip", Buffer.from("{}")],
    ["no JSON", gzipSync("{")],
    ["null", gzipSync("null")],
    ["of another format", gzipSync(JSON.stringify({ format: 0, attributes: "", latest: "1", files: [] }))],
    ["with a latest time that is none", gzipSync(JSON.stringify({ format: 1, attributes: "", latest: "x", files: [] }))],
    ["with a file's time that is none", gzipSync(JSON.stringify({ format: 1, attributes: "", latest: "1", files: [["a", "b", "-"]] }))],
  ])("that is %s counts as empty", async (name, data) => {
    const file = path.join(folder, `${name}.json.gz`);
    if (data) writeFileSync(file, data);
    expect(await readManifest(file)).toEqual(empty);
  });
});
