import { describe, expect, test } from "vitest";
import { detectBuild } from "./detectors";
import { dockerfileOf } from "./dockerfile";
import type { BuildPlan, Tree } from "./plan";

const treeOf = (files: Record<string, string>): Tree => ({ has: async (path) => path in files, read: async (path) => files[path] ?? null });
const detect = (files: Record<string, string>) => detectBuild(treeOf(files));
const written = async (files: Record<string, string>) => dockerfileOf((await detect(files)).plan as Exclude<BuildPlan, { kind: "dockerfile" }>);

describe("detectBuild", () => {
  test("a Dockerfile comes before everything else", async () => {
    expect(await detect({ Dockerfile: "FROM scratch", "package.json": "{}" })).toEqual({
      detector: "Dockerfile",
      plan: { kind: "dockerfile", path: "Dockerfile" },
    });
  });
  test.each([
    ["package-lock.json", "npm", "RUN npm ci"],
    ["pnpm-lock.yaml", "pnpm", "pnpm install --frozen-lockfile"],
    ["yarn.lock", "yarn", "yarn install --immutable"],
  ])("%s means %s", async (lockfile, manager, install) => {
    const files = { "package.json": '{"scripts":{"start":"node s.js","build":"tsc"}}', [lockfile]: "" };
    expect((await detect(files)).plan).toMatchObject({ kind: "node", manager, hasLockfile: true });
    const dockerfile = await written(files);
    expect(dockerfile).toContain(install);
    expect(dockerfile).toContain(`RUN ${manager} run build`);
  });
  test("the Node version is the one that the project asks for", async () => {
    expect(await written({ "package.json": '{"main":"server.js","engines":{"node":">=22"}}', "server.js": "" })).toContain("FROM node:22-slim");
    expect(await written({ "package.json": '{"main":"server.js"}', "server.js": "", ".nvmrc": "v18.2.0\n" })).toContain("FROM node:18-slim");
  });
  test("a static site is served from the folder that has index.html", async () => {
    expect(await written({ "public/index.html": "<p>" })).toContain('COPY ["public/","/site/"]');
    expect(await written({ "index.html": "<p>" })).toContain('COPY [".","/site/"]');
  });
  test("no way to start is an error with the fix", async () => {
    await expect(detect({ "package.json": "{}" })).rejects.toMatchObject({ code: "no_detector", explanation: { fix: expect.stringContaining("start") } });
    await expect(detect({ "package.json": "{" })).rejects.toMatchObject({ explanation: { what: "package.json is not valid JSON." } });
    await expect(detect({})).rejects.toMatchObject({ code: "no_detector" });
  });
  test("a main file with a shell's characters is not run", async () => {
    await expect(detect({ "package.json": '{"main":"x\\" ]; RUN id"}', 'x" ]; RUN id': "" })).rejects.toMatchObject({ code: "no_detector" });
  });
});
