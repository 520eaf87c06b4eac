import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { limitBuilds } from "../../../worker/engine/buildkit/build-resources";
import type { DeployError } from "../../../worker/errors";
import type { BuildRequest, BuildVertex } from "../../../worker/ports";
import { openTestEngine, type TestEngine } from "../../support/engine-fixture";

let engine: TestEngine;
let count = 0;
beforeAll(async () => {
  engine = await openTestEngine();
}, 120_000);
afterAll(() => engine.close(), 60_000);

async function context(files: Record<string, string>): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), "dokploy-context-"));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(directory, name)), { recursive: true });
    await writeFile(path.join(directory, name), text);
  }
  return directory;
}

type Outcome = { lines: string[]; vertices: BuildVertex[] };
async function build(directory: string, more: Partial<BuildRequest> = {}) {
  count += 1;
  const outcome: Outcome = { lines: [], vertices: [] };
  const result = await engine.ports.builder.build({
    id: `${engine.homeId}-${count}`,
    directory,
    contextKey: `key-${count}`,
    blobs: null,
    dockerfile: { path: "Dockerfile" },
    args: {},
    secrets: {},
    labels: { "dokploy.home": engine.homeId },
    tag: `${engine.homeId}:${count}`,
    noCache: false,
    signal: new AbortController().signal,
    output: (line) => outcome.lines.push(line.text),
    onVertex: (vertex) => outcome.vertices.push(vertex),
    ...more,
  });
  return { ...result, ...outcome };
}
async function failure(directory: string, more: Partial<BuildRequest> = {}): Promise<DeployError> {
  return build(directory, more).then(
    () => Promise.reject(new Error("the build succeeded")),
    (error: DeployError) => error,
  );
}
const read = (image: string, ...command: string[]) =>
  execFileSync("docker", ["--host", engine.dockerHost, "run", "--rm", image, ...command], {
    encoding: "utf8",
    env: { PATH: process.env.PATH, DOCKER_API_VERSION: "1.41" } as unknown as NodeJS.ProcessEnv,
  });

describe("a build", () => {
  it("answers the image, its vertices and its output", async () => {
    const directory = await context({
      Dockerfile: "FROM busybox\nARG WORD\nCOPY . /app\nRUN echo built $WORD $(cat /app/a.txt); echo aside >&2\n",
      "a.txt": engine.homeId,
    });
    const built = await build(directory, { args: { WORD: "well" } });
    expect(built.imageId).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(built.contextFiles).toBe(2);
    expect(built.lines).toContain(`built well ${engine.homeId}`);
    expect(built.lines).toContain("aside");
    expect(built.vertices.some((vertex) => vertex.name.includes("RUN echo"))).toBe(true);
    for (const vertex of built.vertices) expect(vertex.finishedAt).toBeGreaterThanOrEqual(vertex.startedAt);
    expect(read(built.imageId, "cat", "/app/a.txt")).toBe(engine.homeId);
  }, 60_000);

  it("takes unchanged files from the cache, also from another checkout of them", async () => {
    const files = { Dockerfile: "FROM busybox\nCOPY . /app\nRUN cat /app/a.txt\n", "a.txt": `${engine.homeId}` };
    await build(await context(files));
    const second = await build(await context(files));
    expect(second.vertices.filter((vertex) => /COPY|RUN/.test(vertex.name)).every((vertex) => vertex.cached)).toBe(true);
    const third = await build(await context(files), { noCache: true });
    expect(third.vertices.filter((vertex) => /RUN/.test(vertex.name)).some((vertex) => vertex.cached)).toBe(false);
  }, 60_000);

  it("takes a Dockerfile given as text, a target and labels", async () => {
    const directory = await context({ "a.txt": "x" });
    const built = await build(directory, {
      dockerfile: { text: "FROM busybox AS first\nRUN touch /first\nFROM first AS second\nRUN touch /second\n" },
      target: "first",
      labels: { "dokploy.home": engine.homeId, colour: "blue" },
    });
    expect(read(built.imageId, "ls", "/")).not.toContain("second");
    const image = await engine.ports.docker.getImage(built.imageId).inspect();
    expect(image.Config.Labels).toMatchObject({ colour: "blue" });
  }, 60_000);

  it("leaves out what .dockerignore names, the Dockerfile's own file first", async () => {
    const files = {
      Dockerfile: "FROM busybox\nCOPY . /app\n",
      "keep/b.txt": "b",
      "keep/c.log": "c",
      "node_modules/x/index.js": "",
      ".dockerignore": "node_modules\n**/*.log\n!keep/c.log\n",
    };
    const list = (image: string) => read(image, "find", "/app", "-type", "f").trim().split("\n").sort();
    expect(list((await build(await context(files))).imageId)).toEqual(["/app/.dockerignore", "/app/Dockerfile", "/app/keep/b.txt", "/app/keep/c.log"]);
    const own = await build(await context({ ...files, "Dockerfile.dockerignore": "*\n!keep\n" }));
    expect(list(own.imageId)).toEqual(["/app/Dockerfile", "/app/keep/b.txt", "/app/keep/c.log"]);
  }, 60_000);

  it("keeps links as links, and never reads what they lead to", async () => {
    const directory = await context({ Dockerfile: "FROM busybox\nCOPY . /app\n" });
    await symlink("/etc/shadow", path.join(directory, "out"));
    const built = await build(directory);
    expect(read(built.imageId, "readlink", "/app/out").trim()).toBe("/etc/shadow");
  }, 60_000);

  it("shows secrets to a step that mounts them, and to nothing else", async () => {
    const secret = `s3cret-${engine.homeId}`;
    const directory = await context({
      Dockerfile: "FROM busybox\nARG HOME_ID\nRUN --mount=type=secret,id=TOKEN cat /run/secrets/TOKEN | md5sum > /sum && cat /run/secrets/TOKEN\n",
    });
    const built = await build(directory, { secrets: { TOKEN: secret }, noCache: true });
    expect(built.lines.join("\n")).not.toContain(secret);
    expect(built.lines).toContain("[redacted]");
    const history = (await engine.ports.docker.getImage(built.imageId).history()) as object;
    expect(JSON.stringify([history, await engine.ports.docker.getImage(built.imageId).inspect()])).not.toContain(secret);
    expect(read(built.imageId, "cat", "/sum")).toMatch(/^[0-9a-f]{32}/);
  }, 60_000);
});

describe("a build that fails", () => {
  it("is killed above the memory that builds may use, and says so", async () => {
    const MOST = 1.5 * 1024 ** 3;
    const hungry = "FROM node:20-slim\nRUN node -e 'const kept = []; for (;;) kept.push(Buffer.alloc(64 * 1024 * 1024, 1));'\n";
    try {
      await limitBuilds({ memoryBytes: MOST, cpus: 0 });
      const error = await failure(await context({ Dockerfile: hungry }));
      expect(error.code).toBe("build_failed");
      expect(error.explanation.fix).toContain("memory ran out");
    } finally {
      await limitBuilds({ memoryBytes: 0, cpus: 0 });
    }
  });

  it("names the wrong line of the Dockerfile and what was meant", async () => {
    const error = await failure(await context({ Dockerfile: "FROM busybox\nRUNN echo\n" }));
    expect(error.code).toBe("dockerfile_invalid");
    expect(error.explanation).toMatchObject({ what: "Line 2 of the Dockerfile is wrong", fix: "Did you mean RUN?" });
  }, 60_000);

  it("names the command that failed, its exit code and its last lines", async () => {
    const error = await failure(await context({ Dockerfile: "FROM busybox\nRUN echo begin && echo the reason >&2 && exit 7\n" }));
    expect(error.code).toBe("build_failed");
    expect(error.explanation.what).toBe("`echo begin && echo the reason >&2 && exit 7` ended with exit code 7");
    expect([...error.lastLines].sort()).toEqual(["begin", "the reason"]); // two pipes: their order is not certain
  }, 60_000);

  it("reads a Dockerfile by the engine's own frontend where the named one cannot be fetched", async () => {
    const built = await build(await context({ Dockerfile: "# syntax=docker/dockerfile:1\nFROM busybox\nRUN --mount=type=cache,target=/c true\n" }));
    expect(built.imageId).toMatch(/^sha256:/);
  }, 90_000);

  it("says which base image is missing", async () => {
    const error = await failure(await context({ Dockerfile: "FROM nothing-of-this-name:9\n" }));
    expect(error.code).toBe("image_not_found");
    expect(error.explanation.what).toBe("The base image nothing-of-this-name:9 was not found");
  }, 90_000);

  it("says what COPY did not find, which stage or Dockerfile is not there, and which secret is not set", async () => {
    expect((await failure(await context({ Dockerfile: "FROM busybox\nCOPY dist /app\n" }))).explanation.what).toBe("dist is not in the build context");
    expect((await failure(await context({ Dockerfile: "FROM busybox\n" }), { target: "none" })).explanation.what).toBe("The Dockerfile has no stage none");
    expect((await failure(await context({ "a.txt": "" }))).code).toBe("dockerfile_invalid");
    expect((await failure(await context({ Dockerfile: "" }))).code).toBe("dockerfile_invalid");
    const error = await failure(await context({ Dockerfile: "FROM busybox\nRUN --mount=type=secret,id=NONE,required=true true\n" }));
    expect(error.explanation.what).toBe("The build secret NONE is not set");
  }, 60_000);

  it("refuses sockets and contexts above the limits", async () => {
    const directory = await context({ Dockerfile: "FROM busybox\n" });
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(path.join(directory, "a.sock"), resolve));
    expect((await failure(directory)).code).toBe("context_refused");
    await writeFile(path.join(directory, ".dockerignore"), "*.sock\n");
    await build(directory);
    await new Promise((resolve) => server.close(resolve));
  }, 60_000);

  it("ends on abort, and leaves another build alone", async () => {
    const controller = new AbortController();
    const other = build(await context({ Dockerfile: `FROM busybox\nRUN sleep 3; echo other ${engine.homeId}\n` }));
    const error = await failure(await context({ Dockerfile: `FROM busybox\nRUN echo begun ${engine.homeId}; sleep 100\n` }), {
      signal: controller.signal,
      output: (line) => {
        if (line.text.startsWith("begun")) controller.abort();
      },
    });
    expect(error.code).toBe("cancelled");
    expect((await other).lines).toContain(`other ${engine.homeId}`);
  }, 60_000);
});
