import protobuf from "protobufjs";
import { describe, expect, it } from "vitest";
import { buildError, editDistance, withoutFrontend } from "./build-errors";
import { contextFilter, parseIgnoreFile } from "./ignore-file";
import { createVertexTable, decodeTrace } from "./trace";

describe(".dockerignore", () => {
  const takes = (text: string, file: string) => contextFilter(parseIgnoreFile(text), ["Dockerfile"]).takes(file);
  it.each([
    ["node_modules", "node_modules/a/b.js", false],
    ["node_modules", "sub/node_modules/b.js", true],
    ["**/node_modules", "sub/node_modules/b.js", false],
    ["*.log", "a.log", false],
    ["*.log", "sub/a.log", true],
    ["# *.log", "a.log", true],
    ["/a/", "a/b", false],
    ["*\n!keep", "keep/x", true],
    ["*\n!keep\nkeep/secret", "keep/secret", false],
    ["*", "Dockerfile", true],
    ["docs\n!docs/README.md", "docs/README.md", true],
    ["docs\n!docs/README.md", "docs/other.md", false],
    ["A.txt", "a.txt", true],
  ])("%j and %s", (text, file, expected) => expect(takes(text, file)).toBe(expected));
  it("enters an ignored folder only for an exception below it", () => {
    const filter = contextFilter(parseIgnoreFile("*\n!a/b\n"), ["deploy/Dockerfile"]);
    expect(["a", "a/b", "deploy", "node_modules"].map(filter.enters)).toEqual([true, true, true, false]);
  });
});

describe("the trace", () => {
  const root = protobuf
    .parse(
      `syntax = "proto3"; message T { int64 seconds = 1; int32 nanos = 2; }
     message V { string digest = 1; string name = 3; bool cached = 4; T started = 5; T completed = 6; string error = 7; }
     message L { string vertex = 1; T timestamp = 2; int64 stream = 3; bytes msg = 4; }
     message S { repeated V vertexes = 1; repeated L logs = 3; }`,
      { keepCase: true },
    )
    .root.lookupType("S");
  it("is decoded to microseconds and bytes", () => {
    const data = Buffer.from(
      root
        .encode(
          root.fromObject({
            vertexes: [{ digest: "d", name: "n", started: { seconds: 5, nanos: 1500 } }],
            logs: [{ vertex: "d", stream: 2, timestamp: { seconds: 6 }, msg: Buffer.from([255, 10]) }],
          }),
        )
        .finish(),
    );
    expect(decodeTrace(data)).toEqual({
      vertices: [{ digest: "d", name: "n", cached: false, startedAt: 5_000_001, finishedAt: null, error: null }],
      logs: [{ vertex: "d", stream: "stderr", at: 6_000_000, data: Buffer.from([255, 10]) }],
      warnings: [],
    });
  });
  it("puts the states of a vertex together", () => {
    const table = createVertexTable();
    const vertex = { digest: "d", name: "n", cached: false, startedAt: null, finishedAt: null, error: null };
    expect(table.add([vertex])).toEqual([]);
    expect(table.add([{ ...vertex, startedAt: 5 }])).toHaveLength(1);
    table.add([{ ...vertex, startedAt: 5, finishedAt: 6 }]);
    expect(table.add([{ ...vertex, startedAt: 7 }])).toEqual([]);
    table.add([{ ...vertex, startedAt: 7, finishedAt: 9, error: "bad" }]);
    expect(table.finished()).toEqual([{ digest: "d", name: "n", cached: false, startedAt: 5, finishedAt: 9, error: "bad" }]);
  });
});

describe("why a build failed", () => {
  const context = { vertex: "[2/3] COPY x y", lastLines: ["last"] };
  it.each([
    [
      "failed to solve with frontend dockerfile.v0: failed to create LLB definition: dockerfile parse error line 3: unknown instruction: COPPY",
      "dockerfile_invalid",
      /Line 3/,
    ],
    ["dockerfile parse error on line 1: unknown flag: x", "dockerfile_invalid", /Line 1/],
    ['failed to solve: process "/bin/sh -c npm ci" did not complete successfully: exit code: 1', "build_failed", /`npm ci` ended with exit code 1/],
    ["executor failed running [/bin/sh -c npm run build]: exit code: 137", "build_failed", /137/],
    ['failed to do request: Head "https://registry-1.docker.io/v2/library/nope/manifests/9": dial tcp: no such host', "image_not_found", /base image nope:9/],
    ["docker.io/library/nope:9: not found", "image_not_found", /base image nope:9/],
    ["pull access denied, repository does not exist or may require authorization", "image_not_found", /base image/],
    ['failed to compute cache key: "/dist" not found: not found', "build_failed", /dist is not in the build context/],
    ["context canceled", "cancelled", /cancelled/],
    ["write /x: no space left on device", "build_failed", /disk is full/],
    ["something else", "build_failed", /The build failed/],
  ])("%j", (message, code, what) => {
    const error = buildError(message, context);
    expect(error.code).toBe(code);
    expect(error.explanation.what).toMatch(what);
  });
  it("suggests the instruction that was meant", () => {
    expect(editDistance("RUNN", "RUN")).toBe(1);
    expect(buildError("dockerfile parse error line 1: unknown instruction: FORM", context).explanation.fix).toBe("Did you mean FROM?");
  });
  it("takes Docker's own frontend out of a Dockerfile, and no other", () => {
    expect(withoutFrontend("# syntax=docker/dockerfile:1.7-labs\nFROM a\n")).toBe("# frontend docker/dockerfile:1.7-labs\nFROM a\n");
    expect(withoutFrontend("# escape=`\n# syntax = docker/dockerfile\nFROM a\n")).toBe("# escape=`\n# frontend docker/dockerfile\nFROM a\n");
    expect(withoutFrontend("FROM a\n# syntax=docker/dockerfile:1\n")).toBeNull();
    expect(withoutFrontend("# syntax=example.com/other:1\nFROM a\n")).toBeNull();
  });
});
